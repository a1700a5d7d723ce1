"""RESULTS.md: a section a benchmark, each saying on what and when it was measured."""

import os
import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import psutil

from infra.local.postgres import MAJOR

_HEAD: Final = """\
# Results

`make bench` writes this page; `python -m benchmarks NAME` rewrites one section. Each figure stands beside its peer, measured
in the same run, the two in turns. Compare ratios: they hold from machine to machine, milliseconds do not.
"""
_PACKAGES: Final = ("celery", "flask", "gunicorn", "psycopg2-binary", "sqlalchemy")
# With more of its cores in use a machine is not quiet, and the tails of what it measures are someone else's.
_QUIET_PERCENT: Final = 10
# So long a look is taken. The load average would still count the benchmark before.
_LOOK_SECONDS: Final = 2


class Report:
    """The page. order: of its sections, by name."""

    def __init__(self, path: Path, order: Sequence[str]) -> None:
        self._path = path
        self._order = order

    def rewrite(self, name: str, body: str) -> None:
        """Puts the body in place of the section's old one; the other sections stay as they are."""
        sections = self._read()
        sections[name] = body.strip()
        wanted = [each for each in self._order if each in sections]
        text = "\n".join(f"\n## {each}\n\n{sections[each]}" for each in wanted)
        self._path.write_text(f"{_HEAD}{text}\n", encoding="utf-8")

    def _read(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        parts = re.split(r"^## (\w+)$", self._path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table whose first column holds words and whose others hold numbers."""
    names = list(head)
    lines = [names, ["---", *["---:"] * (len(names) - 1)], *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def describe_machine() -> str:
    """A line that says when and on what a section was measured, and what else the machine was doing."""
    cores = os.cpu_count() or 1
    busy = psutil.cpu_percent(_LOOK_SECONDS)
    packages = "".join(f", {each}" for each in _versions())
    noise = "" if busy <= _QUIET_PERCENT else " **The machine was busy with other things: preliminary.**"
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {_processor()}, {cores} cores, "
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB · {platform.system()} · "
        f"Python {platform.python_version()}, PostgreSQL {MAJOR}{packages} · {busy:.0f} % of the cores in use before the run.{noise}"
    )


def _versions() -> Iterator[str]:
    """Of the packages that are installed: a machine with a card may have been lent for its benchmark alone."""
    for name in _PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    found = (
        re.search(r"^model name\s*:\s*(.+)$", described.read_text(), re.MULTILINE)
        if described.exists()
        else None
    )
    return found[1].strip() if found else platform.processor() or platform.machine()
