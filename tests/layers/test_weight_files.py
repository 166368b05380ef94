"""Weights from files of NumPy and of safetensors, and files that do not fit."""

import builtins
import io
import json
import re
import struct
import sys
import zipfile

import numpy as np
import pytest

from imfilter.layers import Activation, BatchNorm, Branches, Conv, Dense, Flatten, Residual, Stack

STACK = Stack(
    [
        Conv(4, 3, padding=1, bias=False, name="stem.0"),
        BatchNorm(name="stem.1"),
        Residual([Conv(4, 3, padding=1, name="conv1")], [Conv(4, 1, name="downsample.0")], "block.0"),
        Branches({"left": [Conv(2, 1, name="0")], "right": [Activation("relu")]}, "mixed"),
        Flatten(),
        Dense(3, name="fc"),
    ],
    input_shape=(2, 4, 5),
)
SHAPES = {
    "stem.0.weight": (4, 2, 3, 3),
    "stem.1.weight": (4,),
    "stem.1.bias": (4,),
    "stem.1.running_mean": (4,),
    "stem.1.running_var": (4,),
    "block.0.conv1.weight": (4, 4, 3, 3),
    "block.0.conv1.bias": (4,),
    "block.0.downsample.0.weight": (4, 4, 1, 1),
    "block.0.downsample.0.bias": (4,),
    "mixed.left.0.weight": (2, 4, 1, 1),
    "mixed.left.0.bias": (2,),
    "fc.weight": (3, 120),
    "fc.bias": (3,),
}
ENDINGS = (".npz", ".safetensors")


def arrays(dtype="float32"):
    rng = np.random.default_rng(4)
    return {name: rng.uniform(0.5, 2, shape).astype(dtype) for name, shape in SHAPES.items()}


def save(path, named):
    """Write a file of the format of its ending."""
    if path.suffix == ".npz":
        np.savez(path, **named)
    else:
        numpy = pytest.importorskip("safetensors.numpy", reason="safetensors is an extra of its own")
        numpy.save_file(named, path)
    return path


def raw(path, entries, cut=0):
    """Write a file of safetensors by hand: entries of name, type, shape and bytes."""
    header, data = {}, b""
    for name, kind, shape, content in entries:
        places = [len(data), len(data) + len(content)]
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": places}
        data += content
    text = json.dumps(header).encode()
    whole = struct.pack("<Q", len(text)) + text + data
    path.write_bytes(whole[: len(whole) - cut])
    return path


def one_line(call, error, message):
    """The error is of this type, has this message, and is one line without the error of another library."""
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return str(caught.value)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_every_array_arrives(tmp_path, ending, dtype):
    given = arrays(dtype)
    for path in (tmp_path / f"weights{ending}", str(tmp_path / f"weights{ending}")):
        save(tmp_path / f"weights{ending}", given)
        found = STACK.load_weights(path)
        names = ["stem.0", "stem.1", "block.0.conv1", "block.0.downsample.0", "mixed.left.0", "fc"]
        assert list(found) == names
        words = ("weight", "bias", "running_mean", "running_var")
        for layer, parts in found.items():
            for word, part in zip(words, parts, strict=False):
                if f"{layer}.{word}" not in given:
                    assert part is None
                    continue
                np.testing.assert_array_equal(part, given[f"{layer}.{word}"])
                assert part.dtype == dtype
    assert STACK.forward(np.ones(STACK.input_shape), found).shape == (3,)


@pytest.mark.parametrize("ending", ENDINGS)
def test_half_precision_becomes_float32(tmp_path, ending):
    given = arrays("float16")
    found = STACK.load_weights(save(tmp_path / f"weights{ending}", given))
    assert found["fc"][0].dtype == np.float32
    np.testing.assert_array_equal(found["fc"][0], given["fc.weight"].astype(np.float32))


def test_bfloat16_becomes_float32(tmp_path):
    """Its bits are the first half of those of float32."""
    pytest.importorskip("safetensors", reason="safetensors is an extra of its own")
    stack = Stack([Dense(2, name="fc")], (3,))
    weight = np.array([[1.0, -2.5, 1e30], [0.0, np.inf, 3.140625]], np.float32)
    assert not (weight[:, [0, 1]].view(np.uint32) & 0xFFFF).any()
    bits = (weight.view(np.uint32) >> 16).astype("<u2")
    bias = np.array([5, 6], "<f4")
    entries = [("fc.weight", "BF16", (2, 3), bits.tobytes()), ("fc.bias", "F32", (2,), bias.tobytes())]
    found = stack.load_weights(raw(tmp_path / "w.safetensors", entries))
    assert found["fc"][0].dtype == np.float32
    np.testing.assert_array_equal(found["fc"][0], (bits.astype(np.uint32) << 16).view(np.float32))
    np.testing.assert_allclose(found["fc"][0], weight, rtol=2**-7)
    np.testing.assert_array_equal(found["fc"][1], bias)


