"""DataArrays of xarray: names, coordinates and attributes of results."""

import numpy as np
import pytest

import imfilter
from imfilter import color, series, threshold

xr = pytest.importorskip("xarray")

SHAPE = (4, 40, 30)


@pytest.fixture
def array():
    return np.random.default_rng(0).random(SHAPE).astype("f4")


@pytest.fixture
def image(array):
    """Bands, rows and columns, with coordinates that rise, fall, and belong to two dimensions."""
    coords = {
        "band": ["r", "g", "b", "n"],
        "y": np.arange(40) * 2.5 + 1,
        "x": np.arange(30)[::-1] * 0.5,
        "lat": (("y", "x"), np.ones((40, 30))),
        "time": 5,
    }
    return xr.DataArray(array, coords, ("band", "y", "x"), "im", {"units": "K"})


def test_a_result_has_what_the_image_has(image, array):
    found = imfilter.gaussian(image, 2, axes=("y", "x"))
    expected = image.copy(data=imfilter.gaussian(array, 2, axes=(1, 2)))
    xr.testing.assert_identical(found, expected)


def test_names_of_axes(image, array):
    found = imfilter.median(image, 3, channel_axis="band")
    np.testing.assert_array_equal(found, imfilter.median(array, 3, channel_axis=0))
    found = imfilter.sobel(image, axis="x", channel_axis="band")
    np.testing.assert_array_equal(found, imfilter.sobel(array, axis=2, channel_axis=0))
    with pytest.raises(ValueError, match=r"axes must be a dimension of the image, .*, got 'z'"):
        imfilter.gaussian(image, 2, axes=("y", "z"))
    with pytest.raises(TypeError, match=r"gaussian\(\) has no argument 'dim'"):
        imfilter.gaussian(image, 2, dim="y")


def test_spacing_from_coordinates(image, array):
    found = imfilter.sobel(image, axes=("y", "x"), spacing="coords")
    np.testing.assert_array_equal(found, imfilter.sobel(array, axes=(1, 2), spacing=(2.5, 0.5)))
    found = imfilter.gaussian(image, 3.0, axes=("x", "y"), spacing="coords")
    np.testing.assert_array_equal(found, imfilter.gaussian(array, 3.0, axes=(2, 1), spacing=(0.5, 2.5)))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.arange(30) ** 2, "needs even coordinates along 'x', got steps from 1 to 57"),
        (np.zeros(30), "needs even coordinates"),
        (np.arange(30).astype("datetime64[D]"), "needs numbers along 'x'"),
        (None, "needs coordinates along 'x', got none"),
    ],
)
def test_spacing_that_is_not_even(image, values, message):
    given = image.drop_vars("x") if values is None else image.assign_coords(x=values)
    with pytest.raises(ValueError, match=message):
        imfilter.sobel(given, axes=("y", "x"), spacing="coords")


def test_a_word_that_is_no_spacing(image):
    with pytest.raises(ValueError, match="spacing must be one of 'coords', got 'coord'"):
        imfilter.sobel(image, axes=("y", "x"), spacing="coord")


def test_masks_by_name(image, array):
    mask = np.random.default_rng(1).random((40, 30)) > 0.2
    turned = xr.DataArray(mask.T, dims=("x", "y"))
    found = imfilter.median(image, mask=turned, channel_axis="band")
    np.testing.assert_array_equal(found, imfilter.median(array, mask=mask, channel_axis=0))
    with pytest.raises(ValueError, match="mask must have dimensions of the image"):
        imfilter.median(image, mask=turned.rename(x="u"), channel_axis="band")


