"""The numbers of the units into which work is cut: tasks of rows, of tiles, of planes, of images."""

from imfilter._simd.jit import inlined


@inlined
def place_of(unit, first, second, third):
    """Return where a unit is along three axes, the first the fastest, and along the one behind them."""
    rest = unit // first
    return unit % first, rest % second, rest // second % third, rest // second // third