def test_bfloat16_of_pytorch(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is an extra of its own")
    module = torch.nn.Sequential(torch.nn.Linear(3, 2)).to(torch.bfloat16)
    files = pytest.importorskip("safetensors.torch", reason="safetensors is an extra of its own")
    files.save_file(module.state_dict(), tmp_path / "w.safetensors")
    found = Stack([Dense(2, name="0")], (3,)).load_weights(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(found["0"][0], module[0].weight.detach().float().numpy())


@pytest.mark.parametrize("ending", ENDINGS)
def test_counts_of_batches_are_not_read(tmp_path, ending):
    given = arrays() | {"stem.1.num_batches_tracked": np.array(7)}
    assert "stem.1" in STACK.load_weights(save(tmp_path / f"w{ending}", given))


@pytest.mark.parametrize("ending", ENDINGS)
def test_other_names(tmp_path, ending):
    given = arrays()
    renamed = {name.replace("fc.", "classifier.6."): array for name, array in given.items()}
    path = save(tmp_path / f"w{ending}", renamed)
    found = STACK.load_weights(path, names={"fc": "classifier.6"})
    np.testing.assert_array_equal(found["fc"][0], given["fc.weight"])
    named = Stack(STACK.layers, STACK.input_shape, {"fc": "classifier.6"})
    np.testing.assert_array_equal(named.load_weights(path, names="pytorch")["fc"][1], given["fc.bias"])


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        ("torch", ValueError, "names must be .*'pytorch'.*, got 'torch'"),
        ("pytorch", ValueError, "names must be a mapping for a stack without pytorch_names, got 'pytorch'"),
        (["fc"], TypeError, r"names must be 'pytorch' or a mapping, got \['fc'\]"),
        ({"fc8": "fc"}, ValueError, r"names must be for 'stem.0', .* and 1 more, got one for 'fc8'"),
        ({"fc": 3}, TypeError, "names must be strings, got 3 for 'fc'"),
        ({"fc": "stem.0"}, ValueError, "names must be unique, got 'stem.0' for 'stem.0' and 'fc'"),
    ],
)
def test_names_that_do_not_fit(tmp_path, names, error, message):
    path = save(tmp_path / "w.npz", arrays())
    one_line(lambda: STACK.load_weights(path, names=names), error, message)


@pytest.mark.parametrize("ending", ENDINGS)
def test_arrays_that_do_not_fit(tmp_path, ending):
    """The message names the file, and all that is missing, left over or of another shape."""
    given = arrays()
    del given["fc.bias"], given["stem.1.running_var"]
    given |= {"fc2.weight": np.ones(3), "stem.0.bias": np.ones(4), "fc.weight": np.ones((120, 3))}
    path = save(tmp_path / f"w{ending}", given)
    message = one_line(lambda: STACK.load_weights(path), ValueError, f"^{re.escape(str(path))}: ")
    assert message == (
        f"{path}: the file must have the arrays of the layers: "
        "no array 'stem.1.running_var', 'fc.bias'; "
        f"unknown arrays {', '.join(repr(n) for n in found_order(path, ('fc2.weight', 'stem.0.bias')))}; "
        "fc.weight must be of shape (3, 120), got (120, 3)"
    )


def found_order(path, names):
    """The order in the file."""
    if path.suffix == ".npz":
        with np.load(path) as file:
            return [name for name in file.files if name in names]
    text = path.read_bytes().decode("latin1")
    return sorted(names, key=text.index)


def test_long_lists_are_cut(tmp_path):
    path = save(tmp_path / "w.npz", {f"x{i}.weight": np.ones(1) for i in range(9)})
    message = one_line(lambda: STACK.load_weights(path), ValueError, "no array .* and 8 more;")
    assert message.endswith("'x4.weight' and 4 more")
    wrong = {name: np.ones((1, 2, 3)) for name in SHAPES}
    message = one_line(lambda: STACK.load_weights(save(path, wrong)), ValueError, "another shape")
    assert message.endswith("8 more of another shape")


