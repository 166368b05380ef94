"""The command ``imfilter show``: sheets as pictures, patches as tables."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imfilter
from imfilter import io, show
from imfilter._cli import networks, options, shown_table, table
from imfilter._filters.show import colormap, montage
from tests.cli.commands import COINS, RNG, done, failed, noise, save
from tests.looping import loop_over

NAMES = [command.name for command in shown_table.SHOWN]
FUNCTIONS: dict[str, Any] = {"maps": show.feature_maps} | {
    name: getattr(show, name) for name in NAMES if name != "maps"
}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    np.save(tmp_path / "weights.npy", RNG.normal(size=(4, 5, 5)))
    return tmp_path / "weights.npy"


def small() -> imfilter.layers.Stack:
    """A network that is quick: four filters, of which one is dead, and three classes."""
    made = [
        imfilter.layers.Conv(4, 3, name="conv"),
        imfilter.layers.Activation("relu", name="relu"),
        imfilter.layers.Flatten(),
        imfilter.layers.Dense(3, name="fc"),
    ]
    return imfilter.layers.Stack(made, input_shape=(1, 8, 8))


def keep(path: Path | str, stack: imfilter.layers.Stack) -> dict[str, Any]:
    """Write random weights of a network to a file, and return them."""
    weights = stack.initial_weights(seed=1)
    arrays = {
        f"{name}.{part}": array
        for name, both in weights.items()
        for part, array in zip(("weight", "bias"), both, strict=True)
    }
    np.savez(path, **arrays)
    return weights


@pytest.mark.parametrize("command", shown_table.SHOWN, ids=NAMES)
def test_defaults_are_those_of_the_function(command: table.Command) -> None:
    parameters = inspect.signature(FUNCTIONS[command.name]).parameters
    for option in command.options:
        if option.shown == "required" or option.name in ("plain", "signed"):  # labels=False, and None
            continue
        if command.kind == "network" and option.name not in parameters:  # of the network and of the picture
            continue
        assert option.default == parameters[option.name].default, option.name
        assert option.form in (*options.FORMS, "flag")


@pytest.mark.parametrize("command", shown_table.SHOWN, ids=NAMES)
@pytest.mark.slow
def test_help_and_example(
    command: table.Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    done("show", command.name, "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert f"Example: imfilter {command.example}" in text
    for option in table.options_of(command):
        assert option.flag in text
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "in.png", noise(40, 50, 3))
    np.save("weights.npy", RNG.normal(size=(2, 3, 3, 3)))
    np.save("maps.npy", RNG.normal(size=(3, 30, 20)))
    save(tmp_path / "digit.png", noise(32, 32))
    assert ("--range" in text) == (command.name in ("saliency", "guided_backprop"))
    assert ("correlated" in text) == (command.name == "patches")
    assert "-" not in command.example.split()[1]  # the name is spelled as in the list
    if "alexnet" in command.example:
        monkeypatch.setattr(imfilter.layers.networks, "alexnet", small)
        np.save("images.npy", RNG.normal(size=(5, 1, 8, 8)))
        keep("weights.npz", small())
    else:
        keep("weights.npz", imfilter.layers.networks.lenet5())
    words = shlex.split(command.example)
    done(*words)
    out = [word for word in words if word.endswith(".png")][-1]
    assert io.read(out).pixels.shape[2] == 3


def test_the_group_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    done("show", "--help")
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in NAMES)
    done("--help")
    assert "  show " in capsys.readouterr().out


def test_kernels_and_maps(tmp_path: Path, weights: Path) -> None:
    values, out = np.load(weights), tmp_path / "out.png"
    done("show", "kernels", weights, out)
    np.testing.assert_array_equal(io.read(out).pixels, show.kernels(values))
    done("show", "kernels", weights, out, "--scale", "each", "--columns", 1, "--pixels", 20, "--plain")
    expected = show.kernels(values, scale="each", columns=1, pixels=20, labels=False)
    np.testing.assert_array_equal(io.read(out).pixels, expected)
    done("show", "maps", weights, out, "--channel-axis=-1")
    np.testing.assert_array_equal(io.read(out).pixels, show.feature_maps(values, channel_axis=-1))
    np.save(weights, np.abs(values))
    done("show", "maps", weights, out, "--signed")
    np.testing.assert_array_equal(io.read(out).pixels, show.feature_maps(np.abs(values), signed=True))
    done("show", "maps", weights, tmp_path / "out.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), show.feature_maps(np.abs(values)))


def test_patches_of_luminance(tmp_path: Path) -> None:
    colour, grey = save(tmp_path / "a.png", noise(30, 20, 3)), save(tmp_path / "b.png", noise(25, 40))
    deep = save(tmp_path / "c.png", noise(25, 40, dtype="uint16"))
    out = tmp_path / "out.png"
    done("show", "patches", colour, grey, deep, out, "--kernel", "LAPLACIAN", "--count", 5, "--size", "7,9")
    images = [io.read(path).pixels for path in (colour, grey, deep)]
    images = [np.stack([i] * 3, axis=-1) if i.ndim == 2 else i for i in images]
    images = [image * (255 / np.iinfo(image.dtype).max) for image in images]
    light = np.multiply.outer([0.299, 0.587, 0.114], imfilter.weights.LAPLACIAN)
    picture, places, responses = show.patches(
        images, light, 5, size=(7, 9), limits=(0, 255), channel_axis=-1, return_places=True
    )
    np.testing.assert_array_equal(io.read(out).pixels, picture)
    done("show", "patches", colour, grey, deep, tmp_path / "o.json", "--kernel", "LAPLACIAN", "--count", 5)
    rows = json.loads((tmp_path / "o.json").read_text())
    sources = [str(path) for path in (colour, grey, deep)]
    assert [sources.index(row["picture"]) for row in rows] == places[:, 0].tolist()
    assert [[row["row"], row["column"]] for row in rows] == places[:, 1:].tolist()
    np.testing.assert_allclose([row["response"] for row in rows], responses)
    done("show", "patches", colour, tmp_path / "o.csv", "--kernel", "1,2,1", "--kernel", "1,0")
    assert (tmp_path / "o.csv").read_text().startswith("picture,row,column,response\n")


def test_patches_of_a_colour_kernel(tmp_path: Path) -> None:
    source = save(tmp_path / "a.png", noise(30, 20, 3))
    kernel = RNG.normal(size=(3, 4, 5))
    np.save(tmp_path / "k.npy", kernel)
    done("show", "patches", source, tmp_path / "o.png", "--kernel", tmp_path / "k.npy")
    expected = show.patches(io.read(source).pixels / 1.0, kernel, limits=(0, 255), channel_axis=-1)
    np.testing.assert_array_equal(io.read(tmp_path / "o.png").pixels, expected)


@loop_over(
    ("code", "arguments", "words"),
    [
        (2, [], "missing picture; for example: imfilter show kernels"),
        (2, ["kernel", "W", "out.png"], "unknown picture 'kernel'; did you mean 'kernels'?"),
        (2, ["qqq"], "see imfilter show --help"),
        (2, ["kernels"], "missing argument 'IN'"),
        (2, ["kernels", "W"], "missing argument 'OUT'"),
        (2, ["patches", "C"], "missing argument"),
        (2, ["kernels", "W", "out.png", "more"], "unexpected extra argument"),
        (2, ["kernels", "W", "out.png", "--scale", "all"], "scale must be one of"),
        (2, ["kernels", "W", "out.png", "--pixels", "0"], "must be 1 or more, got 0"),
        (2, ["kernels", "W", "out.png", "--nope"], "no such option"),
        (1, ["kernels", "C", "out.png"], "coins.png: is not a .npy file"),
        (1, ["maps", "nope.npy", "out.png"], "nope.npy: cannot be read"),
        (1, ["kernels", "W", "out.svg"], "unknown file type '.svg'"),
        (1, ["kernels", "W", "out.csv"], "unknown file type '.csv'"),
        (1, ["kernels", "W", "nowhere/out.png"], "does not exist"),
        (1, ["kernels", "W", "out.png", "--color"], "weights.npy: weight must have shape (outputs, 3,"),
        (2, ["maps", "W", "out.png", "--channel-axis", "1"], "must be 0 or -1"),
        (2, ["patches", "C", "out.png"], "missing option '--kernel'"),
        (2, ["patches", "C", "out.png", "--kernel", "NOPE"], "must be a kernel in imfilter.weights ("),
        (1, ["patches", "C", "nope.png", "out.png", "--kernel", "LAPLACIAN"], "nope.png: cannot be read"),
        (1, ["patches", "W", "out.png", "--kernel", "LAPLACIAN"], "weights.npy: is not a picture"),
        (1, ["patches", "C", "out.png", "--kernel", "1", "--max-pixels", "5"], "more than the limit of 5"),
    ],
)
def test_errors(
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: int,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(weights.parent)
    places = {"W": weights, "C": COINS}
    assert words in failed(capsys, code, "show", *(places.get(word, word) for word in arguments))
    assert [path.name for path in weights.parent.iterdir()] == ["weights.npy"]


def test_a_network_is_drawn_as_its_functions_compute(tmp_path: Path) -> None:
    stack = imfilter.layers.networks.lenet5()
    weights = keep(tmp_path / "weights.npz", stack)
    picture, out = save(tmp_path / "digit.png", noise(32, 32)), tmp_path / "out.png"
    common = ("--network", "lenet5", "--label", 3)
    of_file = ("--weights", tmp_path / "weights.npz")
    image = -1 + 2 * (io.read(picture).pixels[None] / 255)
    done("show", "saliency", picture, out, *common, *of_file, "--range=-1,1", "--pixels", 64)
    expected = show.saliency(stack, weights, image, 3)
    np.testing.assert_array_equal(io.read(out).pixels, show.feature_maps(expected, pixels=64, labels=False))
    done("show", "guided-backprop", picture, out, *common, *of_file, "--range=-1,1")
    expected = show.guided_backprop(stack, weights, image, 3)
    np.testing.assert_array_equal(io.read(out).pixels, show.kernels(expected, pixels=256, labels=False))
    np.save(tmp_path / "digit.npy", image[0])
    again = tmp_path / "again.png"
    done("show", "guided-backprop", tmp_path / "digit.npy", again, *common, *of_file)
    assert again.read_bytes() == out.read_bytes()
    done("show", "class-model", tmp_path / "weights.npz", out, *common, "--steps", 3, "--blur", 0)
    expected = show.class_model(stack, weights, 3, steps=3, blur=0.0)
    np.testing.assert_array_equal(io.read(out).pixels, show.kernels(expected, pixels=256, labels=False))


@pytest.mark.parametrize(
    ("code", "options", "message"),
    [
        (
            2,
            ("--network", "lenet"),
            "--network must be one of .*lenet5.*, got 'lenet'; did you mean 'lenet5'?",
        ),
        (2, ("--network", "resnet"), "resnet18, .*, got 'resnet'; did you mean 'resnet(18|34|50)'"),
        (2, ("--network", "resnet-18"), "got 'resnet-18'; did you mean 'resnet18'"),
        (2, ("--network", "resnet(18)"), r"got 'resnet\(18\)'; did you mean 'resnet18'"),
        (2, ("--network", "resnet20"), "got 'resnet20'; did you mean 'resnet[1-5]"),
        (2, ("--network", "MobileNetV2"), "did you mean 'mobilenet_v2'"),
        (2, ("--network", "lenet5", "--names", "pytorch"), "lenet5, which has no names of PyTorch, got 'py"),
        (2, ("--network", "lenet5", "--classes", 5), "--classes must be left out for lenet5"),
        (1, ("--network", "vgg16", "--classes", 5), "the file must have the arrays of the layers"),
        (2, ("--network", "lenet5", "--names", "torch"), "--names must be 'pytorch', got 'torch'"),
        (2, ("--network", "lenet5", "--label", 10), "label must be at most 9, got 10"),
        (
            1,
            ("--network", "lenet5", "--weights", "none.npz"),
            "^none.npz: cannot be read: No such file or directory",
        ),
        (1, ("--network", "lenet5", "--weights", "."), r"^\.: "),
        (
            1,
            ("--network", "lenet5", "--weights", "folder.npz"),
            "^folder.npz: cannot be read: Is a",
        ),
        (1, ("--network", "lenet5", "--weights", "text.npz"), "^text.npz: the file"),
    ],
)
def test_networks_that_do_not_fit(
    code: int,
    options: tuple[Any, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.npz").mkdir()
    Path("text.npz").write_text("text")
    keep(tmp_path / "weights.npz", imfilter.layers.networks.lenet5())
    picture, out = save(tmp_path / "digit.png", noise(32, 32)), tmp_path / "out.png"
    given = ("--weights", tmp_path / "weights.npz", "--label", 1, *options)
    assert re.search(message, failed(capsys, code, "show", "saliency", picture, out, *given))
    assert not out.exists()


def test_a_picture_of_another_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(tmp_path / "weights.npz", imfilter.layers.networks.lenet5())
    picture = save(tmp_path / "in.png", noise(32, 31))
    given = ("--network", "lenet5", "--weights", tmp_path / "weights.npz", "--label", 1)
    line = failed(capsys, 1, "show", "saliency", picture, tmp_path / "out.png", *given)
    assert "the network needs 1x32x32 values, the file has 1x32x31" in line


def test_every_name_of_a_network_works() -> None:
    bases = {re.sub(r"^resnet\d+", "resnet", name) for name in shown_table.NETWORKS}
    assert bases == set(imfilter.layers.networks.__all__)
    for name in shown_table.NETWORKS:
        if name.startswith("resnet"):
            expected = imfilter.layers.networks.resnet(int(name[6:])).parameters
        else:
            expected = getattr(imfilter.layers.networks, name)().parameters
        assert networks._network(name, None).parameters == expected


def test_a_memory_error_is_about_the_file_of_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(*arguments: Any, **options: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(imfilter.layers.Stack, "load_weights", load)
    given = ("--network", "lenet5", "--weights", "big.npz", "--label", 1)
    line = failed(capsys, 1, "show", "saliency", COINS, tmp_path / "out.png", *given)
    assert line == "big.npz: is too large for the memory of this machine"


def three() -> imfilter.layers.Stack:
    """A network for three channels."""
    made = [imfilter.layers.Flatten(), imfilter.layers.Dense(3, name="fc")]
    return imfilter.layers.Stack(made, input_shape=(3, 4, 5))


def test_grey_is_red_green_and_blue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(imfilter.layers.networks, "alexnet", three)
    keep(tmp_path / "weights.npz", three())
    grey = noise(4, 5)
    given = ("--network", "alexnet", "--weights", tmp_path / "weights.npz", "--label", 1)
    done("show", "saliency", save(tmp_path / "grey.png", grey), tmp_path / "a.png", *given)
    colour = save(tmp_path / "colour.png", np.stack([grey] * 3, axis=-1))
    done("show", "saliency", colour, tmp_path / "b.png", *given)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    line = failed(capsys, 1, "show", "saliency", colour, tmp_path / "c.png", *given, "--max-pixels", 5)
    assert "colour.png" in line
    assert "more than the limit of 5" in line
    image = networks._image(three(), str(tmp_path / "grey.png"), (0.0, 1.0))
    np.testing.assert_array_equal(image, [grey / 255] * 3)


def wide() -> imfilter.layers.Stack:
    """A network with 300 units, of which those of weight 0 are dead."""
    made = [
        *(imfilter.layers.Dense(5, name="a"), imfilter.layers.Activation("relu", name="few")),
        *(imfilter.layers.Dense(300, name="b"), imfilter.layers.Activation("relu", name="many")),
    ]
    return imfilter.layers.Stack(made, input_shape=(2,))


def test_activity_has_rows_of_128_filters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(imfilter.layers.networks, "alexnet", wide)
    bias = np.ones(300)
    bias[[7, 200]] = -1
    parts = {"a.weight": np.zeros((5, 2)), "a.bias": np.ones(5), "b.weight": np.zeros((300, 5))}
    np.savez(tmp_path / "weights.npz", **parts, **{"b.bias": bias})
    np.save(tmp_path / "images.npy", np.ones((3, 2)))
    given = ("--network", "alexnet", "--weights", tmp_path / "weights.npz", "--pixels", 512)
    labels: list[str] = []
    arranged = montage.arranged

    def noted(pictures: Any, columns: int, words: Any, title: str) -> Any:
        labels.extend([title, *words])
        return arranged(pictures, columns, words, title)

    monkeypatch.setattr(networks.montage, "arranged", noted)
    done("show", "activity", tmp_path / "images.npy", tmp_path / "out.png", *given)
    assert labels == [
        *("dark: never 0; light: always 0 (dead)", "few: 0 of 5 dead"),
        *("", "many: 2 of 300 dead (7, 200)"),
    ]
    sheet = io.read(tmp_path / "out.png").pixels
    assert sheet.shape[1] < 600
    assert sheet.shape[0] < 200
    dark, light = (
        colormap.coloured(np.full((1, 1), value), 0, 1, signed=False)[0, 0] for value in (0.0, 1.0)
    )
    assert (sheet == light).all(axis=-1).sum() == 2 * 16  # squares of 4 pixels
    assert (sheet == dark).all(axis=-1).sum() == 303 * 16
    for shape, text in ((3, 3), "the file has 3x3"), ((2,), "the file has 2"), ((0, 2), "the file has 0x2"):
        np.save(tmp_path / "images.npy", np.ones(shape))
        line = failed(capsys, 1, "show", "activity", tmp_path / "images.npy", tmp_path / "o.png", *given)
        assert f"images.npy: the network needs Nx2 values, {text}" in line


def test_a_class_model_that_stays_zero_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(imfilter.layers.networks, "alexnet", small)
    keep(tmp_path / "weights.npz", small())
    given = ("--network", "alexnet", "--label", 1)
    done("show", "class-model", tmp_path / "weights.npz", tmp_path / "out.png", *given)
    assert "weights.npz: the gradient of the score is 0" in capsys.readouterr().err
    for option, text in (("--rate", "must be positive"), ("--steps", "must be 0 or more")):
        source = tmp_path / "weights.npz"
        line = failed(capsys, 2, "show", "class_model", source, tmp_path / "o.png", *given, option, "-1")
        assert text in line


def test_an_empty_file_of_kernels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "w.npy", np.zeros((0, 3, 3, 3)))
    for more in ((), ("--color",)):
        line = failed(capsys, 1, "show", "kernels", tmp_path / "w.npy", tmp_path / "o.png", *more)
        assert "w.npy: weight must" in line
