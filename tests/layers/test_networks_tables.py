"""Networks against the tables of their papers, and against counts by plain loops."""

import math

import pytest

from imfilter.layers import BatchNorm, Branches, Conv, Dense, Residual, networks
from tests.reference import loops

ALL = {
    "alexnet": networks.alexnet,
    "googlenet": networks.googlenet,
    "lenet5": networks.lenet5,
    "lenet5 original": lambda: networks.lenet5(original=True),
    "mobilenet": networks.mobilenet,
    "mobilenet_v2": networks.mobilenet_v2,
    "vgg16": networks.vgg16,
    "vgg19": networks.vgg19,
    **{f"resnet{depth}": lambda depth=depth: networks.resnet(depth) for depth in (18, 34, 50, 101, 152)},
    "resnet50 original": lambda: networks.resnet(50, original=True),
}


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("vgg16", 138_357_544),
        ("vgg19", 143_667_240),
        ("resnet18", 11_689_512),
        ("resnet34", 21_797_672),
        ("resnet50", 25_557_032),
        ("resnet101", 44_549_160),
        ("resnet152", 60_192_808),
        ("resnet50 original", 25_557_032),
        ("mobilenet_v2", 3_504_872),
        ("googlenet", 6_998_552),
    ],
)
def test_parameters(name, count):
    assert ALL[name]().parameters == count


@pytest.mark.parametrize("name", ALL)
def test_rows_inside_add_up_to_the_totals(name):
    stack = ALL[name]()
    inside, outside = stack.table(inside=True), stack.table()
    for total in ("parameters", "multiplications", "activations"):
        assert getattr(stack, total) == sum(getattr(row, total) for row in inside)
        assert getattr(stack, total) == sum(getattr(row, total) for row in outside)
    by_name = {row.name: row for row in inside}
    assert len(by_name) == len(inside)
    for row in outside:
        assert by_name[row.name].shape == row.shape
        assert by_name[row.name].receptive_field == row.receptive_field


def layers_of(layers, shape):
    """Yield each convolution and dense layer with the shape of its input, by a walk of the test's own."""
    for layer in layers:
        inside = {
            Residual: lambda layer: [layer.layers, layer.shortcut or ()],
            Branches: lambda layer: list(layer.branches.values()),
        }.get(type(layer), lambda layer: [])
        for part in inside(layer):
            yield from layers_of(part, shape)
        if isinstance(layer, Conv | Dense):
            yield layer, shape
        shape = layer.output(shape)


@pytest.mark.parametrize("name", ALL)
def test_multiplications_and_parameters_by_loops(name):
    """Positions are listed along each axis; each output unit multiplies every weight of its kernel."""
    stack = ALL[name]()
    multiplications = parameters = 0
    for layer, shape in layers_of(stack.layers, stack.input_shape):
        if isinstance(layer, Dense):
            multiplications += layer.units * shape[0]
            parameters += layer.units * (shape[0] + 1)
            continue
        kernel = loops.each(layer.kernel, len(shape) - 1)
        places = loops.windows(shape[1:], kernel, layer.stride, layer.padding, layer.dilation)
        if layer.connections is None:
            links = layer.out_channels * shape[0] // layer.groups
        else:
            links = sum(len(tuple(channels)) for channels in layer.connections)
        multiplications += math.prod(map(len, places)) * links * math.prod(kernel)
        parameters += links * math.prod(kernel) + layer.out_channels * layer.bias
    assert stack.multiplications == multiplications
    norms = [row for row in stack.table(inside=True) if row.kind == "BatchNorm"]
    assert stack.parameters == parameters + sum(2 * row.shape[0] for row in norms)


