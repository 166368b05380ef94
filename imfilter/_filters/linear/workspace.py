"""Positions of a job's lines: the lane layout, and the parts of the workspace."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from imfilter._base.program import Job, pitch
from imfilter._filters.linear.kernels.job import BLOCK_ALONG
from imfilter._filters.linear.tap_tables import Schedule
from imfilter._simd.prefetch import WORDS
from imfilter._simd.registers import BYTES, LINE, in_register

#: Least number of taps along a line for which the lane layout saves time: gaussian of 17 and 25 taps at 4K
#: took 20.1 and 23.5 ms in the lane layout, 16.1 and 20.0 without. 33 and 41 were even (Cascade Lake, one
#: thread).
_LEAST_TAPS = 48


@dataclass(frozen=True)
class LaneLayout:
    """How lines are put into the lane layout, if they are; see `imfilter._simd.lane_transpose`."""

    lanes: int  # 1 without the lane layout, or if only a stride moves samples
    channels: int
    widest: int  # output pixels
    span: int  # padded pixels for one output
    stride: int
    size: int  # of an element, in bytes

    @classmethod
    def of(cls, tables: Schedule, channels: int, widest: int, span: int, stride: int, real: np.dtype) -> Self:
        """Decide whether lines of at most `widest` output pixels, each from `span`, use the lane layout."""
        lanes = in_register(real)
        segment = -(-widest // lanes)
        # The taps along a line must save more time than two transpositions take, and segments must not mostly
        # overlap.
        taps = tables.longest_line
        worth = stride > 1 or (taps >= _LEAST_TAPS and segment * stride >= span)
        fits = segment * channels >= lanes
        return cls(lanes if worth and fits else 1, channels, widest, span, stride, real.itemsize)

    @property
    def active(self) -> bool:
        """Whether samples of lines are rearranged at all."""
        return self.lanes > 1 or self.stride > 1

    @property
    def neighbour(self) -> int:
        """Elements from a pixel to the next, in the lane layout without a stride; otherwise 0."""
        along = self.lanes > 1 and self.stride == 1 and self.segment >= BLOCK_ALONG
        return self.channels * self.lanes if along else 0

    @property
    def elements(self) -> Self:
        """The part of the layout that `element` and `neighbour` use. Often it is the same for all widths."""
        return self if self.active else type(self)(1, self.channels, 1, 1, 1, self.size)

    @property
    def segment(self) -> int:
        """Output pixels of a segment."""
        return -(-self.widest // self.lanes)

    @property
    def padded(self) -> int:
        """Padded pixels of a segment, with its overhang."""
        return (self.segment - 1) * self.stride + self.span

    @property
    def phase(self) -> int:
        """Padded pixels of a segment for each phase of the stride."""
        return -(-self.padded // self.stride)

    @property
    def count(self) -> int:
        """Elements of a segment in whole blocks of lanes."""
        return -(-self.padded * self.channels // self.lanes) * self.lanes

    @property
    def line(self) -> int:
        """Elements of a padded line, read in blocks."""
        return (self.lanes - 1) * self.segment * self.stride * self.channels + self.count + BYTES // self.size

    @property
    def lane_line(self) -> int:
        """Elements of a padded line in the lane layout."""
        return (min(self.stride, self.padded) * self.phase * self.channels + self.lanes) * self.lanes

    @property
    def output_line(self) -> int:
        """Elements of an output line in the window."""
        return self.segment * self.lanes * self.channels

    def element(self, columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return where padded columns of a segment are in the lane layout, in elements."""
        if not self.active:
            return columns * self.channels
        where = columns % self.stride * self.phase + columns // self.stride
        return where * self.channels * self.lanes

    def exact(self, tiles: npt.NDArray[np.int64]) -> bool:
        """Tell whether the segments of every tile are full."""
        return bool(self.lanes == 1 or (np.diff(tiles) == self.segment * self.lanes).all())

    def named(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return the tables of the kernels."""
        if not self.active:
            return {}
        pixels, channel = np.divmod(np.arange(self.count), self.channels)
        where = self.element(pixels) + channel * self.lanes
        spilt = np.arange(self.count) - self.padded * self.channels  # the last block ends after the segment
        end = min(self.stride, self.padded) * self.phase * self.channels
        where = np.where(spilt >= 0, (end + spilt) * self.lanes, where)
        line_places = np.arange(self.lanes) * self.segment * self.channels
        return {"lane_places": where * self.size, "line_places": line_places * self.size}

    def set_geometry(self, job: Job) -> None:
        """Write the geometry to the job."""
        job["segment"] = self.segment * self.channels
        job["segment_step"] = self.segment * self.stride * self.channels * self.size
        job["segment_count"] = self.count


def part_workspace(
    job: Job, to_lanes: LaneLayout, line: int, source: np.dtype, target: np.dtype, real: np.dtype
) -> int:
    """Write the positions of everything in the workspace to `job`, and return the workspace's size.

    `line` is the length of a whole source line, in elements. In a fetched line, the first sample of the
    image, after the border, begins a cache line. With stores across two cache lines, fetching took 8 instead
    of 5 cycles for 16 float32 (Cascade Lake).
    """
    prepared, across, lane_layout = job["n_columns"] > 0, job["n_across"], to_lanes.active
    slack = BYTES // real.itemsize  # elements that a last vector reads after a line
    elements = to_lanes.output_line if prepared else to_lanes.lane_line if lane_layout else to_lanes.line
    job["pitch"] = pitch((elements + slack) * real.itemsize)
    layers = job["n_layers"] if prepared else job["n_planes"]
    block, planes_per_block = job["block"], job["planes_per_block"]
    job["stack"] = layers * job["depth"] * job["pitch"]
    job["raw_step"] = pitch((line + slack) * real.itemsize)
    sizes = {
        "window": planes_per_block * job["stack"],
        "scratch": to_lanes.line * real.itemsize if prepared or lane_layout else 0,
        "lane_line": (to_lanes.lane_line + slack) * real.itemsize if lane_layout else 0,
        "raw": planes_per_block * job["raw_step"] if across else 0,
        "zeros": (line + slack) * source.itemsize if across else 0,
        "short_lines": (across + planes_per_block) * slack * source.itemsize if line < slack else 0,
        "result": block * job["pitch"],
        "joined": (to_lanes.output_line + slack) * real.itemsize if to_lanes.lanes > 1 else 0,
        "spare": 0 if job["target_packed"] else to_lanes.output_line * target.itemsize,
        "overhang": (BYTES + 8) * max(block, planes_per_block),
        "at_z": 8 * (across + planes_per_block),
        "at_x": 8 * (job["n_columns"] + job["n_taps"] + BLOCK_ALONG),
        "at": 8 * (2 * job["n_taps"] + job["depth"]),
        "at_to": 8 * max(block, planes_per_block, BLOCK_ALONG),
        "flag": 8,
        "ahead": 8 * (WORDS + block * job["step_y"]),
    }
    border = -job["before_x"] * job["channels"] * real.itemsize % LINE
    fetched = "scratch" if prepared or lane_layout else "window"
    total = LINE  # shuffled sums also load the samples of a cache line before the first tap
    for name, size in sizes.items():
        job[name] = total + (border if name == fetched else 0)
        total += (-(-size // LINE) + 1) * LINE
    job["short_line_step"] = slack * source.itemsize
    if not sizes["short_lines"]:
        job["short_lines"] = -1
    return total + LINE
