"""Functions of other libraries by their names, on this engine.

`imfilter.compat.ndimage` has the filters of `scipy.ndimage`, `imfilter.compat.cv2` those of OpenCV, and
`imfilter.compat.skimage` functions of scikit-image. They take the same arguments and return the same results.
A call that this engine cannot answer in the same way runs in the original library. `imfilter.report()` tells
how many calls ran where, and why.
"""
