"""
Learn a kernel from examples
============================

`fit_kernel` finds the kernel and the bias that turn the noisy pictures into the clean ones with the
least squared error. `FittedKernel` applies them to another picture.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import imfilter

random = np.random.default_rng(0)
photo = data.camera().astype(np.float32)
noisy = photo + random.normal(0, 25, photo.shape).astype(np.float32)
learned = imfilter.fit_kernel(noisy[:, :256], photo[:, :256], (7, 7))
assert isinstance(learned, imfilter.FittedKernel)
image = noisy[60:260, 256:456]
result = learned.apply(image)

pictures = {
    "noisy, not in the examples": image,
    "the learned kernel": learned.kernel,
    "its result": result,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The kernel has its largest weights in the middle. It is learned from the left half of the photograph
# and applied to the right half.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
