"""The public names: signatures that agree with each other, and docstrings that say what they must."""

import doctest
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import imfilter
from imfilter._base import suggestions
from tests.looping import loop_over

COMMON = {
    "mode": "mirror",
    "cval": 0.0,
    "mask": None,
    "nan": "propagate",
    "min_coverage": 0.0,
    "axes": None,
    "channel_axis": None,
    "dtype": None,
    "out": None,
    "workers": None,
}
# Each filter: required and optional positional arguments, then its own keywords, with their defaults.
REQUIRED = inspect.Parameter.empty
FILTERS = {
    "correlate": ({"kernel": REQUIRED}, {"bias": 0.0, "stride": 1, "dilation": 1, "padding": "same"}),
    "convolve": ({"kernel": REQUIRED}, {"bias": 0.0, "stride": 1, "dilation": 1, "padding": "same"}),
    "gaussian": (
        {"sigma": REQUIRED},
        {"order": 0, "truncate": 4.0, "radius": None, "method": "auto", "spacing": None},
    ),
    "box": ({"size": REQUIRED}, {}),
    "sharpen": ({"amount": 1.0}, {}),
    "unsharp_mask": ({"sigma": 1.0, "amount": 1.0}, {"truncate": 4.0, "radius": None}),
    "median": ({"size": 3}, {"footprint": None}),
    "percentile": ({"q": REQUIRED, "size": 3}, {"footprint": None}),
    "minimum": ({"size": 3}, {"footprint": None}),
    "maximum": ({"size": 3}, {"footprint": None}),
    "generic": (
        {"function": REQUIRED, "size": None},
        {
            "footprint": None,
            "args": (),
            "outputs": 1,
            "compile": True,
            "stride": 1,
            "padding": "same",
        },
    ),
    "bilateral": (
        {"sigma_space": REQUIRED, "sigma_range": REQUIRED},
        {"guide": None, "truncate": 4.0, "radius": None, "window": "box", "norm": "l2", "method": "exact"},
    ),
    "guided": ({"radius": REQUIRED, "eps": REQUIRED}, {"guide": None}),
    "local_variance": ({"size": 3}, {"window": "box", "sigma": None, "footprint": None}),
    "local_std": ({"size": 3}, {"window": "box", "sigma": None, "footprint": None}),
    "local_entropy": ({"size": 3}, {"footprint": None, "levels": 256, "value_range": None}),
    "non_local_means": ({}, {"patch": 5, "search": 21, "strength": None, "noise": None}),
    "sobel": ({}, {"axis": None, "normalize": False, "spacing": None}),
    "scharr": ({}, {"axis": None, "normalize": False, "spacing": None}),
    "prewitt": ({}, {"axis": None, "normalize": False, "spacing": None}),
    "farid": ({}, {"axis": None, "normalize": False, "spacing": None}),
    "roberts": ({}, {"axis": None, "normalize": False, "spacing": None}),
    "hessian": ({"sigma": REQUIRED}, {"truncate": 4.0, "radius": None, "spacing": None}),
    "steered": (
        {"sigma": REQUIRED, "theta": None},
        {"direction": None, "order": 1, "truncate": 4.0, "radius": None, "spacing": None},
    ),
    "gabor": (
        {"frequency": REQUIRED, "theta": None},
        {
            "direction": None,
            "bandwidth": 1.0,
            "sigma_x": None,
            "sigma_y": None,
            "part": "complex",
            "spacing": None,
        },
    ),
    "frangi": (
        {"sigmas": (1, 3, 5, 7, 9)},
        {
            "alpha": 0.5,
            "beta": 0.5,
            "gamma": None,
            "black_ridges": True,
            "return_scale": False,
            "spacing": None,
        },
    ),
    "structure_tensor": (
        {"sigma": 1.0},
        {
            "operator": "sobel",
            "normalize": False,
            "truncate": 4.0,
            "radius": None,
            "spacing": None,
        },
    ),
    "laplacian": ({}, {"diagonals": False}),
    "laplacian_of_gaussian": ({"sigma": REQUIRED}, {"truncate": 4.0, "radius": None, "spacing": None}),
    "difference_of_gaussians": (
        {"low": REQUIRED, "high": None},
        {"truncate": 4.0, "radius": None, "spacing": None},
    ),
    "gaussian_gradient_magnitude": ({"sigma": REQUIRED}, {"truncate": 4.0, "radius": None, "spacing": None}),
}
POOLING = {
    "max_pool": (
        {"size": REQUIRED},
        {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False},
        ("mode", "cval"),
    ),
    "avg_pool": (
        {"size": REQUIRED},
        {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False, "count_padding": True},
        ("mode", "cval"),
    ),
    "global_pool": ({"reduce": "mean"}, {}, ("mode", "cval")),
    "pyramid_pool": ({"levels": (1, 2, 4), "reduce": "max"}, {}, ("mode", "cval", "out")),
}
# What each has: positional arguments, keywords of its own, and the shared ones that it does not have.
SIGNATURES = {name: (*arguments, ()) for name, arguments in FILTERS.items()} | POOLING
SECTIONS = ("Parameters", "Returns", "Raises", "See Also", "References", "Examples")


