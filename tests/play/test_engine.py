"""The results of chains: what is kept, previews, the end of requests that are no longer wanted, memory."""

import gc
import threading
import weakref

import numpy as np
import pytest

import imfilter
from imfilter._files.image import Image
from imfilter._play import engine, steps, view
from imfilter._play.engine import Engine, StepError
from imfilter._play.pictures import Pictures
from imfilter._play.steps import Cancelled, step
from imfilter._play.view import View


@pytest.fixture
def opened():
    pictures = Pictures(None)
    return Engine(pictures), pictures.add_sample("coins")


def counted(monkeypatch):
    """Count the filters that run."""
    ran = []
    real = steps.run

    def run(command, image, *args, **words):
        ran.append((command.name, image.pixels.shape))
        return real(command, image, *args, **words)

    monkeypatch.setattr(engine.steps, "run", run)
    return ran


def test_a_change_computes_from_its_step_on(opened, monkeypatch):
    computing, picture = opened
    ran = counted(monkeypatch)
    chain = [step("gaussian", {"sigma": "2"}), step("sobel", {}), step("box", {"size": "5"})]
    computing.results(picture, chain)
    computing.results(picture, chain)
    assert [name for name, _ in ran] == ["gaussian", "sobel", "box"]
    ran.clear()
    computing.results(picture, [*chain[:2], step("box", {"size": "7"})])
    assert [name for name, _ in ran] == ["box"]
    ran.clear()
    computing.results(picture, [chain[0], step("scharr", {}), chain[2]])
    assert [name for name, _ in ran] == ["scharr", "box"]
    ran.clear()
    computing.results(picture, chain[:1])
    computing.answer(picture.key, chain[:1], View())
    computing.answer(picture.key, [], View())
    assert ran == []


def test_memory_does_not_grow_with_changes(opened):
    computing, _ = opened
    picture = computing.pictures._keep("small.png", Image(np.eye(64, dtype=np.uint8)))
    seen = []
    for n in range(100):
        chain = [step("gaussian", {"sigma": f"{1 + n % 9}"}), step("sobel", {"axis": "xy"[n % 2]})]
        seen += [weakref.ref(result.image.pixels) for result in computing.results(picture, chain)[1:]]
    gc.collect()
    assert sum(ref() is not None for ref in seen) == 2


def test_a_slow_filter_shows_a_preview_first(opened):
    computing, picture = opened
    chain = [step("gaussian", {"sigma": "8"})]
    computing._rates["gaussian"] = 1.0  # a second for each pixel
    seen = View(width=192, height=192)
    preview = computing.answer(picture.key, chain, seen)
    assert not preview.told["final"]
    final = computing.answer(picture.key, chain, seen, final=True)
    assert final.told["final"]
    assert preview.told["rectangle"] == final.told["rectangle"]
    again = computing.answer(picture.key, chain, seen)
    assert np.array_equal(again.pixels, final.pixels)
    assert again.told["final"]
    rows, columns = final.pixels.shape[:2]
    likely = imfilter.resize(preview.pixels, (rows, columns), channel_axis=-1).astype(int)
    assert np.abs(likely - final.pixels).mean() < 4  # the same picture, at another resolution


def test_a_new_size_has_no_preview(opened):
    computing, picture = opened
    computing._rates["resize"] = 1.0
    assert computing.answer(picture.key, [step("resize", {"scale": "0.5"})], View()).told["final"]


