"""
What a score needs
==================

`occlusion_map` covers each window and measures how far a score falls. The score can be any
function.
"""

import matplotlib.pyplot as plt
from skimage import data

import imfilter
from imfilter import show

image = data.coins()[10:210, 60:260]
template = image[18:64, 12:62]


def score(picture):
    return float(imfilter.match_template(picture, template).max())


needed = show.occlusion_map(image, score, 24, 12)

pictures = {
    "before": image,
    "the template": template,
    "occlusion_map": needed,
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# Only windows on the coin of the template change the score.
#
# Picture: `skimage.data.coins`, Brooklyn Museum, no known copyright restrictions.
