"""`imfilter pipe`: steps in floating point, bands, pictures of the result, files of steps, errors."""

from __future__ import annotations

import os
import shlex
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import imfilter
from imfilter import io, morphology, threshold
from imfilter._cli import pipe, steps, strips
from imfilter._cli.catalogue import STEPS
from imfilter._cli.command import Command
from tests.cli.commands import COINS, EXTRA, ROOT, done, failed, noise, save

CHELSEA, FLOWER = ROOT / "samples" / "chelsea.png", ROOT / "samples" / "flower.png"
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def words(command: Command) -> str:
    """Return a step that runs on any picture: the example of the command."""
    name, _, _, *options = shlex.split(command.example)
    kept = [option for option in options if option != "--signed"]
    if name == "fill":  # --nodata is an option of pipe
        kept = ["--sigma", "3"]
    return shlex.join([name, *EXTRA.get(command.name, kept)])


#: The seed is a file, and no function of one image is behind it.
ALONE = [command for command in STEPS if command.name != "reconstruct"]


def piped(source: Path, out: Path, *arguments: object) -> np.ndarray:
    done("pipe", source, out, *arguments)
    return io.read(out).pixels


def test_three_steps_are_the_functions(tmp_path: Path) -> None:
    image = io.read(COINS).pixels.astype(np.float32)
    smooth = imfilter.gaussian(image, 2.0)
    edges = imfilter.sobel(smooth)
    expected = edges > threshold.otsu(edges)
    chain = ("gaussian --sigma 2", "sobel", "threshold --method otsu")
    for count, result in enumerate((smooth, edges, expected), 1):
        found = piped(COINS, tmp_path / "out.npy", *chain[:count])
        np.testing.assert_array_equal(found, result)
        assert found.dtype == result.dtype
    found = piped(COINS, tmp_path / "out.png", *chain)
    np.testing.assert_array_equal(found, expected * np.uint8(255))
    found = piped(COINS, tmp_path / "out.tif", *chain[:2], "--dtype", "float32")
    np.testing.assert_array_equal(found, edges)
    # The response to an edge from black to white is white, as with one filter.
    found = piped(COINS, tmp_path / "out.png", *chain[:2])
    np.testing.assert_array_equal(found, np.rint(np.minimum(edges / 4, 255)).astype(np.uint8))


def test_colour_is_that_of_each_filter(tmp_path: Path) -> None:
    image = io.read(CHELSEA).pixels.astype(np.float32)
    smooth = imfilter.gaussian(image, 1.5, channel_axis=-1)
    found = piped(CHELSEA, tmp_path / "out.npy", "gaussian --sigma 1.5")
    np.testing.assert_array_equal(found, smooth)
    found = piped(CHELSEA, tmp_path / "out.npy", "gaussian --sigma 1.5", "sobel", "median --size 5")
    expected = imfilter.median(imfilter.sobel((smooth * LUMINANCE).sum(-1)), 5)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("command", ALONE, ids=lambda command: command.name)
@pytest.mark.slow
def test_one_step_is_the_command(command: Command, tmp_path: Path) -> None:
    """It differs by the rounding of the last place, because the command alone filters integers."""
    pixels = io.read(CHELSEA).pixels[100:180, 100:190]
    if command.kind == "entropy":  # of a luminance that is rounded, or not
        pixels = pixels[..., 0]
    source = save(tmp_path / "in.png", pixels)
    words_of_step = words(command)
    done(*_around(shlex.split(words_of_step), source, tmp_path / "one.png"))
    found = piped(source, tmp_path / "out.png", words_of_step)
    expected = io.read(tmp_path / "one.png").pixels
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    off = np.abs(found.astype(int) - expected)
    if found.max() == 255 and set(np.unique(expected)) <= {0, 255}:
        assert (off > 0).mean() < 0.01
    else:
        assert off.max() <= (8 if command.name == "clahe" else 1)  # bins of floats, not of whole numbers


