"""Networks everybody knows against their published tables."""

import numpy as np
import pytest

import imfilter
from imfilter import layers
from imfilter.layers import Conv, Stack, networks
from tests.reference import loops

RNG = np.random.default_rng(37)


def test_vgg16():
    """Parameters layer by layer as in CS231n's table, and as every implementation has them."""
    network = networks.vgg16()
    assert network.parameters == 138_357_544
    assert network.multiplications == 15_470_264_320
    rows = [row for row in network.table() if row.activations]
    weights = [
        *(3 * 3 * 3 * 64, 3 * 3 * 64 * 64, 0),
        *(3 * 3 * 64 * 128, 3 * 3 * 128 * 128, 0),
        *(3 * 3 * 128 * 256, 3 * 3 * 256 * 256, 3 * 3 * 256 * 256, 0),
        *(3 * 3 * 256 * 512, 3 * 3 * 512 * 512, 3 * 3 * 512 * 512, 0),
        *(3 * 3 * 512 * 512, 3 * 3 * 512 * 512, 3 * 3 * 512 * 512, 0),
        *(7 * 7 * 512 * 4096, 4096 * 4096, 4096 * 1000),
    ]
    assert [row.parameters for row in rows[1:]] == [
        w + (row.shape[0] if w else 0) for w, row in zip(weights, rows[1:], strict=True)
    ]
    # The lines of that table, in thousands: 15.2 million together, whatever its last line says.
    table = [
        *(150, 3200, 3200, 800, 1600, 1600, 400, 800, 800, 800, 200, 400, 400, 400, 100, 100, 100, 100, 25),
        *(4.096, 4.096, 1),
    ]
    for row, thousands in zip(rows, table, strict=True):
        assert row.activations == pytest.approx(thousands * 1000, rel=0.01)
    assert network.activations == 15_237_608
    assert sum(np.prod(shape) for shape in network.shapes) - 25088 == 28_794_320  # functions kept apart


def test_vgg16_has_the_stages_of_the_paper():
    rows = {row.name: row for row in networks.vgg16(classes=10).table()}
    assert [rows[f"pool{i}"].shape for i in range(1, 6)] == [
        *((64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7))
    ]
    assert rows["fc8"].parameters == 40970


def test_alexnet():
    assert networks.alexnet().parameters == 60_965_224
    assert networks.alexnet(grouped=False).parameters == 62_378_344
    rows = {row.name: row for row in networks.alexnet().table()}
    # The paper's figure 2: neurons of each layer.
    for name, neurons in {
        "conv1": 290_400,
        "conv2": 186_624,
        "conv3": 64_896,
        "conv4": 64_896,
        "conv5": 43_264,
        "fc6": 4096,
        "fc7": 4096,
        "fc8": 1000,
    }.items():
        assert rows[name].activations == neurons
    assert networks.alexnet().multiplications == 724_406_816


def test_lenet5():
    usual = networks.lenet5()
    assert usual.parameters == 61_706
    original = networks.lenet5(original=True)
    assert original.parameters == 60_000
    rows = {row.name: row for row in original.table()}
    paper = {"c1": 156, "s2": 12, "c3": 1516, "s4": 32, "c5": 48_120, "f6": 10_164}
    assert {name: rows[name].parameters for name in paper} == paper
    shapes = {"c1": (6, 28, 28), "s2": (6, 14, 14), "c3": (16, 10, 10), "s4": (16, 5, 5), "c5": (120, 1, 1)}
    assert {name: rows[name].shape for name in shapes} == shapes
    # Connections as the paper counts them: a bias is one, at every position.
    for name, connections in {"c1": 122_304, "c3": 151_600, "c5": 48_120, "f6": 10_164}.items():
        row = rows[name]
        assert row.multiplications + row.activations == connections


def test_the_connections_of_lenet5():
    """Table I of the paper: which maps of S2 (rows) each of the 16 maps of C3 (columns) reads."""
    picture = """
        X...XXX..XXXX.XX
        XX...XXX..XXXX.X
        XXX...XXX..X.XXX
        .XXX..XXXX..X.XX
        ..XXX..XXXX.XX.X
        ...XXX..XXXX.XXX
    """
    (c3,) = [layer for layer in networks.lenet5(original=True).layers if layer.name == "c3"]
    for map_, line in enumerate(picture.split()):
        assert "".join(".X"[map_ in channels] for channels in c3.connections) == line


@pytest.mark.parametrize(
    ("width", "resolution", "millions", "parameters"),
    [
        *((1.0, 224, 569, 4.2), (0.75, 224, 325, 2.6), (0.5, 224, 149, 1.3), (0.25, 224, 41, 0.5)),
        *((1.0, 192, 418, 4.2), (1.0, 160, 290, 4.2), (1.0, 128, 186, 4.2)),
    ],
)
def test_mobilenet(width, resolution, millions, parameters):
    """Tables 6 and 7 of the paper."""
    network = networks.mobilenet(width=width, resolution=resolution)
    assert network.multiplications == pytest.approx(millions * 1e6, abs=1e6)
    assert network.parameters == pytest.approx(parameters * 1e6, abs=0.08e6)


