"""Paragraphs of the help of a command, by kind of command."""

NOTES = {
    "shown": ("OUT is a picture.",),  # the options of each command say the rest
    "network": (
        "OUT is a picture. The names of arrays in the file of weights are layer.weight and layer.bias, and "
        "layer.running_mean and layer.running_var for batch normalization. Each array must have the shape "
        "that the network needs.",
    ),
    "series": (
        "IN and OUT are tables (.csv, .tsv, .txt) or arrays (.npy); - is standard input or output.",
        "The columns of --column are filtered in float64. All other cells and the delimiter do not change. A "
        "table of one column needs no --column. An empty cell, nan, NA, N/A, null or none is a missing "
        "sample. A cell without a result is empty (at the ends with --mode valid, and in windows with a "
        "missing sample).",
        "With --stream, lines are filtered as they arrive. The results are bit-identical to --align causal.",
    ),
    "pipe": (
        "A step is a filter with its options, in one word of the shell: 'gaussian --sigma 2'. The picture is "
        "converted to floats once, and nothing is rounded between steps. The values of OUT follow the rule "
        "of the last step: an edge from black to white stays white through derivatives.",
        "--save-steps writes the steps to a file, with the keywords of the Python functions. --steps reads "
        "it. In Python it is imfilter.Pipeline.from_toml.",
    ),
    "smoothing": (
        "Colour is filtered channel by channel. Colour is weighted with opacity, and opacity is filtered, "
        "too, so transparent pixels do not affect others. The result has the bit depth of the input.",
    ),
    "fill": (
        "Absent pixels are those of --mask, of the value --nodata, and NaN. Each becomes the mean of the "
        "pixels that are present around it, weighted by a Gaussian. The others do not change. Where none is "
        "near, the result is the value of --nodata, or else NaN, or 0 in integers. A larger --sigma fills "
        "larger holes.",
        "Colour is filled channel by channel and counts by its opacity. Opacity is filled, too.",
    ),
    "morphology": (
        "Colour is filtered channel by channel. Colour is weighted with opacity, and opacity is filtered, "
        "too. The result has the bit depth of the input. Pixels beyond the border do not count (--mode "
        "shrink).",
    ),
    "preserving": (
        "A pixel of a colour picture has one weight for all its channels. Pixels count by their opacity, and "
        "opacity is kept. --guide may be grey or in colour. Values are those of the file: white is 255 for "
        "8 bits. The result has the bit depth of the input.",
    ),
    "residue": (
        "Colour is filtered channel by channel. A transparent picture is put on black, and the result is "
        "opaque. The result has the bit depth and the scale of the input. Pixels beyond the border do not "
        "count (--mode shrink).",
    ),
    "finder": (
        "Colour is converted to luminance (BT.601). Transparent pixels are put on black. In a picture, red "
        "circles or crosses mark what is found. .csv and .json list it, the best first: positions in pixels, "
        "and the standard deviation or the correlation coefficient. .npy contains the same list for blobs, "
        "and the coefficient of every pixel for match_template.",
    ),
    "enhancement": (
        "Colour is filtered channel by channel. Opacity does not change. Wholly transparent pixels are "
        "absent. The result has the bit depth of the input.",
    ),
    "resampling": (
        "Colour is resampled channel by channel. Colour is weighted with opacity, and opacity is resampled, "
        "too, so transparent pixels do not affect others. The result has the bit depth of the input.",
    ),
    "linear": (
        "Colour is filtered channel by channel, weighted with opacity. For a kernel with sum zero, a "
        "transparent picture is put on black, and the result is opaque. Results are rounded and saturated to "
        "the bit depth of the input (--signed adds mid-grey). .npy and float TIFF contain the raw values.",
    ),
    "edges": (
        "Colour is converted to luminance (BT.601). Transparent pixels are put on black. Edges are white on "
        "black; in .npy they are true and false.",
    ),
    "threshold": (
        "Colour is converted to luminance (BT.601). Transparent pixels are put on black. Pixels above the "
        "threshold are white, others and absent ones are black. multi_otsu writes grey levels. In .npy, "
        "results are true and false, or the numbers of the classes from 0.",
    ),
    "objects": (
        "Pixels that are not black belong to objects. Colour is converted to luminance (BT.601). Transparent "
        "pixels are put on black. distance writes pixels: floats in TIFF and .npy, rounded and saturated to "
        "the bit depth of the input in other formats (--dtype uint16 for distances above 255). skeleton "
        "writes white lines on black, and true and false in .npy.",
    ),
    "regions": (
        "Colour is filtered channel by channel. Opacity does not change. No path leads through pixels that "
        "are absent, NaN or wholly transparent.",
    ),
    "denoising": (
        "Colour counts by its opacity, and opacity does not change. The result has the bit depth of the "
        "input. Numbers are in the unit of the pixels: 0 to 255 in pictures of 8 bits.",
    ),
    "corners": (
        "Colour is converted to luminance (BT.601). Transparent pixels are put on black. In a picture, red "
        "crosses mark the corners. .csv and .json list the corners, strongest first. .npy contains the raw "
        "response.",
    ),
    "descriptor": (
        "In a colour picture, each pixel uses the channel with the largest gradient. Transparent pixels "
        "are put on black. A picture shows the histogram of each cell as a star of lines. White is the "
        "histogram of a straight edge from black to white. .npy contains the descriptor.",
    ),
    "statistic": (
        "Colour is converted to luminance (BT.601). Transparent pixels are put on black, and the result is "
        "opaque. In an integer format, white is the response to a straight edge from black to the maximum of "
        "the type, along an axis. .npy and float TIFF contain the raw values.",
    ),
    "entropy": (
        "Colour is converted to luminance (BT.601), rounded to the type of the input. Transparent pixels are "
        "put on black, and the result is opaque. In an integer format, white is the largest entropy that the "
        "bins allow: 8 bits with 256 levels. .npy and float TIFF contain bits. The bins of floats need "
        "--value-range, --full-scale or --range.",
    ),
    "oriented": (
        "Colour is converted to luminance (BT.601). Transparent pixels are put on black, and the result is "
        "opaque. In an integer format, white is the response to a straight edge from black to the maximum of "
        "the type, along an axis, or 1 if there is none. .npy and float TIFF contain the raw values.",
    ),
    "measure": (
        "Colour is converted to luminance (BT.601). Transparent pixels are put on black, and the result is "
        "opaque. In an integer format, white is 1, for orientation pi/2 (black is -pi/2), and for sato the "
        "response to a straight edge from black to the maximum of the type. .npy and float TIFF contain the "
        "raw values.",
    ),
    "derivative": (
        "Colour is converted to luminance (BT.601). Transparent pixels are put on black, and the result is "
        "opaque. In an integer format, white is the response to a straight edge from black to the maximum of "
        "the type, along an axis. This rule is the same for every image. .npy and float TIFF contain the raw "
        "values.",
    ),
}
FILE_NOTES = (
    "Files are PNG, JPEG, TIFF, BMP, WebP, GIF, JPEG 2000, AVIF, PNM and .npy, and stacks: TIFF of several "
    "pages, animations, zarr, NIfTI, DICOM and films. 16 bits become 8 (divided by 257) in JPEG, BMP and "
    "WebP; --dtype uint8 or uint16 converts pictures in the same way. Values of .npy are never scaled. "
    "Transparency in JPEG or BMP needs --background. Floats in integer formats need --full-scale or --range.",
    "Without --axes, a filter works on the axes of space that a stack names, or on each page. In NIfTI and "
    "DICOM, --spacing is that of the file unless it is given.",
    "IN may be several files and folders. Then OUT is a folder (out/). - is standard input or output.",
)
