"""The arguments of the sliding window: the records of a job and of its tables."""

import numpy as np

from imfilter._simd.registers import BYTES

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "channels"),  # of the output; channels are interleaved in a line
    *("step_z", "step_y", "step_x"),  # stride of the output
    *("window_y", "span_x"),  # padded rows and columns that one output needs
    *("taps_y", "dilation_y"),  # rows of the kernel, and how far apart they are
    *("width", "size"),  # of a source element and of one in the arithmetic, in bytes
    *("far", "ahead"),  # whether lines are prefetched, and where the table of these lines is
    "plain",  # whether rows of the window are unchanged lines of one plane
    "block",  # neighbouring rows that are computed together
    "outputs",  # rows of a block that share lines; the dilation separates them from other rows
    "depth",  # rows of the window
    *("planes_per_block", "stack"),  # neighbouring planes that are computed together; bytes of a window
    "final",  # how the window is summed: see below
    "group",  # lines in each partial sum
    *("single", "double", "stop"),  # where runs of one output row begin, runs of two rows, and the end
    "norm",
    "lane_layout",  # whether lines are in the lane layout, of `lanes`
    "lanes",
    # Elements of a segment of an output line in the lane layout. Of the padded line: the distance of segments
    # in bytes, and the number of elements with the overhang.
    *("segment", "segment_step", "segment_count"),
    "straight",  # whether sums are written to the output directly
    # Positions in the workspace of lines and results, and of the addresses of both.
    *(
        "window",
        "pitch",
        "scratch",
        "lane_line",
        "raw",
        "raw_step",
        "zeros",
        "short_lines",
        "short_line_step",
    ),
    *("result", "joined", "spare", "overhang", "at_z", "at_x", "at", "at_to"),
    *("check_finite", "flag"),  # whether samples must be finite, and the flag that is set if one is not
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
    *("n_tiles", "n_planes", "n_layers", "n_across", "n_columns", "n_taps", "n_offsets"),
    # Tables: offsets of the images of a batch, borders (see `source_index`), where tiles of output columns
    # begin; padded planes, counted from an output's first, that are layers, or, if there are layers, that
    # their taps read; taps along the line; the taps of the sum over the window, which `runs` sums.
    *("batch", "border_z", "border_y", "border_x", "tiles", "columns", "layers", "taps", "runs"),
    *("offsets_z", "weights_z", "weights_x", "weights"),
    "offsets",  # in bytes, of taps that all rows of the kernel have
    *("lane_places", "line_places", "zero"),  # see `to_lanes`; an offset of 0
    # Halves of symmetric kernels and their weights. The first `n_halves` are those of the sum over the
    # window.
    *("halves", "half_weights", "n_halves"),
    # Kernels. `fetch`, `combine_source` and `sum_planes` read source elements, others those of the
    # arithmetic.
    *("prepare", "fetch", "combine_source", "fetch_real", "combine", "sum_rows", "sum_line", "sum_along"),
    *("sum_planes", "sum_window", "sum_symmetric", "to_lanes", "join", "divide", "place"),
)
#: Numbers are already rounded to the type of the arithmetic.
_NUMBERS = ("bias", "cval", "divisor")  # the divisor of sums of integers, if they are divided
JOB = np.dtype([(name, np.int64) for name in _FIELDS] + [(name, np.float64) for name in _NUMBERS])

#: How lines are summed. Tap by tap: `combine`. Row by row: `sum_rows`. Neighbours along a line in the lane
#: layout: `sum_along`. Small windows: `sum_window`. Symmetric kernels: `sum_symmetric`, `sum_symmetric_along`
#: for neighbours along a line in the lane layout, and `sum_symmetric_window` for small windows.
BY_TAP, BY_ROW, ALONG, UNROLLED, SYMMETRIC, SYMMETRIC_ALONG, SYMMETRIC_WINDOW = range(7)
#: Pixels that `sum_along` computes together, one register each: 81 taps ran at 41 and 53 multiply-adds a
#: nanosecond with 8 and 12 (Cascade Lake, AVX-512, where 70 is the most). With 8, they wait for each other.
BLOCK_ALONG = 12 if BYTES > 128 else 8

#: A layer of prepared lines: its taps over the planes, if any, its taps along the line and how they are
#: summed, and the runs of both. `border_value` is the value of its lines outside the image. For symmetric
#: kernels `half_z` and `half_x` are the addresses of their halves, and `sum_z` and `sum_x` of the kernels
#: that sum them.
_LAYER_FIELDS = (
    *("begin_z", "stop_z", "first_z", "last_z", "group_z"),
    *("begin_x", "stop_x", "first_x", "last_x", "group", "how"),
    *("half_z", "half_x", "sum_z", "sum_x"),
)
LAYER = np.dtype([(name, np.int64) for name in _LAYER_FIELDS] + [("border_value", np.float64)])

#: A tap over the planes: the padded plane, and a copy of its weight.
PLANE = np.dtype([("plane", np.int64), ("weight", np.float64)])

#: A tap of the last stage: the layer, the row of the window and the element along the line that it reads.
TAP = np.dtype([("layer", np.int64), ("row", np.int64), ("column", np.int64)])