def test_mobilenet_in_detail():
    network = networks.mobilenet()
    channels = sum(layer.out_channels for layer in network.layers if isinstance(layer, Conv))
    assert network.parameters + channels == 4_231_976  # as trained, with batch normalization
    # Table 4: with full convolutions 4866 million multiplications and 29.3 million parameters.
    full = []
    for layer in network.layers:
        if isinstance(layer, Conv) and layer.groups > 1:
            stride = layer.stride
        elif isinstance(layer, Conv) and layer.kernel == 1:
            full.append(Conv(layer.out_channels, 3, stride=stride, padding=1))
        else:
            full.append(layer)
    full = Stack(full, (3, 224, 224))
    assert full.multiplications == pytest.approx(4866e6, rel=0.001)
    assert full.parameters == pytest.approx(29.3e6, rel=0.002)


@pytest.fixture
def run(monkeypatch):
    homes = {"conv": layers, "max_pool": imfilter, "avg_pool": imfilter, "global_pool": imfilter}
    for name, home in homes.items():
        if not hasattr(home, name):
            monkeypatch.setattr(home, name, getattr(loops, name), raising=False)


@pytest.mark.parametrize("original", [False, True])
def test_lenet5_runs(run, original):
    network = networks.lenet5(original=original)
    weights = {}
    for name, layer, shape in zip(network.names, network.layers, network.shapes, strict=False):
        wanted = layer.weight_shape(shape)
        if wanted is not None:
            weights[name] = RNG.normal(size=wanted) * 0.1, RNG.normal(size=wanted[0]) * 0.1
    x = RNG.normal(size=(1, 32, 32))

    def squash(v):
        return 1.7159 * np.tanh(2 / 3 * v) if original else np.tanh(v)

    y = x[None]
    for first, second in (("c1", "s2"), ("c3", "s4")):
        weight, bias = weights[first]
        if original and first == "c3":
            (c3,) = [layer for layer in network.layers if layer.name == "c3"]
            weight = weight.copy()
            for out in range(16):
                weight[out, [i for i in range(6) if i not in c3.connections[out]]] = 0
        y = squash(loops.conv(y, weight, bias))
        y = loops.avg_pool(y, 2, axes=(2, 3))
        if original:
            factor, shift = weights[second]
            y = squash(y * factor[:, 0] + shift[:, None, None])
    y = squash(loops.conv(y, *weights["c5"]))[0, :, 0, 0]
    y = squash(weights["f6"][0] @ y + weights["f6"][1])
    if not original:
        y = np.exp(weights["output"][0] @ y + weights["output"][1])
        y /= y.sum()
    result = network.forward(x, weights)
    assert result.shape == ((84,) if original else (10,))
    np.testing.assert_allclose(result, y, rtol=1e-9)


def test_response_normalization():
    """Section 3.3 of Krizhevsky, Sutskever and Hinton: k = 2, n = 5, alpha = 1e-4, beta = 0.75."""
    function = networks.alexnet().layers[2].function
    x = RNG.normal(size=(2, 7, 2, 3)) * 100
    expected = np.empty_like(x)
    for n, i, *place in np.ndindex(x.shape):
        around = range(max(0, i - 2), min(6, i + 2) + 1)
        total = sum(x[(n, j, *place)] ** 2 for j in around)
        expected[(n, i, *place)] = x[(n, i, *place)] / (2 + 1e-4 * total) ** 0.75
    np.testing.assert_allclose(function(x), expected, rtol=1e-12)
    assert function(x.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: networks.vgg16(0), ValueError, r"layer 37 \(Dense 'fc8'\): units must be at least 1, got 0"),
        (lambda: networks.alexnet(grouped=2), TypeError, "grouped must be True or False, got 2"),
        (lambda: networks.lenet5(original=None), TypeError, "original must be True or False, got None"),
        (lambda: networks.mobilenet(width=0.03), ValueError, "width must leave a channel, .* got 0.03"),
        (lambda: networks.mobilenet(width=-1), ValueError, "width must leave a channel"),
        (lambda: networks.mobilenet(width="1"), TypeError, "width must be a number, got '1'"),
        (lambda: networks.mobilenet(resolution=0), ValueError, "resolution must be at least 1, got 0"),
        (lambda: networks.mobilenet(resolution=2.5), TypeError, "resolution must be an integer, got 2.5"),
    ],
)
def test_mistakes(call, error, message):
    with pytest.raises(error, match=message):
        call()
