"""Morphology by the names of SciPy: random calls give its results, in every sample and in its type."""

import math

import numpy as np
import pytest
import scipy.ndimage

from imfilter._compat import record
from imfilter.compat import ndimage

TYPES = [
    "bool",
    *(f"{kind}{bits}" for kind in ("uint", "int") for bits in (8, 16, 32, 64)),
    "float32",
    "float64",
]
MODES = ["reflect", "constant", "nearest", "mirror", "wrap", "grid-mirror", "grid-constant", "grid-wrap"]
GREY = ["grey_erosion", "grey_dilation", "grey_opening", "grey_closing"]
RESIDUES = ["morphological_gradient", "morphological_laplace", "white_tophat", "black_tophat"]
#: Calls of each function, and the seed of their random numbers.
CALLS, SEED = 150, 24


@pytest.fixture
def rng():
    """A new generator for each test, with the same numbers in each run."""
    return np.random.default_rng(SEED)


def outcome(function, args, options):
    """What a call returns and leaves in `output`, or the type of its error."""
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    others = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in options.items()}
    try:
        result = function(*copies, **others)
    except Exception as error:
        return type(error)
    given = [others[name] for name in ("output", "distances", "indices") if name in others]
    return result, [g for g in given if isinstance(g, np.ndarray)]


