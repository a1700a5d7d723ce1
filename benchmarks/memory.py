"""How much memory a piece of work takes, where Linux reports it."""

import ctypes
import gc
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from benchmarks.support import BenchmarkFailed

T = TypeVar("T")

_STATUS: Final = Path("/proc/self/status")
_RESET_PEAK: Final = Path("/proc/self/clear_refs")


def with_peak(work: Callable[[], T]) -> tuple[T, float]:
    """What the work returns, and by how many bytes this process grew at its peak meanwhile; NaN elsewhere."""
    if not _RESET_PEAK.exists():
        return work(), float("nan")
    # What earlier work has freed but the process still holds would be used again and not be counted.
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    _RESET_PEAK.write_text("5", encoding="ascii")
    before = _memory("VmRSS")
    answer = work()
    return answer, _memory("VmHWM") - before


def _memory(name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB$", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    if found is None:
        raise BenchmarkFailed(f"{_STATUS} does not state {name}.")
    return float(found[1]) * 1024
