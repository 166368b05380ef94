"""Numbers of the units of work: tasks of rows, of tiles, of planes, of images."""

from imfilter._simd.jit import inlined


@inlined
def place_of(unit, first, second, third):
    """Return the position of a unit along four axes. The first axis is the fastest."""
    rest = unit // first
    return unit % first, rest % second, rest // second % third, rest // second // third