def _around(step: list[str], source: Path, out: Path) -> list[object]:
    return [step[0], source, out, *step[1:]]


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize(
    "chain",
    [
        ("gaussian --sigma 2", "sobel", "median --size 5"),
        ("open --element disk:4", "std --size 7", "gaussian"),
        ("gaussian --mode wrap", "box --size 3", "sobel --mode wrap", "laplacian --mode wrap"),
        ("box --size 9", "threshold --method niblack", "close", "threshold"),
        ("bilateral --sigma-range 20", "unsharp-mask", "threshold --method otsu", "erode"),
        ("resize --scale 0.5", "gaussian", "sobel --axis y"),
        ("correlate --kernel 1,2,1;0,0,0;-1,-2,-1 --stride 2", "box"),
        ("non-local-means --patch 3 --search 5 --noise 4", "frangi --sigmas 1,2 --gamma 3"),
    ],
    ids=lambda chain: chain[0].partition(" ")[0],
)
def test_bands_have_the_bits_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chain: tuple[str, ...], dtype: str
) -> None:
    source = save(tmp_path / "in.png", noise(150, 61, 3, dtype=dtype))
    whole = piped(source, tmp_path / "whole.png", *chain)
    monkeypatch.setattr(strips, "_BAND", 1 << 15)
    np.testing.assert_array_equal(piped(source, tmp_path / "out.png", *chain), whole)


def test_steps_share_bands() -> None:
    image = io.Image(noise(60, 50))
    chain = steps.parse(["gaussian", "sobel", "median", "threshold", "erode", "box --mode wrap"])
    tasks, _ = pipe._prepared(chain, image, None, {"workers": None, "max_pixels": 0}, None, ignore=False)
    groups = pipe.groups(tasks, image)
    assert [[step.command.name for step in group.steps] for group in groups] == [
        ["gaussian", "sobel", "median"],
        ["threshold"],
        ["erode"],
        ["box"],
    ]
    assert groups[1].rows is None


def test_opacity(tmp_path: Path) -> None:
    done("gaussian", FLOWER, tmp_path / "one.png", "--sigma", 2)
    found = piped(FLOWER, tmp_path / "out.png", "gaussian --sigma 2").astype(int)
    expected = io.read(tmp_path / "one.png").pixels
    assert np.abs(found - expected)[expected[..., 3] > 0].max() <= 1
    assert piped(FLOWER, tmp_path / "out.png", "gaussian --sigma 2", "sobel").ndim == 2


def test_absent_samples(tmp_path: Path) -> None:
    image = noise(40, 50).astype(np.float32)
    image[10:14, 20:30] = -9999
    tifffile.imwrite(tmp_path / "in.tif", image)
    present = image != -9999
    expected = imfilter.gaussian(image, 2.0, mask=present)
    expected = imfilter.sobel(expected, nan="ignore")
    found = piped(tmp_path / "in.tif", tmp_path / "out.npy", "gaussian --sigma 2", "sobel", "--nodata", -9999)
    np.testing.assert_array_equal(found, expected)
    holes = piped(
        tmp_path / "in.tif", tmp_path / "out.tif", "box --size 3 --min-coverage 1", "--nodata", -9999
    )
    assert (holes == -9999).sum() == 6 * 12
    mask = save(tmp_path / "mask.png", present.astype(np.uint8))
    found = piped(tmp_path / "in.tif", tmp_path / "out.npy", "gaussian --sigma 2", "sobel", "--mask", mask)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_bands_beside_wide_holes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    """After the first step some pixels are absent still, but not in every band."""
    image = noise(300, 60).astype(np.float32)
    image[40:80, 5:45] = np.nan
    np.save(tmp_path / "in.npy", image)
    monkeypatch.setattr(strips, "_BAND", 1 << 12)
    steps = ("gaussian --sigma 1", "box --size 5", "sobel")
    found = piped(tmp_path / "in.npy", tmp_path / "out.npy", *steps, "--nan", "ignore", "--workers", workers)
    expected = imfilter.box(imfilter.gaussian(image, 1.0, nan="ignore"), 5, nan="ignore")
    assert np.isnan(expected).any()
    np.testing.assert_array_equal(found, imfilter.sobel(expected, nan="ignore"))


