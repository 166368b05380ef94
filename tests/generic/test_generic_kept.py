"""The digest of a function of a user: what its code on disk depends on."""

import os

import numba
import numpy as np
import pytest

import imfilter
from imfilter._filters.generic import dependencies
from imfilter._simd import code_files
from tests.generic.users import SOURCE, module
from tests.looping import loop_over

FUNCTIONS = [
    *("with_global", "with_table", "with_pair", "with_call", "with_default", "with_numpy", "with_inner"),
    *("with_set", "raising", "closed", "whole", "helper"),
]


def digests(names):
    return {name: dependencies.digest(names[name], (numba.float64,), 9, 1) for name in FUNCTIONS}


def test_the_same_source_has_the_same_digests_and_no_two_functions_share_one():
    first = digests(module())
    assert None not in first.values()
    assert len(set(first.values())) == len(first)
    assert digests(module()) == first
    for name, function in module().items():  # calls change the bytecode that the interpreter runs
        if name in ("with_global", "with_inner", "closed"):
            for _ in range(100):
                function(np.ones(3))
            assert digests(module() | {name: function}) == first


CHANGES = [
    ("LIMIT = 2.0", "LIMIT = 2.5", "with_global with_inner with_call helper"),
    ("LIMIT = 2.0", "LIMIT = 2", "with_global with_inner with_call helper"),
    ("[1.0, 2.0, 3.0])", "[1.0, 2.0, 4.0])", "with_table"),
    ("[1.0, 2.0, 3.0])", "[1.0, 2.0, 3.0], np.float32)", "with_table"),
    ("[1.0, 2.0, 3.0])", "[1.0, 0, 2.0, 0, 3.0])[::2]", "with_table"),
    ('(2.5, "a")', "(2.5, b'a')", "with_pair"),
    ("v * 3.0", "v * 3.5", "with_call helper"),
    ("+ 1.0", "+ -1.0", "with_call helper"),
    ("@numba.njit\ndef helper", "@numba.njit(fastmath=True)\ndef helper", "with_call helper"),
    ("factor=2.0", "factor=3.0", "with_default"),
    ("make(2.0)", "make(2.5)", "closed"),
    ("make(2)", "make(True)", "whole"),
    ("math.sqrt(2.0)", "math.sqrt(0.0)", "with_numpy"),
    ("math.sqrt", "math.exp", "with_numpy"),
    ("np.sort(w)", "sorted(w)", "with_numpy"),
    ("(1.0, 2.0, 3.0)", "(1.0, 3.0, 2.0)", "with_set"),
    ("abs(w[1])", "float(w[1])", "with_set"),
    ("LIMIT = 2.0", "LIMIT = 2.0\ndef abs(v): return 1.0", "with_set raising"),
    ("def raising", "\n\ndef raising", "raising"),  # tracebacks name the line
    ("w[0] < 0", "w[0] <= 0", "raising"),
]


