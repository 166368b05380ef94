"""The job of convolution layers."""

import numpy as np

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "columns"),  # of the output
    *("groups", "inputs", "outputs", "channels"),  # channels of a group; `channels` of a line is 1
    *("stride_z", "stride_y", "stride_x", "dilation_z", "window_z", "window_y", "window_x"),
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_n", "source_k", "source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_n", "target_k", "target_z", "target_y", "target_x", "target_c", "target_packed"),
    "size",  # of an element of the sums, in bytes
    "check_finite",  # 0: samples are not checked
    *("copied_in", "copied_out"),  # whether rows of the image, and of the output, are copied as they are
    # Rows and columns of outputs of a band; samples and bytes of a copied row; samples of a padded row.
    *("band", "wide", "stretch", "pitch", "span"),
    # Parts of the outputs of a group, one for each unit; outputs of a block, which are computed together;
    # blocks of a group.
    *("parts", "block", "blocks"),
    # Bytes of copied planes and channels, and number of input channels in a partial sum.
    *("plane_step", "channel_step", "channels_per_block"),
    # Tables: borders (see `source_index`); the padded row of each copied row, counted from the first of the
    # band; the offset of each tap, and of each sample of a line after the split into phases, in bytes.
    *("border_z", "border_y", "border_x", "slots", "n_slots", "taps", "n_taps", "to_lanes"),
    *("weights", "bias"),  # for each block of outputs, input channel, tap and output of the block
    # Workspace offsets: copied rows, a line before its split into phases, sums, and memory of kernels.
    *("rows_at", "line", "sums", "sums_step", "tiles", "spare", "flag"),
    *("fetch", "transpose_line", "convolve", "place"),  # kernels; the second is 0 without strides along lines
    "correlate_rows",  # writes the outputs in place of `convolve` and `place`; 0 if it does not apply
)
LAYER_JOB = np.dtype([*((name, np.int64) for name in _FIELDS), ("cval", np.float64)])
