"""Networks from plain parts of PyTorch, with the module names of its own implementations. Needs torch."""

import torch
from torch import nn


def unit(before, after, kernel, stride=1, groups=1):
    """A convolution, its normalization and its activation."""
    padding = kernel // 2
    conv = nn.Conv2d(before, after, kernel, stride, padding, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after), nn.ReLU6())


class Inverted(nn.Module):
    """A block of MobileNetV2."""

    def __init__(self, before, after, expansion, stride):
        super().__init__()
        wide = before * expansion
        parts = [] if expansion == 1 else [unit(before, wide, 1)]
        parts += [unit(wide, wide, 3, stride, wide), nn.Conv2d(wide, after, 1, bias=False)]
        self.conv = nn.Sequential(*parts, nn.BatchNorm2d(after))
        self.residual = stride == 1 and before == after

    def forward(self, x):
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2(nn.Module):
    """Table 2 of the paper with given channels. The first and the last are those of single layers."""

    def __init__(self, channels, classes):
        super().__init__()
        first, *middle, last = channels
        table = [(1, 1, 1), (6, 2, 2), (6, 3, 2), (6, 4, 2), (6, 3, 1), (6, 3, 2), (6, 1, 1)]
        parts, before = [unit(3, first, 3, 2)], first
        for after, (expansion, count, stride) in zip(middle, table, strict=True):
            for number in range(count):
                parts.append(Inverted(before, after, expansion, 1 if number else stride))
                before = after
        self.features = nn.Sequential(*parts, unit(before, last, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(last, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3))).softmax(1)


class Block(nn.Module):
    """A residual block of two 3x3 convolutions, or of three with a bottleneck."""

    def __init__(self, before, inner, stride, bottleneck, original):
        super().__init__()
        after = 4 * inner if bottleneck else inner
        steps = (stride, 1) if original or not bottleneck else (1, stride)
        self.conv1 = nn.Conv2d(
            before, inner, 1 if bottleneck else 3, steps[0], 0 if bottleneck else 1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, steps[1], 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.bottleneck = bottleneck
        if bottleneck:
            self.conv3 = nn.Conv2d(inner, after, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(after)
        self.downsample = None
        if stride != 1 or before != after:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        if self.bottleneck:
            y = self.bn3(self.conv3(y.relu()))
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


class ResNet(nn.Module):
    """A residual network of four groups of blocks."""

    def __init__(self, counts, bottleneck, classes, original=False):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        before = 64
        for group, count in enumerate(counts):
            inner, blocks = 64 * 2**group, []
            for number in range(count):
                stride = 2 if group and not number else 1
                blocks.append(Block(before, inner, stride, bottleneck, original))
                before = 4 * inner if bottleneck else inner
            setattr(self, f"layer{group + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(before, classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3))).softmax(1)


class VGG(nn.Module):
    """Blocks of 3x3 convolutions for images of 32 x 32 samples."""

    def __init__(self, depths, classes):
        super().__init__()
        parts, before = [], 3
        for channels, depth in zip((64, 128, 256, 512, 512), depths, strict=True):
            for _ in range(depth):
                parts += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU()]
                before = channels
            parts.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*parts)
        self.classifier = nn.Sequential(
            *(nn.Linear(512, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout()),
            nn.Linear(4096, classes),
        )

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1)).softmax(1)


class Inception(nn.Module):
    """A module of GoogLeNet."""

    def __init__(self, before, one, reduce3, three, reduce5, five, projection):
        super().__init__()
        relu = nn.ReLU()
        self.branches = nn.ModuleDict(
            {
                "1x1": nn.Sequential(nn.Conv2d(before, one, 1), relu),
                "3x3": nn.Sequential(
                    *(nn.Conv2d(before, reduce3, 1), relu, nn.Conv2d(reduce3, three, 3, padding=1), relu)
                ),
                "5x5": nn.Sequential(
                    *(nn.Conv2d(before, reduce5, 1), relu, nn.Conv2d(reduce5, five, 5, padding=2), relu)
                ),
                "pool": nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(before, projection, 1), relu),
            }
        )

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches.values()], 1)