def test_coordinates_follow_strides(image):
    pooled = imfilter.max_pool(image, 2, axes=("y", "x"))
    np.testing.assert_array_equal(pooled.y, image.y.coarsen(y=2).mean())
    np.testing.assert_array_equal(pooled.x, image.x.coarsen(x=2).mean())
    assert set(pooled.coords) == {"band", "y", "x", "time"}
    strided = imfilter.correlate(image, np.ones((4, 3)), stride=2, axes=("y", "x"))
    np.testing.assert_array_equal(strided.y, image.y[::2])
    valid = imfilter.correlate(image, np.ones((3, 3)), padding="valid", axes=("y", "x"))
    np.testing.assert_array_equal(valid.x, image.x[1:-1])
    half = imfilter.resize(image, scale=0.5, channel_axis="band")
    np.testing.assert_array_equal(half.y, image.y.coarsen(y=2).mean())
    corners = imfilter.resize(image, (79, 30), method="linear", align="corners", channel_axis="band")
    np.testing.assert_allclose(corners.y, np.linspace(1, 98.5, 79), rtol=1e-14)
    for level, step in zip(imfilter.pyramid(image, 2, channel_axis="band"), (1, 2, 4), strict=True):
        np.testing.assert_array_equal(level.y, image.y[::step])


def test_uneven_coordinates_are_dropped_where_they_are_not_known(image):
    uneven = image.assign_coords(x=np.arange(30) ** 2)
    assert "x" not in imfilter.max_pool(uneven, 2, axes=("y", "x")).coords
    found = imfilter.max_pool(uneven, 3, axes=("y", "x"))
    np.testing.assert_array_equal(found.x, uneven.x[1::3])


def test_dimensions_of_results(image):
    plane = image[0]
    assert imfilter.hessian(plane, 1).dims == ("component", "y", "x")
    assert imfilter.structure_tensor_eigenvalues(plane).dims == ("eigenvalue", "y", "x")
    assert imfilter.gabor(plane, 0.2, (0, 1)).dims == ("wave", "y", "x")
    assert imfilter.frangi(plane, (1, 2), return_scale=True)[1].dims == ("y", "x")
    assert imfilter.hog(plane).dims == ("feature",)
    assert imfilter.hog(plane, feature_vector=False).dims == ("y", "x", "cell_y", "cell_x", "bin")
    pooled = imfilter.global_pool(image, channel_axis="band")
    assert pooled.dims == ("band",)
    assert list(pooled.band.values) == ["r", "g", "b", "n"]
    assert isinstance(threshold.otsu(image), float)
    assert isinstance(imfilter.corner_peaks(plane), np.ndarray)


def test_colours(image):
    grey = color.rgb_to_gray(image[:3], channel_axis="band")
    assert grey.dims == ("y", "x")
    assert set(grey.coords) == {"y", "x", "lat", "time"}
    lab = color.rgb_to_lab(image[:3], channel_axis="band")
    assert lab.dims == image.dims
    assert "band" not in lab.coords


def test_series_by_name(image, array):
    found = series.gaussian(image, 2.0, axis="y")
    expected = image.copy(data=series.gaussian(array, 2.0, axis=1))
    xr.testing.assert_identical(found, expected)


def test_lazy_arrays_stay_lazy(image, array):
    pytest.importorskip("dask.array")
    found = imfilter.gaussian(image.chunk(y=7), 2, axes=("y", "x"))
    assert found.chunks == ((4,), (7, 7, 7, 7, 7, 5), (30,))
    np.testing.assert_array_equal(found, imfilter.gaussian(array, 2, axes=(1, 2)))
    assert set(found.coords) == set(image.coords)
    lazy = threshold.otsu(image.chunk(y=7))
    assert lazy.chunks == ()
    assert float(lazy) == threshold.otsu(array)


def test_out_may_be_a_labelled_array(image, array):
    place = xr.zeros_like(image)
    imfilter.gaussian(image, 2, axes=("y", "x"), out=place)
    np.testing.assert_array_equal(place, imfilter.gaussian(array, 2, axes=(1, 2)))


@pytest.mark.parametrize(("length", "levels"), [(40, 4), (9, 2)])
def test_levels_of_a_pyramid_keep_every_second_coordinate(length, levels):
    image = xr.DataArray(np.zeros(length), {"x": np.arange(length)}, ("x",))
    for number, level in enumerate(imfilter.pyramid(image, levels)):
        np.testing.assert_array_equal(level.x, np.arange(0, length, 2**number))