@pytest.mark.parametrize(
    ("name", "billions", "within"),
    [
        # He et al., table 1 ("FLOPs" are multiplications with an addition), whose figures are cut off.
        ("resnet18", 1.8, 0.1),
        ("resnet34", 3.6, 0.1),
        ("resnet50 original", 3.8, 0.1),
        # The documentation of PyTorch's own implementations.
        ("resnet50", 4.09, 0.005),
        ("resnet101", 7.80, 0.005),
        ("resnet152", 11.51, 0.005),
        ("vgg16", 15.47, 0.005),
        ("vgg19", 19.63, 0.005),
        ("mobilenet_v2", 0.30, 0.005),
    ],
)
def test_published_multiplications(name, billions, within):
    assert billions - 0.005 <= ALL[name]().multiplications / 1e9 <= billions + within


@pytest.mark.parametrize(("depth", "billions"), [(101, 7.6), (152, 11.3)])
def test_published_multiplications_of_the_original(depth, billions):
    found = networks.resnet(depth, original=True).multiplications / 1e9
    assert found == pytest.approx(billions, abs=0.05)


#: Table 1 of Szegedy et al.: channels of the input and of each column, samples of a map, weights in units of
#: 1024, and millions of multiplications.
GOOGLENET = {
    "inception3a": (192, (64, 96, 128, 16, 32, 32), 28, 159, 128),
    "inception3b": (256, (128, 128, 192, 32, 96, 64), 28, 380, 304),
    "inception4a": (480, (192, 96, 208, 16, 48, 64), 14, 364, 73),
    "inception4b": (512, (160, 112, 224, 24, 64, 64), 14, 437, 88),
    "inception4c": (512, (128, 128, 256, 24, 64, 64), 14, 463, 100),
    "inception4d": (512, (112, 144, 288, 32, 64, 64), 14, 580, 119),
    "inception4e": (528, (256, 160, 320, 32, 128, 128), 14, 840, 170),
    "inception5a": (832, (256, 160, 320, 32, 128, 128), 7, 1072, 54),
    "inception5b": (832, (384, 192, 384, 48, 128, 128), 7, 1388, 71),
}
#: Weights, in units of 1024, of the rows whose figure in the paper does not follow from the channels beside
#: it. The multiplications beside it do, except those of 5a: 100 million in 14x14 positions of 4c are 498K.
CORRECTED = {
    "inception4a": 366.75,
    "inception4c": 497.5,
    "inception4d": 590.5,
    "inception4e": 847,
    "inception5a": 1018,
    "inception5b": 1409,
}


@pytest.mark.parametrize("name", GOOGLENET)
def test_googlenet(name):
    """Row by row, without biases. Every unit of a convolution has one."""
    before, (one, reduce3, three, reduce5, five, projection), length, published, millions = GOOGLENET[name]
    rows = [row for row in networks.googlenet().table(inside=True) if row.name.startswith(f"{name}.")]
    weights = sum(row.parameters - row.shape[0] for row in rows if row.parameters)
    multiplications = sum(row.multiplications for row in rows)
    assert weights == (
        before * (one + reduce3 + reduce5 + projection) + 9 * reduce3 * three + 25 * reduce5 * five
    )
    assert multiplications == weights * length**2
    assert weights / 1024 == pytest.approx(CORRECTED.get(name, published), abs=1)
    assert weights / 1024 == pytest.approx(published, rel=0.08)
    assert multiplications / 1e6 == pytest.approx(51 if name == "inception5a" else millions, abs=1)


def test_the_other_rows_of_googlenet():
    rows = {row.name: row for row in networks.googlenet().table(inside=True)}
    # The paper says 2.7K weights and 34M multiplications for 64 kernels of 7x7. Three channels need 9.2K.
    assert rows["conv1"].parameters - 64 == 7 * 7 * 3 * 64 == 9408
    assert rows["conv1"].multiplications == 9408 * 112 * 112
    both = [rows["conv2.reduce"], rows["conv2"]]
    assert sum(row.parameters - row.shape[0] for row in both) == 112 * 1024
    assert sum(row.multiplications for row in both) / 1e6 == pytest.approx(360, abs=1)
    assert rows["fc"].parameters == 1000 * 1024 + 1000
    shapes = {
        "conv1": (64, 112, 112),
        "pool1": (64, 56, 56),
        "conv2": (192, 56, 56),
        "pool2": (192, 28, 28),
        "inception3a": (256, 28, 28),
        "inception3b": (480, 28, 28),
        "pool3": (480, 14, 14),
        "inception4a": (512, 14, 14),
        "inception4d": (528, 14, 14),
        "inception4e": (832, 14, 14),
        "pool4": (832, 7, 7),
        "inception5b": (1024, 7, 7),
        "pool": (1024,),
    }
    assert {name: rows[name].shape for name in shapes} == shapes


