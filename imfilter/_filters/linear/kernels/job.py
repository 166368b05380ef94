"""What the sliding window is told: the records of a job and of its tables."""

import numpy as np

from imfilter._simd.vector import BYTES

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "channels"),  # of the output; channels are interleaved in a line
    *("step_z", "step_y", "step_x"),  # stride of the output
    *("window_y", "span_x"),  # padded rows and columns that one output needs
    *("taps_y", "dilation_y"),  # rows of the kernel, and how far apart they are
    *("width", "size"),  # of a source element and of one in the arithmetic, in bytes
    *("far", "ahead"),  # whether lines are asked for ahead, and where the table is that says which
    "plain",  # whether rows of the window are lines of one plane as they are
    "block",  # neighbouring rows that are computed at a time
    "outputs",  # those of a block that share rows, where the dilation keeps others apart
    "depth",  # rows of the window
    *("planes_per_block", "stack"),  # neighbouring planes that are computed at a time; bytes of a window
    "final",  # how: see below
    "group",  # lines in each partial sum
    *("single", "double", "stop"),  # where the runs of one output row begin, those of two, and end
    "norm",
    "lane_layout",  # whether lines are dealt out to `lanes`
    "lanes",
    # Elements of a dealt output line's segment; of the padded line's, how far apart they are, in bytes, and
    # how many elements there are with the overhang.
    *("segment", "segment_step", "segment_count"),
    "straight",  # whether sums are written to the output at once
    # Where in the workspace lines are put, and results, and addresses of both.
    *("window", "pitch", "scratch", "dealing", "raw", "raw_step", "zeros", "short_lines", "short_line_step"),
    *("result", "joined", "spare", "overhang", "at_z", "at_x", "at", "at_to"),
    *("check_finite", "flag"),  # whether samples must be finite, and where it is said that one is not
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
    *("n_tiles", "n_planes", "n_layers", "n_across", "n_columns", "n_taps", "n_offsets"),
    # Tables: offsets of the images of a batch, borders (see `source_index`), where tiles of output columns
    # begin; padded planes, counted from an output's first, that are layers, or, if there are layers,
    # that their taps read; taps along the line; the taps of the sum over the window, which `runs` sums.
    *("batch", "border_z", "border_y", "border_x", "tiles", "columns", "layers", "taps", "runs"),
    *("offsets_z", "weights_z", "weights_x", "weights"),
    "offsets",  # in bytes, of taps that all rows of the kernel have
    *("lane_places", "line_places", "zero"),  # see `to_lanes`; an offset of nothing
    # Halves of symmetric kernels and their weights; how many the sum over the window has, the first ones.
    *("halves", "half_weights", "n_halves"),
    # Kernels. `fetch`, `combine_source` and `sum_planes` read source elements, others the arithmetic's.
    *("prepare", "fetch", "combine_source", "fetch_real", "combine", "sum_rows", "sum_line", "sum_along"),
    *("sum_planes", "sum_window", "sum_symmetric", "to_lanes", "join", "divide", "place"),
)
#: Numbers are rounded to the arithmetic's type beforehand.
_NUMBERS = ("bias", "cval", "divisor")  # the last of sums of integers, if they are divided
JOB = np.dtype([(name, np.int64) for name in _FIELDS] + [(name, np.float64) for name in _NUMBERS])

#: How lines are summed: tap by tap with `combine`, with `sum_rows`, neighbours along a dealt line with
#: `sum_along`, small windows with `sum_window`; symmetric kernels with `sum_symmetric`, of neighbours along
#: a dealt line with `sum_symmetric_along`, over small windows with `sum_symmetric_window`.
BY_TAP, BY_ROW, ALONG, UNROLLED, SYMMETRIC, SYMMETRIC_ALONG, SYMMETRIC_WINDOW = range(7)
#: Pixels that `sum_along` computes at a time, one register each: 81 taps ran at 41 and 53 multiply-adds a
#: nanosecond with 8 and 12 (Cascade Lake, AVX-512, where 70 is the most), for 8 wait for each other.
BLOCK_ALONG = 12 if BYTES > 128 else 8

#: A layer of prepared lines: its taps over the planes, if any, its taps along the line and how they are
#: summed, and the runs of both. `border_value` is that of its lines outside the image. Of symmetric kernels
#: `half_z` and `half_x` are the addresses of their halves, `sum_z` and `sum_x` those of what sums them.
_LAYER_FIELDS = (
    *("begin_z", "stop_z", "first_z", "last_z", "group_z"),
    *("begin_x", "stop_x", "first_x", "last_x", "group", "how"),
    *("half_z", "half_x", "sum_z", "sum_x"),
)
LAYER = np.dtype([(name, np.int64) for name in _LAYER_FIELDS] + [("border_value", np.float64)])

#: A tap over the planes: which padded plane, and its weight once more.
PLANE = np.dtype([("plane", np.int64), ("weight", np.float64)])

#: A tap of the last stage: which layer, row of the window and element along the line it reads.
TAP = np.dtype([("layer", np.int64), ("row", np.int64), ("column", np.int64)])
