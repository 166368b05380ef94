"""Template matching in dask arrays: the bits of the whole image, for any chunks."""

import warnings

import numpy as np
import pytest

import imfilter
from tests.arrays.test_lazy_bits import MODES, agree
from tests.looping import loop_over

da = pytest.importorskip("dask.array")
dask = pytest.importorskip("dask")

RNG = np.random.default_rng(77)
#: On both sides of the limits between direct sums, Winograd's sums and transforms.
SIZES = [(3, 3), (19, 19), (20, 21), (31, 35), (32, 32), (41, 40), (64, 64)]
DTYPES = ("float32", "float64", "uint8", "uint16")


@pytest.fixture(autouse=True)
def one_thread():
    with dask.config.set(scheduler="sync"), warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def stars(shape, dtype, count=12):
    """A few very bright points on a dark sky."""
    image = RNG.normal(size=shape) * 3 + 20
    image.flat[RNG.integers(0, image.size, count)] = 60000 if np.dtype(dtype).kind == "u" else 1e7
    return (image % 256 if dtype == "uint8" else image).astype(dtype)


def check(image, template, chunks, **options):
    """Compare a lazy result with that of the whole image."""
    with np.errstate(invalid="ignore"):
        whole = imfilter.match_template(image, template, **options)
        lazy = da.from_array(image, chunks=chunks)
        if (mask := options.get("mask")) is not None and mask.ndim == image.ndim:
            options["mask"] = da.from_array(mask, chunks=chunks)
        agree(imfilter.match_template(lazy, template, **options), whole)


@pytest.mark.slow
@loop_over(
    ("size", "dtype"), [(s, d) for i, s in enumerate(SIZES) for d in (DTYPES[i % 4], DTYPES[(i + 1) % 4])]
)
def test_sizes_of_templates(size, dtype):
    image, template = stars((150, 170), dtype), RNG.random(size)
    check(image, template, (41, 60))
    check(image, template, (70, 170), padding="valid")
    check(image, template, (150, 33), mask=RNG.random(image.shape) > 0.3)


@pytest.mark.slow
def test_several_transforms():
    """The tiles of the whole image are also those of its parts."""
    template = RNG.random((50, 47))
    for shape, chunks in (((900, 300), (210, 300)), ((300, 1000), ((40, 1, 259), (333, 600, 67)))):
        for mode in ("mirror", "wrap", "constant"):
            check(stars(shape, "float32"), template, chunks, mode=mode, cval=1e3)
    check(stars((900, 300), "float64"), template, (210, 300), padding="valid", mode="wrap")
    check(stars((110, 100, 40), "float64"), RNG.random((9, 10, 11)), (17, 44, 20))


@pytest.mark.slow
@loop_over("mode", MODES)
@loop_over("chunks", [(1, 130), (37, 50), ((100, 1, 19), (3, 127)), (120, 130)])
def test_all_borders(chunks, mode):
    for size, dtype in (((4, 5), "float64"), ((24, 22), "float32"), ((50, 47), "float64")):
        check(stars((120, 130), dtype), RNG.random(size), chunks, mode=mode, cval=3.0)


@pytest.mark.slow
@loop_over("size", [(5, 4), (26, 25), (50, 51)])
@loop_over("chunks", [(120, 1), (37, 50)])
def test_absent_samples(chunks, size):
    image, template = stars((120, 130), "float64"), RNG.random(size)
    weights = np.where(RNG.random(size) < 0.3, 0.0, RNG.random(size))
    mask = RNG.random(image.shape) > 0.2
    graded = np.where(mask, RNG.random(image.shape), 0.0)
    holes = np.where(mask, image, np.nan)
    for mode in ("wrap", "shrink", "constant"):
        check(image, template, chunks, template_mask=weights, mode=mode, cval=5.0)
    check(image, template, chunks, template_mask=RNG.random(size) + 0.1, mask=graded)
    check(holes, template, chunks, nan="ignore", min_coverage=0.5)
    check(holes, template, chunks, mask=mask)
    check(image.astype("float32"), template, chunks, mask=mask, padding="valid")
    # Few samples are present, and none of those that usually tell the offset.
    few = np.zeros(image.shape, bool)
    few[60:64, 70:75] = True
    check(image + 1e6, template, chunks, mask=few)
    # Nothing is absent.
    check(image, template, chunks, nan="ignore")
    check(image, template, chunks, mask=np.ones(image.shape, bool))
    check(image, template, chunks, mask=np.ones(image.shape), template_mask=weights)


