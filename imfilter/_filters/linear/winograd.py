"""Winograd's short sums for large full kernels: output rows, or outputs along a line, share sums."""

from imfilter._base.loops import Placement
from imfilter._base.program import Program, Settings
from imfilter._filters.linear import winograd_line, winograd_rows
from imfilter._filters.linear.algorithm import LINE_TAP, SHARED_TAP, STAGE, Compiled, Offer, Request
from imfilter._filters.linear.direct import DIRECT
from imfilter._filters.linear.operators import Operator
from imfilter._filters.linear.winograd_sums import exact, fits, halvings, taps

#: Relative growth of the cost of a tap for each time that the rows of a sum are halved.
_SHORT_SUMS = 0.12


class Winograd(Compiled):
    """Sums of half the taps, of the image and of its differences, that make up two outputs each."""

    name = "winograd"
    fallback = DIRECT

    def shares(self, request: Request) -> bool:
        """Tell that neighbouring rows or samples share sums."""
        return True

    def offer(self, operator: Operator, request: Request, others: dict[str, Offer]) -> Offer | None:
        """Return the cost of all short sums. Sums of whole numbers must be exact."""
        line = request.shape[max(request.axes)]
        if not request.auto or not fits(operator, request.cval, line, request.real):
            return None
        if not request.along_line(operator):
            return None
        if request.exact(operator) and not exact(operator, request.peak or 0.0, request.real):
            return None
        size, one = request.real.itemsize, len(operator.shape) == 1
        tap = (LINE_TAP if one else SHARED_TAP)[size] * (1 + _SHORT_SUMS * halvings(operator.shape))
        # The line is put into the lane layout and back.
        return Offer(taps(operator.shape) * tap + (1 + one) * STAGE[size])

    def program(self, operator: Operator, settings: Settings, place: Placement) -> Program | None:
        """Return the program of short sums along the line, or over rows."""
        sums = winograd_line if len(operator.shape) == 1 else winograd_rows
        return sums.make(operator, settings, place)
