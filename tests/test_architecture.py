"""The house: which module may import which, where Numba is called, and how long a file may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "imfilter"
SOURCES = sorted(PACKAGE.rglob("*.py"))
OTHERS = [p for folder in ("tests", "benchmarks", "samples") for p in sorted((ROOT / folder).glob("*.py"))]
# The compiler is the ground: kernels are decorated with it, and it imports nothing of the package.
COMPILER = "imfilter._core.jit"
FLOORS = {"_kernels": 0, "_core": 1}  # everything else lives above


def floor(module):
    """How high a module of the package lives; None for modules of others."""
    parts = module.split(".")
    if parts[0] != "imfilter":
        return None
    return FLOORS.get(parts[1], 2) if len(parts) > 1 else 2


def imports(path):
    """Modules named by the import statements of a file, absolute; names imported from a package too."""
    package = ["imfilter", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join(base + (node.module.split(".") if node.module else []))
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_only(path):
    inside = ".".join(["imfilter", *path.relative_to(PACKAGE).with_suffix("").parts])
    for module in imports(path):
        other = floor(module)
        if module.startswith(COMPILER) and floor(inside) == 0:
            continue
        assert other is None or other <= floor(inside), f"{inside} imports {module}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_numba_compiles_in_one_place(path):
    if path == PACKAGE / "_core" / "jit.py":
        return
    words = {"njit", "jit", "vectorize", "guvectorize", "stencil", "cfunc", "prange"}
    for module in imports(path):
        if module.startswith("numba."):
            assert module.rpartition(".")[2] not in words, f"{path.name} imports {module}"
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in ("numba", "nb")
        ):
            assert node.attr not in words, f"{path.name}:{node.lineno}"
        if isinstance(node, ast.keyword) and node.arg in ("parallel", "fastmath"):
            value = getattr(node.value, "value", None)
            assert value is not True, f"{path.name}:{node.value.lineno}: {node.arg}=True"


@pytest.mark.parametrize("path", [*SOURCES, *OTHERS], ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_short_and_say_what_they_are(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    assert ast.get_docstring(ast.parse(text)), "no docstring"


def test_the_compiler_stands_on_nothing():
    assert not [m for m in imports(PACKAGE / "_core" / "jit.py") if floor(m) is not None]
    assert not [m for m in imports(PACKAGE / "_core" / "__init__.py") if floor(m) is not None]


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


def test_kernels_alone_need_nothing_above_them():
    loaded = loaded_after("import imfilter._kernels")
    assert not [m for m in loaded if m.startswith("imfilter.") and not m.startswith("imfilter._kernels")]


def test_direct_filters_do_without_scipy():
    """SciPy's transforms take longer to import than most images to filter. (Numba itself imports `scipy`.)"""
    loaded = loaded_after(
        "import imfilter; imfilter.sobel([[0.0, 1.0], [2.0, 3.0]]); imfilter.box([1.0, 2.0], 3)"
    )
    assert "numba" in loaded
    assert "scipy.fft" not in loaded
    assert "scipy.ndimage" not in loaded