def test_values_of_floats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.npy"
    np.save(source, np.linspace(0, 1, 300, dtype=np.float64).reshape(15, 20))
    message = failed(capsys, 2, "pipe", source, tmp_path / "out.png", "box", "median")
    assert "give --full-scale" in message
    shares = np.load(source)
    found = piped(source, tmp_path / "out.png", "box", "median", "--full-scale", 1)
    expected = np.rint(imfilter.median(imfilter.box(shares, 3), 3) * 65535)
    np.testing.assert_array_equal(found, expected.astype(np.uint16))
    found = piped(source, tmp_path / "out.png", "laplacian", "--signed", "--range=-1,1", "--dtype", "uint8")
    assert abs(int(found[7, 10]) - 128) <= 1
    assert piped(source, tmp_path / "out.png", "box", "threshold").max() == 255
    assert piped(source, tmp_path / "out.npy", "box", "sobel").dtype == np.float64


@pytest.mark.parametrize("command", ALONE, ids=lambda command: command.name)
@pytest.mark.slow
def test_saved_steps_run_again(command: Command, tmp_path: Path) -> None:
    source = save(tmp_path / "in.png", noise(40, 45))
    chain = ["gaussian --sigma 1,0.5", words(command)]
    saved = tmp_path / "steps.toml"
    # In Python, the default would be that of floats, or there is none.
    chain[1] += {"bilateral": " --sigma-range 20", "guided": " --eps 100", "threshold": " --r 128"}.get(
        command.name, ""
    )
    expected = piped(source, tmp_path / "out.npy", *chain, "--save-steps", saved)
    np.testing.assert_array_equal(piped(source, tmp_path / "out.npy", "--steps", saved), expected)
    pipeline = imfilter.Pipeline.from_toml(saved)
    assert len(pipeline) == 2
    if command.name not in ("entropy", "clahe"):  # their bins are the range of the file's type
        np.testing.assert_allclose(pipeline(io.read(source).pixels), expected, rtol=1e-5, atol=1e-4)


def test_a_file_has_every_keyword_of_the_function(tmp_path: Path) -> None:
    source = save(tmp_path / "in.png", noise(50, 45))
    (tmp_path / "steps.toml").write_text(
        '[[step]]\nfilter = "gaussian"\nsigma = [1.0, 2.0]\norder = [0, 1]\n\n'
        '[[step]]\nfilter = "maximum"\nfootprint = [[1, 0, 1], [0, 1, 0]]\nmode = "edge"\n'
    )
    image = io.read(source).pixels.astype(np.float32)
    expected = imfilter.maximum(
        imfilter.gaussian(image, (1, 2), order=(0, 1)), footprint=[[1, 0, 1], [0, 1, 0]], mode="edge"
    )
    found = piped(source, tmp_path / "out.npy", "--steps", tmp_path / "steps.toml")
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "step", ["entropy --size 5", "bilateral", "guided", "clahe", "threshold --method sauvola"]
)
def test_defaults_of_the_type_do_not_depend_on_the_format(tmp_path: Path, step: str) -> None:
    """Values of .npy are those of which a picture is made."""
    source = save(tmp_path / "in.png", noise(40, 45))
    chain = ("box --size 3", step)
    done("pipe", source, tmp_path / "out.tif", *chain, "--dtype", "float32")
    raw = piped(source, tmp_path / "out.npy", *chain)
    np.testing.assert_array_equal(io.read(tmp_path / "out.tif").pixels, raw.astype(np.float32))
    picture = piped(source, tmp_path / "out.png", *chain)
    white = {"e": 8, "t": 1}.get(step[0], 255)
    np.testing.assert_array_equal(picture, np.rint(np.clip(raw * np.float32(255 / white), 0, 255)))


