"""A denoiser learned from photographs: a kernel from every colour to every other, better than any Gaussian.

Each photograph is cleaned with what the other two taught (scikit-image has them). Its Gaussian is the best
there is, chosen by looking at the clean one. In grey that is as good; what is learned is what colours share.
"""

import sys
from pathlib import Path

import numpy as np
import skimage.data

import imfilter
from imfilter import io

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
NAMES = ("astronaut", "coffee", "chelsea")


def psnr(image, clean):
    """Return how far apart two images are, in decibels."""
    return 10 * np.log10(255**2 / np.mean((image - clean) ** 2))


rng = np.random.default_rng(0)
clean = {name: getattr(skimage.data, name)().astype(np.float32) for name in NAMES}
noisy = {name: image + rng.normal(0, 20, image.shape).astype(np.float32) for name, image in clean.items()}

print("PSNR in dB    noisy   best Gaussian   fitted 7x7")
for name in NAMES:
    learned = [other for other in NAMES if other != name]
    fitted = imfilter.fit_kernel(
        [noisy[other] for other in learned], [clean[other] for other in learned], 7, channel_axis=-1
    )
    result = fitted.apply(noisy[name])
    smooth = [imfilter.gaussian(noisy[name], sigma, channel_axis=-1) for sigma in np.arange(0.5, 2, 0.05)]
    best = max(psnr(image, clean[name]) for image in smooth)
    print(f"{name:12s} {psnr(noisy[name], clean[name]):6.2f} {best:15.2f} {psnr(result, clean[name]):12.2f}")
both = np.hstack([noisy[name][:, :225], result[:, 225:]])  # noisy on the left, cleaned on the right
io.write(FOLDER / "fitted_denoiser.png", io.Image(np.rint(both.clip(0, 255)).astype(np.uint8), channels=True))