class GoogLeNet(nn.Module):
    """Table 1 of the paper, without auxiliary classifiers."""

    def __init__(self, table, classes):
        super().__init__()
        pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        # PyTorch divides alpha by the number of channels, and the paper on AlexNet does not.
        norm = nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)
        self.start = nn.Sequential(
            *(nn.Conv2d(3, 64, 7, 2, 3), nn.ReLU(), pool, norm),
            *(nn.Conv2d(64, 64, 1), nn.ReLU(), nn.Conv2d(64, 192, 3, padding=1), nn.ReLU(), norm, pool),
        )
        self.inception, before = nn.ModuleDict(), 192
        for name, columns in table.items():
            self.inception[name] = Inception(before, *columns)
            before = columns[0] + columns[2] + columns[4] + columns[5]
        self.pool = pool
        self.fc = nn.Linear(before, classes)

    def forward(self, x):
        x = self.start(x)
        for name, module in self.inception.items():
            x = module(self.pool(x) if name in ("4a", "5a") else x)
        return self.fc(x.mean((2, 3))).softmax(1)

    def names(self):
        """Names here by the paths of the layers there."""
        found = {"conv1": "start.0", "conv2.reduce": "start.4", "conv2": "start.6"}
        places = {"1x1": {"conv": 0}, "3x3": {"reduce": 0, "conv": 2}, "5x5": {"reduce": 0, "conv": 2}}
        places["pool"] = {"projection": 1}
        for module in self.inception:
            for branch, layers in places.items():
                for layer, place in layers.items():
                    here = f"inception.{module}.branches.{branch}.{place}"
                    found[f"inception{module}.{branch}.{layer}"] = here
        return found


class AlexNet(nn.Module):
    """The network of the paper with two groups of channels."""

    def __init__(self, classes):
        super().__init__()
        norm, pool, relu = (
            nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0),
            nn.MaxPool2d(3, 2),
            nn.ReLU(),
        )
        self.conv1 = nn.Conv2d(3, 96, 11, 4)
        self.conv2 = nn.Conv2d(96, 256, 5, padding=2, groups=2)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=2)
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=2)
        self.fc6, self.fc7, self.fc8 = nn.Linear(256, 4096), nn.Linear(4096, 4096), nn.Linear(4096, classes)
        self.run = lambda x: nn.Sequential(
            *(self.conv1, relu, norm, pool, self.conv2, relu, norm, pool, self.conv3, relu),
            *(self.conv4, relu, self.conv5, relu, pool, nn.Flatten()),
            *(self.fc6, relu, self.fc7, relu, self.fc8, nn.Softmax(1)),
        )(x)

    def forward(self, x):
        return self.run(x)


class LeNet5(nn.Module):
    """The usual version: all connections, plain means, a softmax."""

    def __init__(self):
        super().__init__()
        self.c1, self.c3, self.c5 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5), nn.Conv2d(16, 120, 5)
        self.f6, self.output = nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = nn.functional.avg_pool2d(self.c1(x).tanh(), 2)
        x = nn.functional.avg_pool2d(self.c3(x).tanh(), 2)
        return self.output(self.f6(self.c5(x).tanh().flatten(1)).tanh()).softmax(1)


class MobileNet(nn.Module):
    """Version 1 with given strides and channels, with biases instead of normalization."""

    def __init__(self, first, table, classes):
        super().__init__()
        self.conv, before = nn.Conv2d(3, first, 3, 2, 1), first
        self.parts = []
        for number, (stride, after) in enumerate(table, 1):
            depthwise = nn.Conv2d(before, before, 3, stride, 1, groups=before)
            setattr(self, f"depthwise{number}", depthwise)
            setattr(self, f"pointwise{number}", nn.Conv2d(before, after, 1))
            before = after
        self.fc, self.count = nn.Linear(before, classes), len(table)

    def forward(self, x):
        x = self.conv(x).relu()
        for number in range(1, self.count + 1):
            x = getattr(self, f"depthwise{number}")(x).relu()
            x = getattr(self, f"pointwise{number}")(x).relu()
        return self.fc(x.mean((2, 3))).softmax(1)


def randomized(module, seed=0):
    """Give a module random arrays, also for its normalization, and return it for running."""
    torch.manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, std=0.2)
            nn.init.normal_(part.running_mean, std=0.2)
            nn.init.uniform_(part.running_var, 0.5, 1.5)
        elif isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(part.weight)
            if part.bias is not None:
                nn.init.normal_(part.bias, std=0.1)
    return module.eval()
