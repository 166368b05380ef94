"""How many calls ran on this engine, how many ran in the original library, and why."""

import threading
from collections import Counter
from dataclasses import dataclass, field

#: The reason of calls that are left to the original because the array is small.
SMALL = "the array is small"


@dataclass(eq=False)
class Entry:
    """The calls of one function."""

    name: str
    here: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    #: Seconds of calls that ran in both ways, here and in the original.
    seconds: tuple[float, float] = (0.0, 0.0)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def calls(self) -> int:
        """The number of all calls."""
        return self.here + self.reasons.total()

    def ran(self) -> None:
        """Count a call that ran here."""
        with self._lock:
            self.here += 1

    def left(self, reason: str) -> None:
        """Count a call that ran in the original."""
        with self._lock:
            self.reasons[reason] += 1

    def measured(self, here: float, there: float) -> None:
        """Add the times of a call that ran in both ways."""
        with self._lock:
            self.seconds = self.seconds[0] + here, self.seconds[1] + there

    def copy(self) -> "Entry":
        """Return the counts as they are now."""
        with self._lock:
            return Entry(self.name, self.here, self.reasons.copy(), self.seconds)

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self.here, self.seconds = 0, (0.0, 0.0)
            self.reasons.clear()


_entries: dict[str, Entry] = {}


def entry(name: str) -> Entry:
    """Return the entry of a function, such as ``scipy.ndimage.sobel``."""
    return _entries.setdefault(name, Entry(name))


def entries() -> list[Entry]:
    """Return copies of the entries of all functions that were called, by name."""
    return [_entries[name].copy() for name in sorted(_entries) if _entries[name].calls]


def names() -> list[str]:
    """Return the names of all functions that have an entry, called or not."""
    return sorted(_entries)


def clear() -> None:
    """Forget all calls."""
    for each in list(_entries.values()):
        each.clear()
