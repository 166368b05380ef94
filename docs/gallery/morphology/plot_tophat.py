"""
Top-hats: small details without the ground
==========================================

The white top-hat is the picture minus its opening. It keeps bright details that are smaller than
the element.

The command::

    imfilter tophat coins.png bright.png --element disk:30
"""

import matplotlib.pyplot as plt
from skimage import data

from imfilter import morphology

image = data.coins()
flat = morphology.white_tophat(image, morphology.disk(30))

pictures = {
    "before": image,
    "white_tophat": flat,
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The background was brighter at the top left. It is black everywhere now.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
