"""Child processes that the kernel ends with the process that started them."""

import shutil
import signal
import sys
from collections.abc import Sequence
from functools import cache


def ends_with_parent(
    command: Sequence[str],
    death_signal: signal.Signals = signal.SIGKILL,
    privileges: Sequence[str] = (),
) -> list[str]:
    """The command line that has the kernel send a signal to the command when the thread that starts it ends.

    By setpriv(1) of util-linux, which every distribution of Linux has; elsewhere it is the command itself. A command may
    not be started from a thread that ends before it. privileges: further options of setpriv.
    """
    setpriv = _setpriv()
    if setpriv is None:
        return list(command)
    return [setpriv, "--pdeathsig", death_signal.name.removeprefix("SIG"), *privileges, "--", *command]


@cache
def _setpriv() -> str | None:
    return shutil.which("setpriv") if sys.platform == "linux" else None