@pytest.mark.parametrize("name", ["bilateral", "total_variation", "gaussian"])
def test_a_request_that_is_not_wanted_ends(opened, name):
    computing, picture = opened
    computing._rates[name] = 1.0  # long, so it runs in bands
    calls = []

    def check():
        calls.append(0)
        if len(calls) > 2:
            raise Cancelled

    chain = [step(name, {"weight": "15", "tolerance": "0.1"} if name == "total_variation" else {})]
    large = Image(np.tile(picture.image.pixels, (8, 4)))
    computing.pictures._open[picture.key] = large = type(picture)(picture.key, "large.png", large)
    with pytest.raises(Cancelled):
        computing.answer(picture.key, chain, View(), final=True, check=check)
    assert computing.results(large, chain)  # and the next one is computed


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("name", steps._BANDED)
def test_bands_give_the_bits_of_the_whole(name, alpha):
    """The first band does not show that a picture has a transparent pixel."""
    pixels = np.random.default_rng(5).integers(0, 256, (1500, 900, 4 if alpha else 3), dtype=np.uint8)
    if alpha:
        pixels[..., -1] = 255
        pixels[1300:1310, 3:9, -1] = 100
    filters = {"oriented": "steered", "measure": "sato", "statistic": "std", "morphology": "erode"}
    filters |= {"smoothing": "median", "preserving": "guided", "residue": "tophat"}
    one = step(filters.get(name, name), {})
    image, options, checks = Image(pixels, True, alpha), one.options(lambda key: None), []
    whole = steps.run(one.command, image, options)
    banded = steps.run(one.command, image, options, lambda: checks.append(0), banded=True)
    assert len(checks) > 2
    assert whole.pixels.dtype == banded.pixels.dtype
    assert np.array_equal(whole.pixels, banded.pixels)


def test_an_input_is_not_changed(opened):
    computing, picture = opened
    before = picture.image.pixels.copy()
    for name in ("canny", "threshold", "sobel", "harris", "blobs"):
        chain = [step(name, {}), *([step("harris", {})] if name in ("canny", "threshold") else [])]
        first = computing.results(picture, chain)[1].image.pixels.copy()
        computing.answer(picture.key, chain, View())
        computing.answer(picture.key, chain[:1], View(), stretch=True)
        assert np.array_equal(first, computing.results(picture, chain[:1])[1].image.pixels)
    assert np.array_equal(before, picture.image.pixels)


def test_many_threads_get_the_same_bytes(opened):
    computing, picture = opened
    chain = [step("median", {"size": "5"}), step("sobel", {})]
    want = computing.answer(picture.key, chain, View(), final=True).pixels
    found = []

    def ask(sigma):
        for _ in range(3):
            computing.answer(picture.key, [step("gaussian", {"sigma": sigma})], View(), final=True)
            found.append(computing.answer(picture.key, chain, View(), final=True).pixels)

    threads = [threading.Thread(target=ask, args=(f"{n}",)) for n in range(1, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 9
    assert all(np.array_equal(one, want) for one in found)


def test_an_error_names_its_step(opened):
    computing, picture = opened
    with pytest.raises(StepError, match=r"^size must be") as error:
        computing.results(picture, [step("box", {}), step("median", {"size": "0"})])
    assert error.value.place == 1


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.uint16, np.int32, np.float32])
def test_a_view_is_a_part(dtype):
    pixels = (np.arange(60 * 80).reshape(60, 80) % 2).astype(dtype)
    seen = View(0.25, 0.5, 0.75, 1.0, 1000, 1000)
    assert seen.rectangle(Image(pixels)) == (20, 30, 60, 60)
    shown = view.rgba(Image(pixels), seen, None, view.range_of(pixels))
    assert np.array_equal(shown[..., 0] > 0, pixels[30:, 20:60] > 0)
    small = view.part(Image(pixels), View(width=20, height=20))
    assert small.pixels.shape == (15, 20)


def test_a_range_ignores_what_is_not_finite():
    pixels = np.array([[np.nan, 2.0], [np.inf, 5.0]], np.float32)
    assert view.range_of(pixels) == (2.0, 5.0)
    assert view.stretched(pixels, (2.0, 5.0)).tolist() == [[0, 0], [255, 255]]


def test_the_oldest_picture_is_dropped():
    pictures = Pictures(None)
    keys = [pictures.add_sample("coins").key for _ in range(6)]
    assert [picture.key for picture in pictures.all()] == keys[-4:]
    with pytest.raises(ValueError, match="no longer open"):
        pictures.get(keys[0])
