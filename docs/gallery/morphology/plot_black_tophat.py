"""
The black top-hat: dark details
===============================

The black top-hat is the closing minus the picture: dark details that are smaller than the element.

The command::

    imfilter blackhat page.png letters.png --element disk:8
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter import morphology

image = data.text()[40:170, 20:250]
letters = morphology.black_tophat(image, morphology.disk(8))

pictures = {
    "before": image,
    "black_tophat": letters,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The letters are bright, and the uneven paper is black.
#
# Picture: `skimage.data.text`, by Pete Warden, public domain.
