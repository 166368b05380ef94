"""What the help of a command says, beside its options: one paragraph or more for each kind."""

NOTES = {
    "shown": (
        "OUT is a picture; .csv and .json list patches: picture, row, column, response. Kernels are "
        "correlated with the luminance (BT.601) of pictures, from 0 to 255, or, if they have three axes, "
        "with red, green and blue; transparency is seen over black.",
    ),
    "series": (
        "IN and OUT are tables (.csv, .tsv, .txt) or arrays (.npy); - is standard input or output.",
        "Of a table, --column says what is filtered, in float64, and everything else is passed through as it "
        "is, the delimiter too. A table of one column needs no --column. An empty cell, nan, NA, N/A, null "
        "or none is a missing sample. Where there is no result (at the ends with --mode valid, in windows "
        "with a missing sample) the cell is empty.",
        "With --stream, results are those of --align causal: line by line, and to the last bit.",
    ),
    "smoothing": (
        "Colour is filtered channel by channel. Transparent pixels do not bleed: colour is weighed with "
        "its opacity, which is filtered too. The result has the input's bit depth.",
    ),
    "linear": (
        "Colour is filtered channel by channel, weighed with opacity; a kernel whose sum is zero sees a "
        "transparent picture over black and gives an opaque one. Results are rounded and saturated to the "
        "input's bit depth (--signed adds mid-grey); .npy and float TIFF get the raw values.",
    ),
    "edges": (
        "Colour is reduced to luminance (BT.601), transparency is seen over black. Edges are white on black; "
        "in .npy they are true and false.",
    ),
    "corners": (
        "Colour is reduced to luminance (BT.601), transparency is seen over black. A picture has red "
        "crosses on its corners; .csv and .json list them, strongest first; .npy has the raw response.",
    ),
    "descriptor": (
        "Of a colour picture, the strongest channel counts at each pixel; transparency is seen over black. "
        "A picture shows the histogram of each cell as a star of lines, white where it is that of a straight "
        "edge from black to white; .npy has the descriptor.",
    ),
    "derivative": (
        "Colour is reduced to luminance (BT.601), transparency is seen over black, and the result is opaque. "
        "In an integer format, white is the response to a straight edge from black to the type's maximum, "
        "along an axis: the same rule for every image. .npy and float TIFF get the raw values.",
    ),
}
FILE_NOTES = (
    "Files are PNG, JPEG, TIFF, BMP, WebP and .npy. 16 bits become 8 (divided by 257) in JPEG, BMP and WebP; "
    "--dtype uint8 or uint16 converts pictures likewise, while .npy values are never scaled. Transparency in "
    "JPEG or BMP needs --background. Floats in integer formats need --full-scale or --range.",
)
