"""Scripts that no other test runs as a whole: every name of the package that they use exists.

A renamed function breaks a script that is seldom run. So names, attributes and arguments are looked up
without a run. Code in texts, for other processes, is checked too.
"""

import ast
import contextlib
import functools
import importlib
import inspect
from pathlib import Path

import pytest

import imfilter
from tests.looping import loop_over

ROOT = Path(__file__).parents[2]
FOLDERS = "benchmarks", "samples", "docs", "docs/images"
SCRIPTS = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py"))]
#: Packages of this repository. Only the first is imported: the others may need libraries that are missing.
OURS = "imfilter", "benchmarks", "tests"


@functools.cache
def names_of(module):
    """The names that a module of `benchmarks` or `tests` has, from its text; None: it does not exist."""
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not path.exists():
        return None
    bound = {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)}
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return bound | {other.stem for other in path.parent.glob("*.py")} if path.stem == "__init__" else bound


@functools.cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def member(module, name):
    """What a module of the package has under a name, or under that of a module within."""
    try:
        return getattr(module, name)
    except AttributeError:
        return importlib.import_module(f"{module.__name__}.{name}")


def imported(node):
    """Yield the names that an import binds, with what they are; None: not an object of the package."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] == "imfilter":
                made = importlib.import_module(alias.name)
                yield alias.asname or "imfilter", made if alias.asname else imfilter
        return
    source = node.module or ""
    if node.level or source.split(".")[0] not in OURS:
        return
    for alias in node.names:
        if source.split(".")[0] == "imfilter":
            yield alias.asname or alias.name, member(importlib.import_module(source), alias.name)
        else:
            whole = f"{source}.{alias.name}"
            known = names_of(source)
            if known is None or (alias.name not in known and names_of(whole) is None):
                raise ImportError(f"no {alias.name} in {source}")
            yield alias.asname or alias.name, whole if names_of(whole) is not None else None


def texts(script):
    """Yield the script and the code in its texts."""
    yield script
    for node in ast.walk(script):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "import" in node.value:
            try:
                inner = ast.parse(node.value)
            except SyntaxError:
                continue
            if any(isinstance(part, (ast.Import, ast.ImportFrom)) for part in inner.body):
                yield inner


def resolved(node, bound):
    """The object that a name or an attribute means, or None. An attribute that does not exist is an error."""
    if isinstance(node, ast.Name):
        return bound.get(node.id)
    if not isinstance(node, ast.Attribute):
        return None
    owner = resolved(node.value, bound)
    if isinstance(owner, str):
        assert node.attr in names_of(owner), f"line {node.lineno}: no {node.attr} in {owner}"
    if not inspect.ismodule(owner):
        return None
    return member(owner, node.attr)


def problems(script):
    """Yield what the script names and the package does not have."""
    bound = {}
    for node in ast.walk(script):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            try:
                bound |= dict(imported(node))
            except (ImportError, AttributeError) as error:
                yield f"line {node.lineno}: {error}"
    for node in ast.walk(script):  # a name that is bound again may be anything
        if isinstance(node, (ast.arg, ast.Name)) and not isinstance(getattr(node, "ctx", None), ast.Load):
            bound.pop(node.arg if isinstance(node, ast.arg) else node.id, None)
    for node in ast.walk(script):
        try:
            if isinstance(node, ast.Attribute):
                resolved(node, bound)
        except (ImportError, AttributeError, AssertionError) as error:
            yield f"line {node.lineno}: {error}"
    for node in ast.walk(script):
        if isinstance(node, ast.Call):
            with contextlib.suppress(ImportError, AttributeError, AssertionError):  # told above
                yield from wrong_arguments(resolved(node.func, bound), node)


def wrong_arguments(function, call):
    """Yield the arguments of a call that a function of the package does not have."""
    if not inspect.isfunction(function):
        return
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return
    known = {p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY}
    for keyword in call.keywords:
        if keyword.arg is not None and keyword.arg not in known:
            yield f"line {call.lineno}: {function.__name__} has no argument {keyword.arg}"


@pytest.mark.slow  # it imports most of the package
@loop_over("path", SCRIPTS)
def test_the_names_of_a_script_exist(path):
    assert [problem for code in texts(tree(path)) for problem in problems(code)] == []


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import imfilter\nimfilter.gausian(1)", "gausian"),
        ("from imfilter._base import padding\npadding.resolved", "resolved"),
        ("from imfilter._cli import strips\nstrips.count_bands(1, 2, threats=3)", "threats"),
        ("from imfilter._cli.strips import count", "count"),
        ("from benchmarks import measure\nmeasure.race\nmeasure.rase", "rase"),
        ("from benchmarks import no_such", "no_such"),
        ("from tests.peers.cases import CASE", "CASE"),
        ("CODE = '''\nfrom imfilter._files import bands\nbands.openned\n'''", "openned"),
    ],
)
def test_a_wrong_name_is_found(code, told):
    (problem,) = [problem for part in texts(ast.parse(code)) for problem in problems(part)]
    assert told in problem


#: Scripts with options.
OPTIONS = [
    path.stem for path in SCRIPTS if path.parent.name == "benchmarks" and "argparse" in path.read_text()
]


@pytest.mark.slow  # it imports other libraries
@loop_over("name", OPTIONS)
def test_a_script_says_its_options(name, monkeypatch, capsys):
    """It is imported as a whole, and so are its tables of rows."""
    try:
        script = importlib.import_module(f"benchmarks.{name}")
    except ModuleNotFoundError as error:
        if str(error.name).split(".")[0] in OURS:
            raise
        pytest.skip(f"{error.name} is not installed")
    monkeypatch.setattr("sys.argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        script.main() if hasattr(script, "main") else script.arguments()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: ")