@loop_over(("old", "new", "changed"), CHANGES)
@pytest.mark.slow
def test_what_a_function_depends_on_changes_its_digest(old, new, changed):
    assert old in SOURCE
    before, after = digests(module()), digests(module(SOURCE.replace(old, new)))
    assert [name for name in FUNCTIONS if before[name] != after[name]] == [
        name for name in FUNCTIONS if name in changed.split()
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIMIT", [1.0]),
        ("LIMIT", {1: 2.0}),
        ("LIMIT", object()),
        ("LIMIT", os),
        ("LIMIT", np.random.default_rng()),
        ("LIMIT", np.zeros(dependencies.LARGEST // 8 + 1)),
        ("LIMIT", np.array([object()])),
        ("LIMIT", np.zeros(2).view(type("Own", (np.ndarray,), {}))),
        ("LIMIT", type("Float", (float,), {})(2.0)),
        ("LIMIT", lambda v: v),  # Numba calls it only if an extension defines it
        ("LIMIT", numba.njit(lambda v: LISTED[0])),
        ("LIMIT", np.random.RandomState(1).rand),
        ("LIMIT", numba.vectorize(lambda v: v)),
        ("LIMIT", np.frompyfunc(abs, 1, 1)),
        ("abs", type("Abs", (), {})),
    ],
)
def test_what_has_no_lasting_key_has_no_digest(name, value):
    names = module()
    names[name] = value
    reader = names["with_set" if name == "abs" else "with_global"]
    assert dependencies.digest(reader, (), 9, 1) is None
    assert dependencies.digest(names["with_table"], (), 9, 1) is not None


LISTED = [1.0]


def test_a_list_an_import_and_an_empty_closure_have_no_digest():
    assert dependencies.digest(module()["with_list"], (), 9) is None

    def imports(w):
        import math

        return math.sqrt(w[0])

    def early(w):
        return w[0] * later

    assert dependencies.digest(imports, ()) is None
    assert dependencies.digest(lambda w: np.random.rand(), ()) is None  # noqa: NPY002
    assert dependencies.digest(lambda w: np.random.normal(0.0, w[0]), ()) is None  # noqa: NPY002
    assert dependencies.digest(lambda w: np.linalg.norm(w), ()) is not None
    assert dependencies.digest(early, ()) is None
    later = 1.0
    assert dependencies.digest(early, ()) is not None


def test_types_of_arguments_are_in_the_digest():
    function = module()["with_default"]
    float_array, of_two = numba.float64[:], numba.types.Tuple((numba.int64, numba.float32))
    kinds = [(numba.float64,), (numba.float32,), (float_array,), (numba.float64[::1],), (of_two,), ()]
    found = [dependencies.digest(function, kind, 9, 1) for kind in kinds]
    assert None not in found
    assert len({*found, dependencies.digest(function, (), 9, 2)}) == len(kinds) + 1
    # The name of such a type has the address of an object in it.
    assert dependencies.digest(function, (numba.typeof(numba.njit(function)),), 9, 1) is None


def test_extensions_of_numba_have_no_digest():
    def own(v):
        return v

    @numba.extending.overload(own)
    def _own(v):
        return lambda v: v + 1.0

    def function(w):
        return own(w[0])

    def other(w):
        return math_of.own(w[0])

    class math_of:  # noqa: N801
        pass

    assert dependencies.digest(function, ()) is None
    assert dependencies.digest(other, ()) is None
    assert imfilter.generic(np.zeros((2, 2)), function, 1).tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_the_oldest_files_of_too_many_are_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv("IMFILTER_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(code_files, "MOST_OF_USERS", 3)
    code_files.folders.cache_clear()
    try:
        assert code_files.save("kernel.nbc", b"0") is not None
        for n in range(6):
            path = code_files.save(f"{code_files.USER}{n}.nbc", bytes([n]))
            os.utime(path, ns=(n * 10**9, n * 10**9))
        names = sorted(path.name for path in path.parent.iterdir())
        assert names == ["kernel.nbc", "user-3.nbc", "user-4.nbc", "user-5.nbc"]
        assert code_files.load("user-4.nbc") == b"\4"
        assert code_files.load("user-0.nbc") is None
    finally:
        code_files.folders.cache_clear()


def test_code_with_a_value_that_changed_meanwhile_is_not_kept(tmp_path, monkeypatch):
    """The loop for missing samples is compiled later than the key was made."""
    saved = []
    monkeypatch.setattr(code_files, "load", lambda name: None)
    monkeypatch.setattr(code_files, "save", lambda name, data: saved.append(name))
    names = module()
    image = np.arange(1.0, 5.0).reshape(2, 2)
    image[0, 0] = np.nan
    function = names["with_global"]
    imfilter.generic(image, function, 1)
    kept = len([name for name in saved if name.startswith(code_files.USER)])
    assert kept == 2, "the loop in lanes, and that there is one"
    names["LIMIT"] = 8.0
    result = imfilter.generic(image, function, 1, nan="ignore")
    assert len([name for name in saved if name.startswith(code_files.USER)]) == kept
    assert result[1].tolist() in ([6.0, 8.0], [24.0, 32.0])
