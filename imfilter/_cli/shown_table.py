"""The table of the commands of ``imfilter show``."""

from __future__ import annotations

from .command import Command, Option
from .table import KERNEL

#: Names of --network. A number after resnet is its argument `depth`.
NETWORKS = (
    *("alexnet", "googlenet", "lenet5", "mobilenet", "mobilenet_v2"),
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "vgg16", "vgg19"),
)

_NETWORK = (
    Option("network", "text", None, f"Name of the network: {', '.join(NETWORKS)}.", "required"),
    Option("weights", "text", None, "A .npz or .safetensors file with its weights.", "required"),
    Option(
        "names",
        "text",
        None,
        "'pytorch': the file has the names of PyTorch's own network (VGG, ResNet, MobileNetV2).",
        "ours",
    ),
    Option("classes", "count", None, "Number of classes of the network.", "the network's own"),
)
_LABEL = Option("label", "limit", None, "Number of the class, from 0.", "required")
_VALUES = Option(
    "range",
    "range",
    (0.0, 1.0),
    "LOW,HIGH: the network's values for black and white. IN is a picture of the network's size, and "
    "transparent pixels are put on black. If the network has three channels, grey is used as red, green and "
    "blue. If it has one, colour becomes luminance (BT.601). Values of .npy are not changed: (channels, "
    "rows, columns), or (rows, columns) for one channel.",
    "0,1",
)
_SIZE = Option("pixels", "count", 256, "Size of the picture.")
_SCALE = Option("scale", "text", "common", "Scale of the colours: common (one for all) or each.")
_SHEET = (
    Option("columns", "count", None, "Pictures in a row.", "a square grid"),
    Option("plain", "flag", False, "Write no labels."),
)

#: Commands of ``imfilter show``. Each is a function in ``imfilter.show``.
SHOWN: tuple[Command, ...] = (
    Command(
        "kernels",
        "shown",
        "Draw the kernels of a .npy file: negative weights blue, positive red.",
        (
            *(_SCALE, Option("pixels", "count", 64, "Size of a kernel on the sheet.")),
            Option("color", "flag", False, "Draw kernels of three input channels in colour."),
            *_SHEET,
        ),
        "show kernels weights.npy kernels.png",
    ),
    Command(
        "maps",
        "shown",
        "Draw the feature maps of a .npy file.",
        (
            Option("signed", "flag", False, "Show negative values blue, zero white, positive red."),
            *(_SCALE, Option("pixels", "count", 128, "Size of a map on the sheet.")),
            Option("channel_axis", "ends", 0, "Axis of the channels: 0 or -1."),
            *_SHEET,
        ),
        "show maps maps.npy maps.png --scale each",
    ),
    Command(
        "patches",
        "shown",
        "Draw or list the patches with the strongest response to a kernel.",
        (
            KERNEL._replace(
                help=f"{KERNEL.help} It is correlated with the luminance (BT.601) of IN, from 0 to 255, or "
                "with red, green and blue if it has three axes. Transparent pixels are put on black.",
            ),
            Option(
                "count",
                "count",
                9,
                "Maximum number of patches. If OUT is .csv or .json, it lists them: picture, row, column, "
                "response.",
            ),
            Option("size", "integers", None, "Size of a patch in pixels, or rows,columns.", "the kernel's"),
            Option("pixels", "count", 64, "Size of a patch on the sheet."),
            *_SHEET,
        ),
        "show patches in.png in.png patches.png --kernel LAPLACIAN --size 15",
    ),
    Command(
        "saliency",
        "network",
        "Draw how strongly each pixel of IN changes the score of a class.",
        (*_NETWORK, _LABEL, _VALUES, _SIZE),
        "show saliency digit.png saliency.png --network lenet5 --weights weights.npz --label 7",
    ),
    Command(
        "guided_backprop",
        "network",
        "Draw the gradient of a class score through rectifiers that pass only positive gradients.",
        (*_NETWORK, _LABEL, _VALUES, _SIZE),
        "show guided_backprop digit.png gradient.png --network lenet5 --weights weights.npz --label 7",
    ),
    Command(
        "class_model",
        "network",
        "Draw an image with a high score of a class, for the weights in IN.",
        (
            *(_NETWORK[0], *_NETWORK[2:], _LABEL),
            Option("steps", "limit", 200, "Number of steps of the gradient ascent."),
            Option("rate", "positive", 0.1, "Root mean square of the change of a step."),
            Option("l2", "number", 0.01, "Part of the image that each step removes, 0 to 1."),
            Option("blur", "number", 0.7, "Standard deviation of the smoothing between steps, in pixels."),
            _SIZE,
        ),
        "show class_model weights.npz model.png --network lenet5 --label 7",
    ),
    Command(
        "activity",
        "network",
        "Draw how often each filter of a network gives 0, for the images of a .npy file.",
        (
            *_NETWORK,
            Option(
                "pixels",
                "count",
                1024,
                "Width of a row of 128 filters in the picture. Dark filters never give 0. Light filters "
                "always give 0: they are dead. IN has the shape (N, channels, rows, columns).",
            ),
        ),
        "show activity images.npy activity.png --network alexnet --weights weights.npz",
    ),
)
