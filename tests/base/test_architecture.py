"""The house: which module may import which, where Numba is called, and how long a file may be."""

import ast
import functools
import subprocess
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "imfilter"
SOURCES = sorted(PACKAGE.rglob("*.py"))
OTHERS = [p for folder in ("tests", "benchmarks", "samples") for p in sorted((ROOT / folder).rglob("*.py"))]
#: The families that a family may import besides itself. There is no circle.
FAMILIES = {
    "linear": set(),
    "rank": set(),
    "morphology": {"rank"},
    "local": set(),
    "orientation": {"linear", "local"},
    "pooling": {"rank"},
    "resampling": {"pooling"},
    "detection": set(),
    "contrast": set(),
    "restoration": set(),
    "canny": set(),
    "denoise": set(),
    "corners": set(),
    "hog": set(),
    "color": set(),
    "series": {"generic", "rank"},
    "layers": set(),
    "learn": set(),
    "threshold": {"local"},
    "edge_preserving": {"linear", "local"},
    "show": {"linear"},
    "generic": set(),
    "ordered": set(),
}


#: The folders of the package with rules of their own, beside the families.
FOLDERS = ("_simd", "_base", "_files", "_cli", "_play")


def area(module):
    """The part of the package with a rule of its own that a module belongs to; None for other packages."""
    parts = module.split(".")
    if parts[0] != "imfilter":
        return None
    if len(parts) > 2 and parts[1] == "_filters" and parts[2] in FAMILIES:
        return f"{parts[2]}/kernels" if parts[3:4] == ["kernels"] else parts[2]
    return parts[1] if len(parts) > 1 and parts[1] in FOLDERS else "public"


def allowed(inside, other):
    """Whether a module of one part may import one of another part."""
    if inside == "_simd" or inside.endswith("/kernels"):
        return other in ("_simd", inside)
    if inside == "_base":
        return other in ("_simd", "_base")
    if inside in FAMILIES:
        return other in ("_simd", "_base", inside, f"{inside}/kernels", *FAMILIES[inside])
    if other == "_play":  # only the command starts the playground
        return inside in ("_play", "public")
    return not other.endswith("/kernels")


def name_of(path):
    """The module that a file is."""
    return ".".join(["imfilter", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")


@functools.cache
def parsed(path):
    """The module node of a file."""
    return ast.parse(path.read_text())


@functools.cache
def imports(path):
    """Modules named by the import statements of a file, absolute; names imported from a package too."""
    package, found = ["imfilter", *path.relative_to(PACKAGE).parent.parts], []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join(base + (node.module.split(".") if node.module else []))
            found += [f"{module}.{alias.name}" for alias in node.names]
    return found


# Each rule is one test over all files, not one test for each file: pytest needs more time for a test than
# most rules need for a file.


def test_modules_import_what_they_may():
    pairs = [(name_of(path), module) for path in SOURCES for module in imports(path)]
    assert not [
        f"{name} imports {module}"
        for name, module in pairs
        if area(module) is not None and not allowed(area(name), area(module))
    ]


def test_no_circle():
    modules = {name_of(path) for path in SOURCES}
    edges = {name_of(path): set() for path in SOURCES}
    for path in SOURCES:
        for module in imports(path):
            while module and module not in modules:
                module = module.rpartition(".")[0]
            if module not in ("", "imfilter", name_of(path)):
                edges[name_of(path)].add(module)
    while free := [
        name for name, others in edges.items() if not others
    ]:  # those that import nothing that is left
        edges = {name: others - set(free) for name, others in edges.items() if name not in free}
    assert not edges


def test_every_family_is_known():
    folders = {p.name for p in (PACKAGE / "_filters").iterdir() if (p / "__init__.py").exists()}
    assert folders == set(FAMILIES)
    done = set()
    while more := {name for name, others in FAMILIES.items() if name not in done and others <= done}:
        done |= more
    assert done == set(FAMILIES), "the table has a circle"


def test_packages_say_what_lives_there():
    for path in SOURCES:
        if path.name == "__init__.py":
            text = ast.get_docstring(parsed(path))
            assert text, path
            assert area(name_of(path)) == "public" or len(text.splitlines()) <= 6, path


def test_numba_compiles_in_one_place():
    words = {"njit", "jit", "vectorize", "guvectorize", "stencil", "cfunc", "prange"}
    found = []
    for path in SOURCES:
        if path == PACKAGE / "_simd" / "compiler.py":
            continue
        modules = [module for module in imports(path) if module.startswith("numba.")]
        found += [f"{path} imports {module}" for module in modules if module.rpartition(".")[2] in words]
        for node in ast.walk(parsed(path)):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in ("numba", "nb")
                and node.attr in words
            ):
                found.append(f"{path}:{node.lineno}: {node.attr}")
            if (
                isinstance(node, ast.keyword)
                and node.arg in ("parallel", "fastmath")
                and getattr(node.value, "value", None) is True
            ):
                found.append(f"{path}:{node.value.lineno}: {node.arg}=True")
    assert not found


def docstring(path):
    """The docstring of a file. Only its first token is read. To parse all tests takes three seconds."""
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.STRING:
                return ast.literal_eval(token.string)
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                return None
    return None


def test_files_are_short_and_say_what_they_are():
    files = [*SOURCES, *OTHERS]
    assert not [path for path in files if len(path.read_text().splitlines()) > 400], "files are too long"
    assert not [path for path in files if not docstring(path)], "files have no docstring"


def test_there_are_sources():
    assert len(SOURCES) > 10


def loaded_after(code):
    """Names of the modules in memory after running `code` in a fresh interpreter."""
    code += "\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_the_package_is_light():
    loaded = loaded_after("import imfilter; dir(imfilter); imfilter.__all__; imfilter.__version__")
    for heavy in ("numba", "llvmlite", "scipy", "PIL", "tifffile", "concurrent.futures"):
        assert heavy not in loaded


def test_vectors_alone_need_nothing_above_them():
    loaded = loaded_after("import imfilter._simd.vector")
    assert not [m for m in loaded if m.startswith("imfilter.") and not m.startswith("imfilter._simd")]


def test_direct_filters_do_without_scipy():
    """SciPy's transforms take longer to import than most images to filter."""
    loaded = loaded_after(
        "import imfilter; imfilter.sobel([[0.0, 1.0], [2.0, 3.0]]); imfilter.box([1.0, 2.0], 3)"
    )
    assert "llvmlite" in loaded
    assert "scipy.fft" not in loaded
    assert "scipy.ndimage" not in loaded


#: Words that the package no longer uses for things of its own.
RETIRED = {
    *("Again", "Chain", "Deal", "Mending", "Part", "Side", "There", "Ticker", "Tickers", "after_ticks"),
    *("comb", "deal", "deals", "dealt", "deal_line", "dealt_line", "dealing", "elsewhere"),
    *("doubt", "hold", "joins", "keeps", "look_ahead", "mend", "moments", "reserve", "room", "shelf"),
    *("spill", "strange", "trusting", "watched", "without_samples", "_settle"),
}


def test_retired_names_stay_away():
    found = {}
    for path in SOURCES:
        with path.open("rb") as file:
            names = {
                token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.NAME
            }
        if names & RETIRED:
            found[path] = names & RETIRED
    assert not found
