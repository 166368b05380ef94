"""The memory of this process in bytes. Tests use it, and so do the processes that they start.

On Linux, `ru_maxrss` of a process begins with the memory of the process that started it. The peak in
`/proc/self/status` is that of the process itself.
"""

import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def _resident(field):
    """Return a field of the memory of this process."""
    with STATUS.open() as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(field))


def peak():
    """Return how much this process had in memory at most."""
    if STATUS.exists():
        return _resident("VmHWM")
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def restart():
    """Forget the peak where the system can. Return the least that `peak` returns from now on."""
    if not STATUS.exists():
        return peak()
    Path("/proc/self/clear_refs").write_text("5")
    return _resident("VmRSS")
