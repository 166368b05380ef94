"""
What a layer costs
==================

`output_shape`, `parameters`, `multiplications` and `memory` need no arrays. `separable_cost` and
`stacked_kernels` compare two ways, as a :class:`imfilter.layers.Comparison`.
"""

import matplotlib.pyplot as plt
import numpy as np

from imfilter import layers

sizes = np.arange(3, 12, 2)
shape = [layers.output_shape((56, 56), int(n), padding=int(n) // 2) for n in sizes]
counts = [layers.parameters((n, n), 64, 64) for n in sizes.tolist()]
work = [layers.multiplications((56, 56), (n, n), 64, 64) for n in sizes.tolist()]
stored = layers.memory((64, 56, 56), "float32")
separable = [layers.separable_cost((56, 56), (n, n), 64, 64).cost for n in sizes.tolist()]
stacked = [layers.stacked_kernels((3, 3), (n - 1) // 2, 64) for n in sizes.tolist()]
assert isinstance(stacked[0], layers.Comparison)

figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
axis.semilogy(sizes, work, "o-", label="multiplications of conv")
axis.semilogy(sizes, separable, "o-", label="of depthwise_separable")
axis.semilogy(sizes, counts, "o-", label="parameters of conv")
axis.set_xlabel("size of the kernel")
axis.legend()

# %%
# Work grows with the square of the size. A depthwise separable layer needs a fraction of it.
#
# Data: made by this code.