@pytest.mark.parametrize(
    ("width", "resolution", "millions", "parameters"),
    [
        *((1.4, 224, 582, 6.06), (1.3, 224, 509, 5.34), (1.0, 224, 300, 3.47), (1.0, 192, 221, 3.47)),
        *((1.0, 160, 154, 3.47), (1.0, 128, 99, 3.47), (1.0, 96, 56, 3.47), (0.75, 224, 209, 2.61)),
        *((0.75, 96, 39, 2.61), (0.5, 224, 97, 1.95), (0.5, 160, 50, 1.95), (0.35, 224, 59, 1.66)),
    ],
)
def test_mobilenet_v2(width, resolution, millions, parameters):
    """The table of its authors' implementation. Parameters there are those of folded normalization."""
    network = networks.mobilenet_v2(width=width, resolution=resolution)
    assert network.multiplications == pytest.approx(millions * 1e6, abs=1.01e6)
    norms = [row for row in network.table(inside=True) if row.kind == "BatchNorm"]
    assert network.parameters - sum(row.parameters for row in norms) == pytest.approx(
        parameters * 1e6, abs=0.006e6
    )


def test_the_stages_of_resnet():
    """Table 1 of He et al.: the results of the groups of blocks."""
    for depth, factor, last in ((18, 1, 1), (34, 1, 2), (50, 4, 2), (101, 4, 2), (152, 4, 2)):
        rows = {row.name: row.shape for row in networks.resnet(depth).table()}
        assert rows["conv1"] == (64, 112, 112)
        assert rows["layer1.0"] == (64 * factor, 56, 56)
        assert rows["layer2.0"] == (128 * factor, 28, 28)
        assert rows["layer3.0"] == (256 * factor, 14, 14)
        assert rows[f"layer4.{last}"] == (512 * factor, 7, 7)
        # The depth counts convolutions on the longest way, and the dense layer.
        weights = [row for row in networks.resnet(depth).table(inside=True) if row.kind in ("Conv", "Dense")]
        assert len([row for row in weights if "downsample" not in row.name]) == depth


def test_resnet_of_other_images():
    """Of signals and volumes, and of other channels."""
    signal, volume = networks.resnet(18, 5, (1, 1000)), networks.resnet(50, 5, (2, 40, 33, 64))
    assert signal.shapes[1] == (64, 500)
    assert signal.shapes[-1] == (5,)
    assert volume.table()[-5].shape == (2048, 2, 2, 2)
    # A kernel of 3 instead of 3x3, and of 7 instead of 7x7x3 weights.
    kernels = sum(row.parameters for row in networks.resnet(18, 5).table(inside=True) if row.kind == "Conv")
    square, one = 7 * 7 * 3 * 64, 7 * 64
    short = sum(
        row.parameters for row in networks.resnet(18, 5).table(inside=True) if "downsample.0" in row.name
    )
    found = sum(row.parameters for row in signal.table(inside=True) if row.kind == "Conv")
    assert found == (kernels - square - short) // 3 + one + short


def test_the_stages_of_mobilenet_v2():
    """Table 2 of Sandler et al.: the results of each group of blocks."""
    rows = {row.name: row.shape for row in networks.mobilenet_v2().table(inside=True)}
    stages = {0: (32, 112), 1: (16, 112), 3: (24, 56), 6: (32, 28), 10: (64, 14), 13: (96, 14), 16: (160, 7)}
    stages |= {17: (320, 7), 18: (1280, 7)}
    for number, (channels, length) in stages.items():
        last = {0: "1", 1: "conv.2", 18: "1"}.get(number, "conv.3")
        assert rows[f"features.{number}.{last}"] == (channels, length, length)


