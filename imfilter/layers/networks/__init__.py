"""Well-known networks as stacks, with the numbers of their papers."""

from imfilter.layers.networks.alexnet import alexnet
from imfilter.layers.networks.googlenet import googlenet
from imfilter.layers.networks.lenet import lenet5
from imfilter.layers.networks.mobilenet import mobilenet, mobilenet_v2
from imfilter.layers.networks.resnet import resnet
from imfilter.layers.networks.vgg import vgg16, vgg19

__all__ = ["alexnet", "googlenet", "lenet5", "mobilenet", "mobilenet_v2", "resnet", "vgg16", "vgg19"]