def same(found, wanted):
    """Whether two outcomes are equal, with the types of all arrays."""
    if isinstance(wanted, np.ndarray):
        return (
            isinstance(found, np.ndarray)
            and found.dtype == wanted.dtype
            and np.array_equal(found, wanted, equal_nan=wanted.dtype.kind == "f")
        )
    if isinstance(wanted, tuple | list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    return found is wanted


def compare(name, rng, make, calls=CALLS, least=0.9):
    """Compare random calls with SciPy. At least this share of those that it answers runs here."""
    entry, answered = record.entry(f"scipy.ndimage.{name}"), 0
    before = entry.copy()
    for number in range(calls):
        args, options = make(rng)
        wanted = outcome(getattr(scipy.ndimage, name), args, options)
        found = outcome(getattr(ndimage, name), args, options)
        assert same(found, wanted), (number, args, options, wanted, found)
        answered += not isinstance(wanted, type)
    after = entry.copy()
    assert answered >= calls / 2
    assert after.here - before.here >= least * answered, after.reasons - before.reasons


def shape_of(rng, most=9):
    return tuple(int(rng.integers(1, most + 1)) for _ in range(rng.integers(1, 4)))


def grey_image(rng, kind, shape, room=1):
    """An image of any type. With more `room`, sums with small numbers stay in the type."""
    if kind.kind == "b":
        return rng.random(shape) < 0.6
    if kind.kind == "f":
        return np.round(rng.normal(0, 4, shape), int(rng.integers(0, 3))).astype(kind)
    bounds = np.iinfo(kind)
    low, high = (bounds.min, bounds.max) if rng.random() < 0.3 and room == 1 else (0, 60)
    low = max(low, bounds.min) if room == 1 else 30
    return rng.integers(low, high, shape, dtype=kind, endpoint=True)


def origins(rng, lengths):
    """Places of the centre: mostly in the middle."""
    if rng.random() < 0.5:
        return 0
    return [int(rng.integers(-(n // 2), n - n // 2)) for n in lengths]


def axes_of(rng, n):
    """All axes, or some."""
    if rng.random() < 0.7:
        return None, n
    some = sorted(rng.choice(n, int(rng.integers(1, n + 1)), replace=False).tolist())
    return tuple(a - n * (rng.random() < 0.3) for a in some), len(some)


def output_of(rng, shape, kinds):
    choice = rng.random()
    if choice < 0.6:
        return {}
    kind = np.dtype(rng.choice(kinds))
    return {"output": kind if choice < 0.7 else np.zeros(shape, kind)}


def grey_call(rng):
    kind = np.dtype(rng.choice(TYPES))
    shape = shape_of(rng)
    axes, n = axes_of(rng, len(shape))
    which, options = rng.random(), {}
    heights = which > 0.7 and kind.kind != "b"
    lengths = [int(v) for v in rng.integers(1, 5, n)]
    if heights:
        values = rng.integers(-9, 10, lengths)
        options["structure"] = values / 4 if kind.kind == "f" else values
    if which < 0.3:
        options["size"] = tuple(lengths) if rng.random() < 0.7 else lengths[0]
        lengths = lengths if isinstance(options["size"], tuple) else [lengths[0]] * n
    elif which < 0.8:
        footprint = rng.random(lengths) < (1 if which < 0.4 else 0.6)
        footprint.flat[rng.integers(footprint.size)] = True
        options["footprint"] = footprint
    options["origin"] = origins(rng, lengths)
    options["mode"] = str(rng.choice(MODES))
    if "size" in options and rng.random() < 0.3:
        options["mode"] = [str(m) for m in rng.choice(MODES, n)]
    options["cval"] = int(rng.integers(0, 2)) if kind.kind == "b" else int(rng.integers(30, 60))
    if axes is not None:
        options["axes"] = axes
    image = grey_image(rng, kind, shape, room=2 if heights else 1)
    return (image,), options | output_of(rng, shape, [str(kind)] * 3 + ["int16", "float64", "uint8", "bool"])


@pytest.mark.parametrize("name", GREY + RESIDUES)
@pytest.mark.slow
def test_grey(name, rng):
    compare(name, rng, grey_call)


def binary_call(rng, until_end=False, border=True, mask=True):
    # Where a structure is longer than the image, SciPy reads beyond its arrays if it is repeated.
    shape = tuple(n + 2 * until_end for n in shape_of(rng))
    axes, n = axes_of(rng, len(shape))
    kind = np.dtype(rng.choice(TYPES)) if rng.random() < 0.4 else np.dtype(bool)
    image = (rng.random(shape) < rng.choice([0.2, 0.5, 0.8, 0.95])).astype(kind)
    image = image * kind.type(3) if kind.kind != "b" else image
    options, lengths = {}, [3] * n
    if rng.random() < 0.6:
        lengths = [int(v) for v in rng.integers(1, 4 if until_end else 5, n)]
        structure = rng.random(lengths) < 0.6
        structure.flat[rng.integers(structure.size)] = True
        options["structure"] = structure if rng.random() < 0.7 else structure.astype(int) * 2
    options["origin"] = 0 if until_end else origins(rng, lengths)
    if until_end and "structure" in options:
        options["structure"][tuple(m // 2 for m in lengths)] = True
    if border:
        options["border_value"] = int(rng.integers(0, 2))
        options["iterations"] = int(rng.integers(-1, 1)) if until_end else int(rng.choice([1, 1, 2, 3, 7]))
        too_long = not until_end and max(lengths) > min(shape)
        options["brute_force"] = bool(too_long or rng.random() < 0.2)
    if mask and rng.random() < 0.5:
        options["mask"] = rng.random(shape) < 0.7
    if axes is not None:
        options["axes"] = axes
    return (image,), options | output_of(rng, shape, ["bool", "bool", "bool", "uint8", "float32"])


BINARY = ["binary_erosion", "binary_dilation", "binary_opening", "binary_closing"]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("until_end", [False, True])
@pytest.mark.slow
def test_binary(name, until_end, rng):
    compare(name, rng, lambda rng: binary_call(rng, until_end))


@pytest.mark.parametrize("name", BINARY)
def test_structures_longer_than_the_image(name, rng):
    structure = np.ones((1, 4), bool)
    for _ in range(20):
        image = rng.random((3, 3)) < 0.8
        options = {"structure": structure, "iterations": 3, "border_value": int(rng.integers(2))}
        found = getattr(ndimage, name)(image, **options)
        wanted = getattr(scipy.ndimage, name)(image, brute_force=True, **options)
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("name", BINARY)
def test_structures_without_their_centre_until_the_end(name, rng):
    for number in range(20):
        image = rng.random((6, 9)) < (0.3 if "dilation" in name else 0.9)
        options = {"structure": [[1, 0]], "iterations": -1, "border_value": number % 2}
        if number % 3:
            options["mask"] = rng.random(image.shape) < 0.9
        wanted = getattr(scipy.ndimage, name)(image, **options)
        np.testing.assert_array_equal(getattr(ndimage, name)(image, **options), wanted)


def test_structures_with_neighbours_among_others(rng):
    structure = np.pad(np.ones((2, 3), bool), 2)
    image, mask = rng.random((30, 40)) < 0.05, rng.random((30, 40)) < 0.6
    before = record.entry("scipy.ndimage.binary_propagation").copy().here
    found = ndimage.binary_propagation(image, structure, mask=mask)
    np.testing.assert_array_equal(found, scipy.ndimage.binary_propagation(image, structure, mask=mask))
    assert record.entry("scipy.ndimage.binary_propagation").copy().here == before + 1


def test_propagation(rng):
    def make(rng):
        args, options = binary_call(rng, until_end=True)
        del options["iterations"], options["brute_force"]
        return args, options

    compare("binary_propagation", rng, make)


def test_holes(rng):
    def make(rng):
        args, options = binary_call(rng, until_end=True, border=False, mask=False)
        if rng.random() < 0.5 and "structure" in options:
            del options["structure"]
        return args, options

    compare("binary_fill_holes", rng, make)


def test_patterns(rng):
    def make(rng):
        (image,), options = binary_call(rng, border=False, mask=False)
        hit, origin = options.pop("structure", None), options.pop("origin")
        options |= {"structure1": hit, "origin1": origin}
        if hit is not None and rng.random() < 0.5:
            options["structure2"] = rng.random(hit.shape) < 0.4
            options["origin2"] = origins(rng, hit.shape)
        return (image,), options

    compare("binary_hit_or_miss", rng, make)


def distance_call(rng):
    shape = shape_of(rng, most=14)
    image = rng.random(shape) < rng.choice([0.3, 0.8, 0.98])
    image.flat[rng.integers(image.size)] = False
    options = {"return_indices": bool(rng.integers(2))}
    if rng.random() < 0.5:
        some = rng.choice([0.25, 0.75, 1, 2, 3, 5], len(shape)).tolist()
        options["sampling"] = some if rng.random() < 0.6 else some[0]
    if options["return_indices"] and rng.random() < 0.3:
        options["return_distances"] = False
    elif rng.random() < 0.3:
        options["distances"] = np.zeros(shape)
    if options["return_indices"] and rng.random() < 0.3:
        options["indices"] = np.zeros((len(shape), *shape), np.int32)
    kind = np.dtype(rng.choice(TYPES))
    return (image.astype(kind),), options


def test_distances(rng):
    compare("distance_transform_edt", rng, distance_call, calls=2 * CALLS, least=0.99)


def test_distances_by_any_sampling_differ_by_rounding(rng):
    for _ in range(50):
        (image,), _ = distance_call(rng)
        sampling = rng.uniform(0.1, 5, image.ndim).tolist()
        found = ndimage.distance_transform_edt(image, sampling)
        np.testing.assert_allclose(found, scipy.ndimage.distance_transform_edt(image, sampling), rtol=1e-15)


def test_distances_without_zeros_come_from_scipy():
    image = np.ones((3, 4))
    found = ndimage.distance_transform_edt(image)
    np.testing.assert_array_equal(found, scipy.ndimage.distance_transform_edt(image))
    assert math.isfinite(found.max())


IMAGE = np.arange(12.0).reshape(3, 4)
WRONG = [
    ("grey_erosion", {}),
    ("grey_erosion", {"size": 3, "mode": "unknown"}),
    ("grey_dilation", {"footprint": np.ones((3, 3, 3))}),
    ("grey_dilation", {"size": 3, "origin": 2}),
    ("grey_opening", {"footprint": np.zeros((3, 3))}),
    ("grey_closing", {"size": 3, "output": np.zeros(3)}),
    ("white_tophat", {"size": 3, "axes": (0, 0)}),
    ("morphological_gradient", {}),
    ("binary_erosion", {"iterations": 1.5}),
    ("binary_erosion", {"structure": np.ones(3)}),
    ("binary_dilation", {"mask": np.ones(3)}),
    ("binary_opening", {"structure": np.ones((0, 3))}),
    ("binary_hit_or_miss", {"structure1": np.ones((3, 3, 3))}),
    ("distance_transform_edt", {"return_distances": False}),
    ("distance_transform_edt", {"sampling": (1, 2, 3)}),
    ("distance_transform_edt", {"distances": np.zeros(3)}),
]


@pytest.mark.parametrize(("name", "options"), WRONG)
def test_errors_are_those_of_scipy(name, options):
    def error_of(library):
        try:
            getattr(library, name)(IMAGE, **options)
        except Exception as error:
            return type(error), str(error)

    wanted = error_of(scipy.ndimage)
    assert wanted is not None
    assert error_of(ndimage) == wanted


@pytest.mark.parametrize("name", GREY + RESIDUES + BINARY)
def test_output_may_be_the_image(name, rng):
    options = {} if name in BINARY else {"size": 3}
    for kind in ("uint8", "float64"):
        found = rng.integers(0, 2, (6, 7)).astype(kind)
        wanted = found.copy()
        getattr(scipy.ndimage, name)(wanted, output=wanted, **options)
        getattr(ndimage, name)(found, output=found, **options)
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("kind", ["uint8", "int8", "uint32", "int64", "float32"])
def test_sums_that_leave_the_type_are_those_of_scipy(kind, rng):
    low, high = (np.iinfo(kind).min, np.iinfo(kind).max) if kind != "float32" else (-5, 5)
    image = rng.integers(low, high, (6, 7), dtype=np.int64 if kind != "float32" else int).astype(kind)
    structure = rng.normal(0, 9, (3, 2))
    for name in GREY:
        found = getattr(ndimage, name)(image, structure=structure)
        np.testing.assert_array_equal(found, getattr(scipy.ndimage, name)(image, structure=structure))


def test_borders_between_lines_of_an_image_in_any_order(rng):
    for image in (rng.integers(0, 9, (8, 9)).T, rng.integers(0, 9, (8, 9))[::2, ::-3]):
        for name in GREY:
            found = getattr(ndimage, name)(image, size=(2, 3))
            np.testing.assert_array_equal(found, getattr(scipy.ndimage, name)(image, size=(2, 3)))
        for name in BINARY:
            found = getattr(ndimage, name)(image > 3, iterations=2)
            np.testing.assert_array_equal(found, getattr(scipy.ndimage, name)(image > 3, iterations=2))
