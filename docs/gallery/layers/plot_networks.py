"""
Networks that are known
=======================

`imfilter.layers.networks` has the layers of known networks. `Stack.table` gives the
:class:`imfilter.layers.Row` of each layer before anything runs, and `Stack.memory` a
:class:`imfilter.layers.Memory`.
"""

import matplotlib.pyplot as plt

from imfilter.layers import networks

stacks = {
    "LeNet-5": networks.lenet5(),
    "AlexNet": networks.alexnet(),
    "VGG-16": networks.vgg16(),
    "VGG-19": networks.vgg19(),
    "GoogLeNet": networks.googlenet(),
    "ResNet-50": networks.resnet(50),
    "MobileNet": networks.mobilenet(),
    "MobileNet v2": networks.mobilenet_v2(),
}
parameters = [sum(row.parameters for row in stack.table()) for stack in stacks.values()]
work = [sum(row.multiplications for row in stack.table()) for stack in stacks.values()]

figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
axis.loglog(parameters, work, "o")
for name, a, b in zip(stacks, parameters, work, strict=True):
    axis.annotate(name, (a, b), xytext=(5, 5 if name == "VGG-19" else -6), textcoords="offset points")
axis.set_xlabel("parameters")
axis.set_ylabel("multiplications for one picture")
axis.margins(0.2)

# %%
# VGG has the most parameters and the most work. MobileNet has about 1/30 of both.
#
# Data: made by this code.