def section(doc, name):
    """The body of one numpydoc section."""
    found = re.search(rf"^{name}\n-+\n(.*?)(?=^[A-Z][A-Za-z ]+\n-+\n|\Z)", doc, re.M | re.S)
    assert found, f"no section {name}"
    return found[1]


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature(name):
    positional, own, without = SIGNATURES[name]
    parameters = inspect.signature(getattr(imfilter, name)).parameters
    shared = {word: default for word, default in COMMON.items() if word not in without}
    expected = {"image": REQUIRED, **positional, **own, **shared}
    assert list(parameters) == list(expected)
    assert {p.name: p.default for p in parameters.values()} == expected
    for parameter in parameters.values():
        first = parameter.name == "image" or parameter.name in positional
        assert parameter.kind is (parameter.POSITIONAL_OR_KEYWORD if first else parameter.KEYWORD_ONLY)
        assert parameter.annotation is not inspect.Parameter.empty
    assert inspect.signature(getattr(imfilter, name)).return_annotation is not inspect.Signature.empty


def test_every_public_function_keeps_the_order():
    """Functions added later too: what they share with the others has the same order and default."""
    for name in imfilter.__all__:
        thing = getattr(imfilter, name)
        if not inspect.isfunction(thing):
            continue
        parameters = inspect.signature(thing).parameters
        shared = [p for p in list(parameters)[1:] if p in COMMON]  # the first is what is filtered
        assert shared == [p for p in COMMON if p in shared], name
        if "image" in parameters:
            assert next(iter(parameters)) == "image", name
            assert list(parameters)[len(parameters) - len(shared) :] == shared, name
            for word in shared:
                assert parameters[word].kind is inspect.Parameter.KEYWORD_ONLY, f"{name}: {word}"


@pytest.mark.parametrize("name", SIGNATURES)
def test_docstring(name):
    function = getattr(imfilter, name)
    doc = inspect.getdoc(function)
    summary = doc.splitlines()[0]
    assert summary.endswith("."), "one sentence first"
    assert len(summary) <= 110
    assert not doc.splitlines()[1], "and an empty line after it"
    order = [s for s in re.findall(r"^([A-Z][A-Za-z ]+)\n-+$", doc, re.M) if s in SECTIONS]
    assert order == list(SECTIONS)
    described = []
    for names in re.findall(r"^(\w+(?:, \w+)*) : .+$", section(doc, "Parameters"), re.M):
        described += names.split(", ")
    assert described == list(inspect.signature(function).parameters)
    assert "Error" in section(doc, "Raises")
    assert ">>>" in section(doc, "Examples")
    assert "{{" not in doc


def test_public_names_are_documented():
    for name in imfilter.__all__:
        doc = inspect.getdoc(getattr(imfilter, name))
        assert doc, f"{name} has no docstring"
    assert set(SIGNATURES) <= set(imfilter.__all__)
    assert {"plan", "set_workers", "warmup", "weights"} <= set(imfilter.__all__)
    assert set(imfilter.__all__) <= set(dir(imfilter))
    assert list(imfilter.__all__) == sorted(imfilter.__all__, key=str.lower) or len(
        set(imfilter.__all__)
    ) == len(imfilter.__all__)