def test_folders_and_streams(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.png", "b/c.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        save(tmp_path / "in" / name, noise(20, 30))
    (tmp_path / "in" / "broken.png").write_bytes(b"none")
    assert imfilter_pipe(tmp_path / "in", tmp_path / "out", "gaussian", "sobel") == 1
    assert "1 failed, 2 written" in capsys.readouterr().err
    assert sorted(p.name for p in (tmp_path / "out").rglob("*.*")) == ["a.png", "c.jpg"]
    expected = piped(tmp_path / "in" / "a.png", tmp_path / "one.png", "gaussian", "sobel")
    np.testing.assert_array_equal(io.read(tmp_path / "out" / "a.png").pixels, expected)
    pictures = [tmp_path / "in" / "a.png", tmp_path / "in" / "b" / "c.jpg"]
    done("pipe", *pictures, f"{tmp_path}/two/", "gaussian", "sobel", "--suffix", "_e")
    assert sorted(os.listdir(tmp_path / "two")) == ["a_e.png", "c_e.jpg"]


def imfilter_pipe(*arguments: object) -> int:
    from tests.cli.commands import run

    return run("pipe", *arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sobl"], "step 1: unknown filter 'sobl'; did you mean 'sobel'?"),
        (["sobl", "box"], "step 1: unknown filter 'sobl'; did you mean 'sobel'?"),
        (["box", "GaussianBlur"], "step 2: unknown filter 'GaussianBlur'; here it is called 'gaussian'"),
        (["box", "opening"], "step 2: unknown filter 'opening'; here it is called 'open'"),
        (["morphology.opening"], "step 1: unknown filter 'morphology.opening'; here it is called 'open'"),
        (["threshold.otsu"], "step 1: unknown filter 'threshold.otsu'; here it is called 'threshold'"),
        (["box", "open --element foo:3"], "step 2, open: --element must be one of disk, "),
        (["box", "--format", "csv"], "--format csv is for harris, "),
        (
            ["box", "hog"],
            "step 2: unknown filter 'hog'; its result is not a picture that another step can filter",
        ),
        (["box", "sobel --size 3"], "step 2, sobel: no such option"),
        (["box", "gaussian --sigma x"], "step 2, gaussian: invalid value for '--sigma': 'x' is not a number"),
        (["box --quality 3"], "step 1, box: --quality is an option of pipe, for all steps"),
        (["sobel --signed"], "step 1, sobel: --signed is an option of pipe, for all steps"),
        (["box", "gaussian --sigma=-1"], "step 2, gaussian: sigma must be at least 0, got -1.0"),
        (["box", "total_variation"], "step 2, total_variation: missing option '--weight'"),
        (["box", "correlate"], "step 2, correlate: missing option '--kernel'"),
        (["box 3"], "step 1, box: got unexpected extra argument (3)"),
        (["box '"], 'step 1: "box \'": No closing quotation'),
        ([], "missing step; for example: imfilter pipe in.png out.png 'gaussian --sigma 2' sobel"),
    ],
)
def test_errors_name_the_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    source = save(tmp_path / "in.png", noise(9, 9))
    found = failed(capsys, 2, "pipe", source, tmp_path / "out.png", *arguments)
    assert found.startswith(message)
    assert os.listdir(tmp_path) == ["in.png"]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", 1, "must have a table [[step]] for each step"),
        ("[[step]]\nsigma = 2\n", 1, "step 1 must name its filter"),
        ("steps = 1\n", 1, "must have tables [[step]] only, got 'steps'"),
        ("[[step]\n", 1, "is not TOML: "),
        ('[[step]]\nfilter = "gausian"\n', 2, "step 1: unknown filter 'gausian'; did you mean 'gaussian'?"),
        ('[[step]]\nfilter = "gaussian"\n', 2, "step 1, gaussian: sigma is missing"),
        ('[[step]]\nfilter = "sobel"\nsigma = 2\n', 2, "step 1, sobel: has no option 'sigma'"),
        ('[[step]]\nfilter = "gaussian"\nsigma = "big"\n', 2, "step 1, gaussian: "),
        (
            '[[step]]\nfilter = "correlate"\nkernel = [[1, 2], [3]]\n',
            2,
            "step 1, correlate: kernel must be rows of numbers of equal lengths, got [[1, 2], [3]]",
        ),
        (
            '[[step]]\nfilter = "correlate"\nkernel = "1,2;3"\n',
            2,
            "step 1, correlate: --kernel rows must have equal lengths, got [2, 1]",
        ),
        ('[[step]]\nfilter = "harris"\n', 2, "step 1: harris is not a filter of the command"),
    ],
)
def test_errors_of_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: int, message: str
) -> None:
    source = save(tmp_path / "in.png", noise(9, 9))
    (tmp_path / "s.toml").write_text(text)
    found = failed(capsys, code, "pipe", source, tmp_path / "out.png", "--steps", tmp_path / "s.toml")
    assert message in found


