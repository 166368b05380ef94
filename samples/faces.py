"""Faces from other things: histograms of oriented gradients and a linear classifier, the classical detector.

Needs scikit-learn (`pip install "imfilter[sklearn]"`) and scikit-image for its pictures.
"""

import sys
from pathlib import Path

import numpy as np
import skimage.data
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from imfilter import io
from imfilter.sklearn import HOG

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

pictures = skimage.data.lfw_subset()  # 100 faces of 25 x 25 pixels, then 100 pieces without one
is_face = np.arange(200) < 100
folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=4, random_state=0)

models = {
    "pixels": LinearSVC(dual=False),
    "hog": make_pipeline(HOG(pixels_per_cell=4), LinearSVC(dual=False)),
    "hog, shared votes": make_pipeline(HOG(pixels_per_cell=4, interpolate=True), LinearSVC(dual=False)),
}
for name, model in models.items():
    samples = pictures.reshape(200, -1) if name == "pixels" else pictures
    scores = cross_val_score(model, samples, is_face, cv=folds)
    print(f"{name}: {100 * scores.mean():.1f} % right of pictures that were not learned from")

# What the last one gets wrong, and beside it as many that it gets right.
wrong = cross_val_predict(model, pictures, is_face, cv=5) != is_face
rows = [np.hstack(pictures[which][:10]) for which in (wrong, ~wrong)]
width = min(row.shape[1] for row in rows)
sheet = np.vstack([row[:, :width] for row in rows])
io.write(FOLDER / "faces.png", io.Image(np.rint(sheet * 255).astype(np.uint8)))
