"""Load on one address: wrk where it is installed, else threads of this process, which cost the server some CPU."""

import http.client
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from benchmarks.support import BenchmarkFailed, percentile

_WRK: Final = shutil.which("wrk")
CLIENT: Final = "wrk with one thread" if _WRK else "threads in Python, since wrk is not installed"
_UNITS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What a server bore: requests a second, and percentiles of their time in milliseconds."""

    per_second: float
    p50: float
    p99: float


def drive(url: str, seconds: int, connections: int) -> Load:
    """GETs the address over so many kept connections, each at once again, for so long.

    Raises BenchmarkFailed when an answer is not 200.
    """
    return _wrk(_WRK, url, seconds, connections) if _WRK else _threads(url, seconds, connections)


def _wrk(program: str, url: str, seconds: int, connections: int) -> Load:
    command = [program, "--latency", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", url]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in report or "Socket errors" in report:
        raise BenchmarkFailed(report)
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", report)
    if rate is None:
        raise BenchmarkFailed(report)
    return Load(float(rate[1]), _latency(report, 50), _latency(report, 99))


def _latency(report: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([0-9.]+)(us|ms|s|m)\s*$", report, re.MULTILINE)
    if found is None:
        raise BenchmarkFailed(report)
    return float(found[1]) * _UNITS[found[2]]


def _threads(url: str, seconds: int, connections: int) -> Load:
    end = time.monotonic() + seconds
    with ThreadPoolExecutor(connections) as pool:
        taken = [each for times in pool.map(lambda _: _ask(url, end), range(connections)) for each in times]
    return Load(len(taken) / seconds, 1000 * percentile(taken, 50), 1000 * percentile(taken, 99))


def _ask(url: str, end: float) -> list[float]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    taken = []
    while (start := time.monotonic()) < end:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise BenchmarkFailed(f"{url} answered {answer.status}.")
        taken.append(time.monotonic() - start)
    connection.close()
    return taken
