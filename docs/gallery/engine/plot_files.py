"""
Read and write files
====================

`io.read` returns an :class:`imfilter.io.Image` with the pixels and the metadata. `with_pixels`
keeps the metadata, and `io.write` chooses the format by the name.

The command::

    imfilter unsharp_mask chelsea.png sharp.png --sigma 1.5
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from skimage import data

import imfilter

with tempfile.TemporaryDirectory() as folder:
    first, second = Path(folder, "chelsea.png"), Path(folder, "sharp.jpg")
    imfilter.io.write(first, imfilter.io.Image(data.chelsea(), channels=True, dpi=(300, 300)))
    photo = imfilter.io.read(first)
    sharp = imfilter.unsharp_mask(photo.pixels, 1.5, channel_axis=-1)
    imfilter.io.write(second, photo.with_pixels(sharp), quality=90)
    again = imfilter.io.read(second)

pictures = {
    "read from PNG": photo.pixels[20:230, 120:330],
    "written as JPEG, read again": again.pixels[20:230, 120:330],
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4.3), layout="constrained")
for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()

# %%
# The second picture is sharper. The resolution of 300 dots per inch went through both files.
#
# Picture: `skimage.data.chelsea`, by Stéfan van der Walt, CC0.