def test_steps_from_standard_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = save(tmp_path / "in.png", noise(9, 9)), tmp_path / "out.png"
    assert imfilter_pipe(source, out, "box --size 5", "sobel", "--save-steps", "-") == 0
    text = capsys.readouterr().out
    assert text.startswith('[[step]]\nfilter = "box"\nsize = 5\n')
    expected = out.read_bytes()
    out.unlink()
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text.encode())))
    done("pipe", source, out, "--steps", "-")
    assert out.read_bytes() == expected
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"[[step")))
    assert failed(capsys, 1, "pipe", source, out, "--steps", "-").startswith("standard input: is not TOML: ")
    message = failed(capsys, 2, "pipe", "-", out, "--steps", "-")
    assert message == "IN and --steps are both -, standard input; name a file for one of them"
    message = failed(capsys, 2, "pipe", source, "-", "box", "--save-steps", "-")
    assert message == "OUT and --save-steps are both -, standard output; name a file for one of them"
    monkeypatch.setattr("sys.stdin", None)
    assert failed(capsys, 1, "pipe", source, out, "--steps", "-") == "standard input: is closed"


def test_other_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = save(tmp_path / "in.png", noise(9, 9)), tmp_path / "out.png"
    assert failed(capsys, 2, "pipe") == "missing argument 'IN'"
    assert failed(capsys, 2, "pipe", source) == "missing argument 'OUT'"
    assert "cannot be read" in failed(capsys, 1, "pipe", source, out, "--steps", tmp_path / "none.toml")
    both = failed(capsys, 2, "pipe", source, out, "box", "--steps", tmp_path / "none.toml")
    assert "--steps gives the steps" in both
    saved = failed(capsys, 2, "pipe", source, out, "bilateral", "--save-steps", tmp_path / "s.toml")
    assert saved == "step 1, bilateral: sigma_range is missing"
    saved = failed(capsys, 2, "pipe", source, out, "sobel --per-channel", "--save-steps", tmp_path / "s.toml")
    assert saved.startswith("step 1, sobel: --per-channel is not a keyword")
    wrong = ("box --size 3", "open --element foo:3", "--save-steps", tmp_path / "s.toml")
    assert failed(capsys, 2, "pipe", source, out, *wrong).startswith("step 2, open: --element must be one of")
    assert not out.exists()


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    done("pipe", "--help")
    text: Any = " ".join(capsys.readouterr().out.split())
    for word in (
        "--save-steps",
        "--skip-existing",
        "--signed",
        'Example: imfilter pipe in.png out.png "gaus',
    ):
        assert word in text
    assert morphology is imfilter.morphology
