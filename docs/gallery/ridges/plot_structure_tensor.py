"""
Gradients of a neighbourhood
============================

`structure_tensor` smooths the products of the derivatives. Its eigenvalues say how much the picture
changes along two directions.
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter

image = data.camera()[60:310, 130:380]
tensor = imfilter.structure_tensor(image, 2)
large, small = imfilter.structure_tensor_eigenvalues(image, 2)

pictures = {
    "before": image,
    "larger: edges": large**0.25,
    "smaller: corners and texture": small**0.25,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Straight edges, such as the tripod, are bright in the second picture and darker in the last one.
#
# Picture: `skimage.data.camera`, by Lav Varshney, CC0.