@pytest.mark.slow
@loop_over("dtype", ["float32", "float64"])
@loop_over("size", [(5, 4), (26, 25), (50, 51)])
def test_samples_that_are_not_finite_or_very_large(size, dtype):
    """They are in one of the blocks, and may change the algorithm of the whole."""
    template, mask = RNG.random(size), RNG.random((120, 130)) > 0.2
    for value in (np.nan, np.inf, 1e20, -3e38):
        image = RNG.normal(size=(120, 130)).astype(dtype)
        image[7, 9] = value
        for options in ({}, {"mask": mask}):
            check(image, template, (40, 50), **options)
    for factor in (1e-34, 1e33) if dtype == "float32" else (1e-300, 1e200):
        image = (RNG.random((120, 130)) * factor).astype(dtype)
        for options in ({}, {"mask": mask, "mode": "constant", "cval": factor}):
            check(image, template, (40, 50), **options)


@pytest.mark.slow
def test_one_to_three_axes_channels_and_stacks():
    for dtype in ("float32", "float64"):
        volume = stars((40, 44, 48), dtype)
        check(volume, RNG.random((3, 4, 2)), (17, 44, 20))
        check(volume, RNG.random((9, 10, 11)), (17, 44, 20), mode="shrink")
        signal = stars((20000,), dtype)
        for k, options in (
            (5, {}),
            (140, {"mode": "wrap"}),
            (500, {"padding": "valid"}),
            (3000, {"mode": "shrink"}),
        ):
            check(signal, RNG.random(k), 3500, **options)
        long = stars((90000,), dtype)
        check(long, RNG.random(140), 20011)
        check(long, RNG.random(140), 20011, mode="wrap")
        colour = stars((90, 100, 3), dtype)
        for k in (5, 25, 50):
            check(colour, RNG.random((k, k)), (40, 50, 2), channel_axis=-1)
            check(colour, RNG.random((k, k)), (40, 50, 2), channel_axis=-1, mask=RNG.random((90, 100)) > 0.3)
            check(np.moveaxis(colour, -1, 0).copy(), RNG.random((k, k)), (2, 40, 50), axes=(1, 2))


def test_masked_arrays():
    image = np.ma.MaskedArray(stars((60, 70), "float64"), RNG.random((60, 70)) < 0.3)
    image.data[image.mask] = 1e9
    template = RNG.random((5, 6))
    whole = imfilter.match_template(image, template)
    lazy = imfilter.match_template(da.from_array(image, chunks=(25, 70), asarray=False), template)
    found = lazy.compute()
    np.testing.assert_array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(whole))
    np.testing.assert_array_equal(found.filled(7), whole.filled(7))


def test_nothing_is_computed_and_few_tasks_are_made():
    def never(block):
        raise AssertionError("a chunk was computed")

    lazy = da.map_blocks(never, da.zeros((4000, 4000), chunks=1000), dtype="f4", meta=np.empty((0, 0), "f4"))
    for options in ({}, {"mask": np.arange(4000) % 7 > np.zeros((4000, 1))}, {"nan": "ignore"}):
        for k in (5, 31, 64):
            found = imfilter.match_template(lazy, RNG.random((k, k)), **options)
            own = len(dict(found.__dask_graph__())) - len(dict(lazy.__dask_graph__()))
            assert own <= 12 * 16


def test_cuts_are_made_after_what_needs_all_chunks():
    """Otherwise the cuts of all chunks are in memory at once, beside the chunks."""
    lazy = da.zeros((4000, 4000), chunks=1000, dtype="f4")
    found = imfilter.match_template(lazy, RNG.random((64, 64)))
    graph = dict(found.__dask_graph__())
    about = {key for key in graph if isinstance(key, str) and key.startswith("some-")}
    cuts = [key for key in graph if isinstance(key, tuple) and str(key[0]).endswith("-edges")]
    assert len(about) == 1
    assert len(cuts) == 16
    for key in cuts:
        assert about <= dask.core.get_dependencies(graph, key)


def test_accuracy_beside_loops_in_extended_precision():
    from tests.reference import detection as loops

    template = RNG.random((5, 6))
    noise = RNG.normal(size=(24, 26))
    bright = noise.copy()
    bright[3, 4], bright[15, 20] = 1e4, 3e4
    for image, error in ((noise, 1e-11), (noise + 1e6, 1e-8), (bright, 1e-7)):
        expected, _ = loops.coefficients(image, template)
        for chunks in ((7, 26), (24, 26)):
            lazy = da.from_array(image, chunks=chunks)
            for options in ({}, {"template_mask": np.ones(template.shape) * 0.5}):
                found = imfilter.match_template(lazy, template, **options).compute()
                np.testing.assert_allclose(found, expected, rtol=0, atol=error)
