"""The supervisor of the local stack, over stand-ins: small Python programs in place of the real ones."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.local.console import Console
from infra.local.supervisor import SAME_ORDER_SECONDS
from tests.support.services import PATIENCE_SECONDS, runs, until
from tests.support.stand_in_stack import READY

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
COLOUR = re.compile(rb"\x1b\[\d+m")

SLEEP = "import os, time; print('pid', os.getpid()); time.sleep(600)"
# Both in one process group, as the children of gunicorn and Celery are; this child notices nothing by itself.
WITH_CHILD = (
    "import os, time\n"
    "word = b'pid' if os.fork() else b'child'\n"
    # In one piece, or the two would mix.
    "os.write(1, b'%s %d\\n' % (word, os.getpid()))\n"
    "time.sleep(600)"
)
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)"
GOODBYE = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('goodbye') or 0))\n"
    "print('hello')\n"
    "time.sleep(600)"
)

# As a database does, it takes a moment.
SLOW_GOODBYE = GOODBYE.replace("lambda *_: ", "lambda *_: time.sleep(0.4) or ")


class Stack:
    """A supervisor in a process of its own, and what it has written so far."""

    def __init__(self, command: list[str], output: Path) -> None:
        with output.open("wb") as opened:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=opened, stderr=subprocess.STDOUT)
        self._output = output

    @property
    def lines(self) -> list[str]:
        return self._output.read_text().splitlines()

    def printed(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def wait_for(self, text: str) -> None:
        until(lambda: self.printed(text) or self.process.poll() is not None)
        assert self.printed(text), self.lines

    def wait(self) -> int:
        return self.process.wait(PATIENCE_SECONDS)

    def pids(self, word: str, count: int = 1) -> list[int]:
        """Process ids that stand-ins have written after the word, once there are that many."""

        def found() -> list[int]:
            return [int(match[1]) for line in self.lines if (match := re.search(rf"\| {word} (\d+)$", line))]

        until(lambda: len(found()) >= count)
        return found()


StartStack = Callable[..., Stack]


@pytest.fixture
def start_stack(tmp_path: Path) -> Iterator[StartStack]:
    """Starts a supervisor over stages of stand-ins, given as dicts of `infra.local.program.Program` fields."""
    stacks: list[Stack] = []

    def start(*stages: list[dict[str, Any]]) -> Stack:
        command = [sys.executable, "-m", "tests.support.stand_in_stack", json.dumps(stages)]
        stack = Stack(command, tmp_path / f"output-{len(stacks)}")
        stacks.append(stack)
        return stack

    yield start
    for stack in stacks:
        stack.process.kill()
        stack.process.wait()


def test_each_line_bears_the_name_of_who_wrote_it_in_one_column(start_stack: StartStack) -> None:
    noisy = "print('one'); print('two', end='')"
    stack = start_stack([{"name": "long-name", "code": noisy, "once": True}, {"name": "web", "code": SLEEP}])
    stack.wait_for(READY)
    stack.pids("pid")
    assert "long-name | one" in stack.lines
    assert "long-name | two" in stack.lines
    assert any(line.startswith("web       | pid ") for line in stack.lines)
    assert f"vitrine   | {READY}" in stack.lines
    assert not any("\x1b" in line for line in stack.lines)


@pytest.mark.parametrize(("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_sees_colours_unless_it_asks_for_none(environ: dict[str, str], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    try:
        console = Console(["web"], theirs, environ)
        console.line("web", b"hello")
        written = os.read(ours, 1000)
    finally:
        os.close(ours)
        os.close(theirs)
    assert bool(COLOUR.search(written)) is coloured
    assert COLOUR.sub(b"", written).strip() == b"web     | hello"


def test_a_program_that_dies_is_started_again_and_that_is_said(start_stack: StartStack) -> None:
    stack = start_stack([{"name": "web", "code": SLEEP}])
    stack.wait_for(READY)
    (first,) = stack.pids("pid")
    os.kill(first, signal.SIGKILL)
    _, second = stack.pids("pid", 2)
    assert second != first
    assert "vitrine | web was ended by SIGKILL; starting it again in 0.1 s." in stack.lines


def test_what_a_dead_program_had_started_is_gone_before_it_starts_again(start_stack: StartStack) -> None:
    stack = start_stack([{"name": "worker", "code": WITH_CHILD}])
    (parent,), (child,) = stack.pids("pid"), stack.pids("child")
    os.kill(parent, signal.SIGKILL)
    stack.pids("pid", 2)
    assert not runs(child)


def test_sigterm_stops_all_in_the_opposite_order_of_their_start(start_stack: StartStack) -> None:
    stack = start_stack(*([{"name": name, "code": GOODBYE}] for name in ("database", "worker", "web")))
    for name in ("database", "worker", "web"):
        stack.wait_for(f"{name.ljust(8)} | hello")
    stack.wait_for(READY)
    stack.process.send_signal(signal.SIGTERM)
    assert stack.wait() == 0
    goodbyes = [line.split()[0] for line in stack.lines if line.endswith("goodbye")]
    assert goodbyes == ["web", "worker", "database"]


def test_a_program_that_will_not_stop_is_killed(start_stack: StartStack) -> None:
    stack = start_stack([{"name": "web", "code": DEAF, "stop_seconds": 0.2}])
    stack.wait_for("web     | deaf")
    stack.process.send_signal(signal.SIGINT)
    assert stack.wait() == 0
    assert stack.printed("web did not stop in 0.2 s and is killed.")


def test_a_second_ctrl_c_kills_at_once(start_stack: StartStack) -> None:
    stack = start_stack([{"name": "web", "code": DEAF, "stop_seconds": 600}])
    stack.wait_for("web     | deaf")
    stack.process.send_signal(signal.SIGINT)
    stack.wait_for("Once more, a second later, kills at once.")
    time.sleep(SAME_ORDER_SECONDS)
    stack.process.send_signal(signal.SIGINT)
    assert stack.wait() == 0


@pytest.mark.parametrize(
    "signals",
    [
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGHUP, signal.SIGTERM),
        (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
    ],
)
def test_an_order_to_stop_that_comes_several_times_at_once_is_one_order(
    start_stack: StartStack, signals: tuple[signal.Signals, ...]
) -> None:
    stack = start_stack([{"name": "database", "code": SLOW_GOODBYE}], [{"name": "web", "code": SLOW_GOODBYE}])
    stack.wait_for(READY)
    stack.wait_for("database | hello")
    stack.wait_for("web      | hello")
    for number in signals:
        stack.process.send_signal(number)
    assert stack.wait() == 0
    assert [line.split()[0] for line in stack.lines if line.endswith("goodbye")] == ["web", "database"]


def test_a_first_signal_to_a_stack_that_stops_by_itself_kills_nothing(start_stack: StartStack) -> None:
    stack = start_stack(
        [{"name": "database", "code": SLOW_GOODBYE}],
        [{"name": "migrations", "code": "raise SystemExit(1)", "once": True}],
    )
    stack.wait_for("nothing can run without it")
    stack.process.send_signal(signal.SIGTERM)
    assert stack.wait() == 1
    assert stack.printed("goodbye") or not stack.printed("hello")


def test_kill_9_of_the_supervisor_leaves_nothing_behind(start_stack: StartStack) -> None:
    stack = start_stack([{"name": "web", "code": WITH_CHILD}], [{"name": "worker", "code": WITH_CHILD}])
    started = [*stack.pids("pid", 2), *stack.pids("child", 2)]
    watchdog = _watchdog_of(stack)
    stack.process.kill()
    until(lambda: not any(map(runs, [*started, watchdog])))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the children of a dead process")
def test_kill_9_of_supervisor_and_watchdog_leaves_no_child_behind(start_stack: StartStack) -> None:
    stack = start_stack([{"name": "web", "code": SLEEP}])
    (child,) = stack.pids("pid")
    for pid in (_watchdog_of(stack), stack.process.pid):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not runs(child))


def test_a_killed_watchdog_is_replaced_and_knows_what_runs(start_stack: StartStack) -> None:
    stack = start_stack([{"name": "web", "code": WITH_CHILD}])
    started = [*stack.pids("pid"), *stack.pids("child")]
    os.kill(_watchdog_of(stack), signal.SIGKILL)
    stack.wait_for("The watchdog was killed; there is a new one.")
    stack.process.kill()
    until(lambda: not any(map(runs, started)))


def test_a_program_that_never_comes_up_ends_the_run(start_stack: StartStack) -> None:
    # Nothing is announced while a later stage is not ready, so the first one's ends count as ends at the start.
    stack = start_stack(
        [{"name": "web", "code": "raise SystemExit(3)"}],
        [{"name": "wait", "code": "import time; time.sleep(600)", "once": True}],
    )
    assert stack.wait() == 1
    assert stack.printed("web ended with status 3 5 times in a row. Stopping.")
    assert not stack.printed(READY)


def test_nothing_starts_after_a_step_that_failed(start_stack: StartStack) -> None:
    stack = start_stack(
        [{"name": "migrations", "code": "raise SystemExit('no such table')", "once": True}],
        [{"name": "web", "code": SLEEP}],
    )
    assert stack.wait() == 1
    assert "migrations | no such table" in stack.lines
    assert stack.printed("migrations ended with status 1, and nothing can run without it. Stopping.")
    assert not any(line.startswith("web") for line in stack.lines)


def test_a_command_that_does_not_exist_is_named(start_stack: StartStack) -> None:
    stack = start_stack([{"name": "web", "code": "", "once": True, "folder": "/nonexistent"}])
    assert stack.wait() == 1
    assert stack.printed("web cannot be started: [Errno 2] No such file or directory: '/nonexistent'.")


def test_a_stack_that_nobody_reads_from_runs_on_and_stops(tmp_path: Path) -> None:
    marker = tmp_path / "written"
    chatty = (
        "import pathlib, time\n"
        "for _ in range(100_000): print('x' * 100)\n"
        f"pathlib.Path({str(marker)!r}).touch()\n"
        "time.sleep(600)"
    )
    command = [
        sys.executable,
        "-m",
        "tests.support.stand_in_stack",
        json.dumps([[{"name": "web", "code": chatty}]]),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            until(marker.exists)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()


def test_the_stack_stops_with_the_process_that_started_it(tmp_path: Path) -> None:
    output = tmp_path / "output"
    command = [
        sys.executable,
        "-m",
        "tests.support.stand_in_stack",
        json.dumps([[{"name": "web", "code": SLEEP}]]),
    ]
    # Stands for make.
    starter = f"import subprocess; subprocess.run({[*command, '--with-parent']!r})"
    stack = Stack([sys.executable, "-c", starter], output)
    (child,) = stack.pids("pid")
    stack.process.kill()
    stack.process.wait()
    until(lambda: not runs(child))
    until(lambda: stack.printed("The process that started Vitrine is gone. Stopping."))


def _watchdog_of(stack: Stack) -> int:
    # Not by way of ps: under readline, which pytest loads, it cuts command lines at 80 columns.
    for child in psutil.Process(stack.process.pid).children():
        if any(part.endswith("watchdog.py") for part in child.cmdline()):
            return child.pid
    raise AssertionError("There is no watchdog.")