PACKAGE = Path(imfilter.__file__).parent
SOURCES = {
    path: ".".join(["imfilter", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__main__.py"
}
EXAMPLES = [name for path, name in SOURCES.items() if ">>>" in path.read_text(encoding="utf-8")]


@pytest.mark.slow
def test_every_module_is_imported():
    for name in SOURCES.values():
        importlib.import_module(name)


@loop_over("name", EXAMPLES)
@pytest.mark.slow
def test_examples_run(name):
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    report = []
    for example in finder.find(module, name, module=module):
        runner.run(example, out=report.append)
    assert runner.failures == 0, "".join(report)


def test_star_import():
    code = (
        "from imfilter import *; print(sobel([0.0, 1.0, 3.0, 3.0], axis=0).tolist(), weights.SOBEL.smoothing)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[0.0, 3.0, 2.0, 0.0] [1. 2. 1.]\n"


def test_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.\w+)?", imfilter.__version__)


def test_plan():
    """A plan names an algorithm and its reason without filtering anything."""
    import numpy as np

    rng = np.random.default_rng(0)
    for kernel, algorithms in [
        (rng.normal(size=(3, 3)), {"direct"}),
        (np.outer(np.arange(1.0, 32), np.arange(2.0, 33)), {"separable"}),
        ([np.ones(31), np.arange(1.0, 32)], {"separable"}),
        ([np.ones(31), np.ones(31)], {"running"}),
        (np.ones((31, 31)), {"running"}),
        ([np.hanning(121), np.hanning(121)], {"cosines"}),
        (rng.normal(size=(101, 101)), {"fft"}),
    ]:
        plan = imfilter.plan((1080, 1920), "float32", kernel)
        assert plan.algorithm in algorithms
        assert isinstance(plan.reason, str)
        assert plan.reason
        assert plan.cost > 0
    for dtype, size, algorithm in [
        ("uint8", 5, "network"),
        ("uint8", 51, "histogram"),
        ("float64", 31, "histogram"),
    ]:
        plan = imfilter.plan((1080, 1920), dtype, imfilter.median, size)
        assert plan.algorithm == algorithm
        assert plan.reason.startswith(f"{size * size} samples")
        assert plan.cost > 0
    huge = imfilter.plan((10**6, 10**6), np.uint8, np.ones((3, 3)))
    assert huge.cost > 100  # no array of a terabyte was made to find out


def test_plan_refuses_what_the_call_would():
    with pytest.raises(ValueError, match="kernel"):
        imfilter.plan((10, 10), "float32", [1.0, 2.0])
    with pytest.raises((TypeError, ValueError), match="shape"):
        imfilter.plan((0, 10), "float32", [[1.0, 2.0]])


#: Names of other libraries, and what the error says.
ELSEWHERE = {
    "GaussianBlur": "gaussian",
    "gaussian_filter": "gaussian",
    "erode": "morphology.erosion",
    "medianBlur": "median",
    "savgol_filter": "series.savgol",
    "conv2d": "layers.conv",
    "cvtColor": "color.rgb_to_gray",
}


@pytest.mark.parametrize("name", ELSEWHERE)
@loop_over(
    "module",
    [
        *(imfilter, imfilter.color, imfilter.io, imfilter.layers),
        *(imfilter.morphology, imfilter.series, imfilter.show, imfilter.threshold, imfilter.weights),
    ],
)
def test_names_of_other_libraries_get_ours(module, name):
    ours = ELSEWHERE[name]
    ours = ours if "." in ours or ours in module.__all__ else f"imfilter.{ours}"
    with pytest.raises(AttributeError, match=f"no attribute {name!r}; here it is called {ours!r}"):
        getattr(module, name)


def test_names_of_the_package_are_named_whole_in_its_modules():
    with pytest.raises(
        AttributeError, match=r"no attribute 'max_pool'; here it is called 'imfilter\.max_pool'"
    ):
        imfilter.layers.max_pool  # noqa: B018


@pytest.mark.parametrize(
    ("module", "name", "ours"),
    [
        (imfilter, "otsu", "'threshold.otsu'"),
        (imfilter, "disk", "'morphology.disk'"),
        (imfilter, "moving_average", "'series.moving_average'"),
        (imfilter, "movingAverage", "'series.moving_average'"),
        (imfilter, "embed", "'series.embed' or 'show.embed'"),
        (imfilter.layers, "otsu", "'threshold.otsu'"),
        (imfilter.morphology, "median", "'imfilter.median' or 'series.median'"),
    ],
)
def test_names_of_another_module_get_its_name(module, name, ours):
    with pytest.raises(AttributeError) as error:
        getattr(module, name)
    assert str(error.value) == (
        f"module {module.__name__!r} has no attribute {name!r}; here it is called {ours}"
    )


def test_every_module_is_searched_for_names():
    assert {*suggestions.MODULES, "compat"} == set(imfilter._NAMESPACES)
    for module in suggestions.MODULES:
        for name in importlib.import_module(f"imfilter.{module}").__all__:
            if not hasattr(imfilter, name) and suggestions.function_name(name) is None:
                with pytest.raises(AttributeError, match=f"'{module}.{name}'"):
                    getattr(imfilter, name)


def test_names_of_other_libraries_are_public_here():
    for name in suggestions.FUNCTIONS.values():
        *rooms, last = name.split(".")
        module = importlib.import_module(".".join(["imfilter", *rooms]))
        assert callable(getattr(module, last)), name


def test_misspelled_names_get_a_hint():
    with pytest.raises(AttributeError, match="did you mean 'gaussian'"):
        imfilter.gausian  # noqa: B018  (the look-up itself is what raises)
    with pytest.raises(AttributeError, match="did you mean 'skeleton'"):
        imfilter.morphology.skeletn  # noqa: B018
    with pytest.raises(TypeError, match="did you mean 'sigma'"):
        imfilter.gaussian([1.0], 1, Sigma=2)
    with pytest.raises(ValueError, match="got 'MIROR'; did you mean 'mirror'"):
        imfilter.box([1.0], 3, mode="MIROR")


@pytest.mark.parametrize(
    ("call", "ours"),
    [
        (lambda: imfilter.median([1.0], ksize=3), "size"),
        (lambda: imfilter.box([1.0], 3, borderType=1), "mode"),
        (lambda: imfilter.correlate([1.0], weights=[1.0]), "kernel"),
        (lambda: imfilter.series.savgol([1.0], window_length=3), "size"),
        (lambda: imfilter.series.moving_average([1.0], window=3), "size"),
        (lambda: imfilter.gaussian([1.0], 1, output=None), "out"),
    ],
)
def test_arguments_of_other_libraries_get_ours(call, ours):
    with pytest.raises(TypeError, match=f"here it is called {ours!r}"):
        call()