def test_layers_have_the_names_of_pytorch():
    names = [leaf.name for leaf in networks.resnet(50).table(inside=True)]
    for name in ("conv1", "bn1", "layer1.0.conv1", "layer1.0.downsample.0", "layer4.2.bn3", "fc"):
        assert name in names
    names = [leaf.name for leaf in networks.mobilenet_v2().table(inside=True)]
    for name in (
        "features.0.0",
        "features.1.conv.0.0",
        "features.17.conv.3",
        "features.18.1",
        "classifier.1",
    ):
        assert name in names
    assert networks.vgg19().pytorch_names["conv5_4"] == "features.34"
    numbers = {1: (0, 2), 2: (5, 7), 3: (10, 12, 14), 4: (17, 19, 21), 5: (24, 26, 28)}
    names = {
        f"conv{block}_{i}": f"features.{n}" for block in numbers for i, n in enumerate(numbers[block], 1)
    }
    names |= {"fc6": "classifier.0", "fc7": "classifier.3", "fc8": "classifier.6"}
    assert networks.vgg16().pytorch_names == names


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: networks.resnet(20), ValueError, "depth must be one of 18, 34, 50, 101, 152, got 20"),
        (lambda: networks.resnet("18"), TypeError, "depth must be an integer, got '18'"),
        (lambda: networks.resnet(18, original=1), TypeError, "original must be True or False, got 1"),
        (lambda: networks.resnet(18, 0), ValueError, r"\(Dense 'fc'\): units must be at least 1, got 0"),
        (lambda: networks.resnet(18, input_shape=(3,)), ValueError, r"layer 1 \(Conv 'conv1'\): the input"),
        (lambda: networks.mobilenet_v2(width=0), ValueError, "width must be greater than 0, got 0"),
        (lambda: networks.mobilenet_v2(width=math.nan), ValueError, "width must be finite, got nan"),
        (lambda: networks.mobilenet_v2(width="1"), TypeError, "width must be a number, got '1'"),
        (lambda: networks.mobilenet_v2(resolution=0), ValueError, "resolution must be at least 1, got 0"),
        (lambda: networks.vgg19(0), ValueError, r"\(Dense 'fc8'\): units must be at least 1, got 0"),
        (lambda: networks.googlenet("2"), TypeError, r"\(Dense 'fc'\): units must be an integer, got '2'"),
    ],
)
def test_mistakes(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_printed_tables():
    lines = str(networks.resnet(18)).splitlines()
    (line,) = [line for line in lines if "layer2.0.downsample.0" in line]
    assert line.split() == [
        *("layer2.0.downsample.0", "conv", "1x1,", "stride", "2x2", "128x28x28"),
        *("8,192", "6,422,528", "100,352", "43x43"),
    ]
    (line,) = [line for line in lines if " layer2.0 " in line]
    assert line.split() == ["9", "layer2.0", "add,", "relu", "128x28x28", "0", "0", "0", "67x67"]
    assert "batch norm, relu" in lines[3]
    assert lines[-3].split() == ["total", "11,689,512", "1,814,073,344", "2,836,456"]
    lines = str(networks.googlenet()).splitlines()
    assert any(" inception5b " in line and " concatenate " in line for line in lines)
    assert any("inception3a.pool.projection" in line and "conv 1x1, relu" in line for line in lines)


def test_folding_leaves_no_normalization():
    for network in (networks.resnet(18, 2, (3, 32, 32)), networks.mobilenet_v2(2, width=0.1, resolution=32)):
        folded, _ = network.folded(network.initial_weights())
        assert not any(row.kind == "BatchNorm" for row in folded.table(inside=True))
        assert any(row.kind == BatchNorm.__name__ for row in network.table(inside=True))
