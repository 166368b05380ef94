"""Which sample of a window a filter picks, by its place among the sorted samples."""


def first(samples: int) -> int:
    """Return the place of the minimum."""
    return 0


def last(samples: int) -> int:
    """Return the place of the maximum."""
    return samples - 1


def nth(samples: int, which: int) -> int:
    """Return the place of a sample that is counted from the largest on."""
    return samples - which


def middle(samples: int) -> int:
    """Return the place of the median, or of the upper of two."""
    return samples // 2
