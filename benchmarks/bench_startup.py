"""How soon does a second `make run` serve, and what does it hold in memory when idle?"""

import subprocess
import sys
import time
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from statistics import median
from typing import Final

import psutil

from benchmarks.bench_upload import Client, Photos, upload_quietly
from benchmarks.report import table
from benchmarks.support import BenchmarkFailed, interleave
from tests.support.services import service_folder
from tests.support.stack import QUICK, Stack, running_stack, settled

ROUNDS: Final = 3
TARGET_SECONDS: Final = 8
TARGET_MIB: Final = 1100
# The tests' short intervals would have the sweeper and the index run far more often than they do.
AS_INSTALLED: Final = dict.fromkeys(QUICK, "") | {"VITRINE_WEIGHTS_DOWNLOAD": "false"}
# The first sweep has run by then.
_SETTLING_SECONDS: Final = 15
_PEER: Final = "import torch"
# Of the command lines of what the stack starts, the first that fits.
_NAMES: Final = {
    "watchdog.py": "watchdog",
    "gunicorn": "front end",
    "beat": "beat",
    "cpu@": "cpu worker",
    "embed@": "embedding worker",
    "predict@": "prediction worker",
    "valkey": "Valkey",
    "postgres": "PostgreSQL",
}


def run() -> str:
    """The section of RESULTS.md."""
    photos = Photos()
    with service_folder("bench") as data:
        with running_stack(data, AS_INSTALLED):
            pass  # makes the data
        seconds = interleave(
            {"stack": lambda: _start(data), "peer": _start_peer, "photo": lambda: _first_photo(data, photos)},
            ROUNDS,
        )
        with running_stack(data, AS_INSTALLED) as stack, stack.client() as client:
            # So that there is nothing left to index when it starts again.
            settled(client)
        with running_stack(data, AS_INSTALLED) as stack, stack.client() as client:
            time.sleep(_SETTLING_SECONDS)
            idle = _memory(stack)
            uploads = Client(stack.url)
            upload_quietly(uploads, photos)
            uploads.close()
            settled(client)
            after = _memory(stack)
    head = ("a second start", "seconds", "target")
    rows = [
        ("until the site answers and all workers take jobs", _shown(seconds["stack"]), f"≤ {TARGET_SECONDS}"),
        ("until a photo sent at once is analysed and embedded", _shown(seconds["photo"]), ""),
        (f"peer: `python -c '{_PEER}'`", _shown(seconds["peer"]), ""),
    ]
    processes = [
        (name, str(count), f"{megabytes:.0f}", f"{after[name][1]:.0f}", "")
        for name, (count, megabytes) in sorted(idle.items())
    ]
    processes.append(("all", "", f"{_total(idle):.0f}", f"{_total(after):.0f}", f"idle ≤ {TARGET_MIB}"))
    return (
        "How soon does a second `make run` serve, and what does it hold in memory when idle?\n\n"
        f"{table(head, rows)}\n\n"
        f"Median of {ROUNDS} starts over the same data, in turns; the files that are read are in the page cache.\n\n"
        f"{table(('MiB (PSS)', 'processes', 'idle', 'after a photo', 'target'), processes)}\n\n"
        f"Idle: {_SETTLING_SECONDS} s after a start. After a photo: it has been analysed, embedded and indexed, for which a cpu "
        "process has imported torch. PSS counts a page that several processes share in parts."
    )


def _start(data: Path) -> float:
    start = time.perf_counter()
    with running_stack(data, AS_INSTALLED) as stack:
        seconds = time.perf_counter() - start
        with stack.client() as client:
            for path in ("/readyz", "/"):
                if client.get(path).status_code != HTTPStatus.OK:
                    raise BenchmarkFailed(f"{path} does not answer though Vitrine is ready.")
    return seconds


def _first_photo(data: Path, photos: Photos) -> float:
    start = time.perf_counter()
    with running_stack(data, AS_INSTALLED) as stack:
        client = Client(stack.url)
        upload_quietly(client, photos)
        seconds = time.perf_counter() - start
        client.close()
    return seconds


def _start_peer() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", _PEER], check=True)
    return time.perf_counter() - start


def _memory(stack: Stack) -> dict[str, tuple[int, float]]:
    """How many processes each part of the stack has, and their MiB."""
    supervisor = psutil.Process(stack.process.pid)
    families = {"supervisor": [supervisor]}
    for child in supervisor.children():
        families[_name(child)] = [child, *child.children(recursive=True)]
    return {
        name: (len(family), sum(each.memory_full_info().pss for each in family) / 2**20)
        for name, family in families.items()
    }


def _total(memory: dict[str, tuple[int, float]]) -> float:
    return sum(megabytes for _, megabytes in memory.values())


def _name(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    return next(name for word, name in _NAMES.items() if word in command)


def _shown(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.1f}"