@pytest.mark.parametrize("name", ["w.pt", "w", "w.npy", "npz"])
def test_other_endings(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    one_line(
        lambda: STACK.load_weights(tmp_path / name),
        ValueError,
        f"{re.escape(name)}: path must end with .npz or .safetensors",
    )


@pytest.mark.parametrize("path", [3, None, b"w.npz"])
def test_paths_that_are_none(path):
    one_line(lambda: STACK.load_weights(path), TypeError, "path must be a string or a path, got ")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_is_not_there(tmp_path, ending):
    if ending == ".safetensors":
        pytest.importorskip("safetensors", reason="safetensors is an extra of its own")
    with pytest.raises(FileNotFoundError, match=f"missing{ending}") as caught:
        STACK.load_weights(tmp_path / f"missing{ending}")
    assert "\n" not in str(caught.value)
    (tmp_path / f"folder{ending}").mkdir()
    with pytest.raises(IsADirectoryError, match=f"folder{ending}"):
        STACK.load_weights(tmp_path / f"folder{ending}")


def damages(whole):
    """Bytes that are no whole file: nothing, noise, a start, an end, and bytes changed in each part."""
    yield from (b"", b"abc", b"\xff" * 200, bytes(200), whole[:-30], whole[40:], b"\x93NUMPY" + whole)
    for part in range(16):
        place = len(whole) * part // 16
        yield whole[:place] + bytes(b ^ 0x55 for b in whole[place : place + 9]) + whole[place + 9 :]


@pytest.mark.parametrize("ending", ENDINGS)
def test_damaged_files(tmp_path, ending):
    """One line that names the file. Changed samples of a safetensors file have no check sum to tell."""
    given = arrays()
    good, path = save(tmp_path / f"good{ending}", given), tmp_path / f"bad{ending}"
    refused = []
    for content in damages(good.read_bytes()):
        path.write_bytes(content)
        try:
            STACK.load_weights(path)
        except ValueError as error:
            refused.append(error)
    assert len(refused) >= (20 if ending == ".npz" else 7)
    for error in refused:
        assert str(error).startswith(f"{path}: ")
        assert "\n" not in str(error)
        assert error.__suppress_context__


@pytest.mark.parametrize(("place", "value"), [(6, 99), (8, 1)], ids=["newer version", "encrypted"])
def test_archives_of_other_kinds(tmp_path, place, value):
    path = save(tmp_path / "w.npz", arrays())
    content = bytearray(path.read_bytes())
    start = -1
    while (start := content.find(b"PK\x01\x02", start + 1)) >= 0:  # each entry of the directory
        content[start + place] = value
    path.write_bytes(content)
    one_line(lambda: STACK.load_weights(path), ValueError, f"^{re.escape(str(path))}: the file is damaged or")


def test_a_compressed_file(tmp_path):
    given = arrays()
    np.savez_compressed(tmp_path / "w.npz", **given)
    found = STACK.load_weights(tmp_path / "w.npz")
    np.testing.assert_array_equal(found["fc"][0], given["fc.weight"])


def test_other_files_with_the_ending(tmp_path):
    np.save(tmp_path / "w.npy", np.ones(3))
    (tmp_path / "w.npy").rename(tmp_path / "w.npz")
    one_line(
        lambda: STACK.load_weights(tmp_path / "w.npz"),
        ValueError,
        "w.npz: the file must be one of numpy.savez",
    )
    named = arrays() | {"fc.bias": np.array([None, {}, 3], object)}
    path = save(tmp_path / "pickled.npz", named)
    one_line(
        lambda: STACK.load_weights(path),
        ValueError,
        r"pickled.npz: .*fc.bias must contain real numbers, got objects",
    )
    named = arrays() | {"fc.bias": np.ones(3, complex)}
    path = save(tmp_path / "complex.npz", named)
    one_line(
        lambda: STACK.load_weights(path),
        ValueError,
        "complex.npz: fc.bias must contain real numbers, got dtype complex128",
    )


def test_types_without_a_numpy_type(tmp_path):
    pytest.importorskip("safetensors", reason="safetensors is an extra of its own")
    stack = Stack([Dense(2, bias=False, name="fc")], (3,))
    path = raw(tmp_path / "w.safetensors", [("fc.weight", "F8_E4M3", (2, 3), bytes(6))])
    message = "w.safetensors: fc.weight must be of dtype BF16 or F64, F32, F16, .*, got F8_E4M3"
    one_line(lambda: stack.load_weights(path), ValueError, message)
    path = raw(tmp_path / "v.safetensors", [("fc.weight", "I8", (2, 3), bytes(range(6)))])
    np.testing.assert_array_equal(stack.load_weights(path)["fc"][0], np.arange(6).reshape(2, 3))


def test_without_the_package(tmp_path, monkeypatch):
    """The message says what to install, and .npz does not need it."""
    real = builtins.__import__

    def blocked(name, *args, **kwargs):
        if name.partition(".")[0] == "safetensors":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.partition(".")[0] == "safetensors"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", blocked)
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"")
    one_line(
        lambda: STACK.load_weights(path),
        ModuleNotFoundError,
        r"w.safetensors: reading .safetensors needs the package safetensors: "
        r"pip install 'imfilter\[safetensors\]'",
    )
    assert STACK.load_weights(save(tmp_path / "w.npz", arrays()))


def test_endings_in_capitals(tmp_path):
    path = save(tmp_path / "w.npz", arrays()).rename(tmp_path / "W.NPZ")
    assert list(STACK.load_weights(path))


def test_an_array_that_claims_to_be_huge(tmp_path):
    """300 bytes that would be 7 TB: refused before memory is allocated."""
    path, header = tmp_path / "w.npz", io.BytesIO()
    description = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(header, description)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("fc.weight.npy", header.getvalue())
        archive.writestr("fc.bias.npy", header.getvalue())
    stack = Stack([Dense(2, name="fc")], (3,))
    one_line(lambda: stack.load_weights(path), ValueError, r"w.npz: .*larger than its part of the file")


def test_a_damaged_archive_is_one_short_line_without_advice_on_pickles(tmp_path):
    path = save(tmp_path / "w.npz", arrays())
    whole = path.read_bytes()
    messages = []
    for place in range(60):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
        try:
            STACK.load_weights(path)
        except ValueError as error:
            messages.append(str(error))
    assert len(messages) > 20
    assert all(len(message) < 300 + len(str(path)) for message in messages)
    assert all(message.isprintable() and "pickle" not in message for message in messages)
