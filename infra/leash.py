"""Becomes a program of the local stack, tied to the process that started it.

Run by path as `python -I -S leash.py OPTIONS COMMAND...`, OPTIONS being JSON (see `infra.guard`). It takes the
program's lock, sheds root, asks the kernel to signal the program when its parent dies, and turns into COMMAND. It is a
process of its own rather than a `preexec_fn`, since running Python between fork and exec may deadlock when the starter
has threads. Standard library only: it runs without site-packages.
"""

import ctypes
import fcntl
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
LINUX_CAPABILITY_VERSION_3 = 0x20080522

POLL_SECONDS = 0.02


class CapabilityHeader(ctypes.Structure):
    """`struct __user_cap_header_struct` of linux/capability.h."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class CapabilityData(ctypes.Structure):
    """`struct __user_cap_data_struct` of linux/capability.h."""

    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def main() -> None:
    options = json.loads(sys.argv[1])
    command = sys.argv[2:]
    tie_to_parent(options["death_signal"])
    if options["lock"] is not None:
        take_lock(Path(options["lock"]), options["lock_seconds"])
        for path in options["stale"]:
            Path(path).unlink(missing_ok=True)
    if options["uid"] is not None:
        shed_root(options["uid"], options["gid"], reach=options["reach"])
        # A change of user clears the wish.
        tie_to_parent(options["death_signal"])
    # The parent may have died before the kernel knew of the wish.
    if os.getppid() != options["parent"]:
        sys.exit("The process that started this one is gone.")
    try:
        os.execvp(command[0], command)  # noqa: S606 - there is no shell to be had, nor wanted
    except OSError as error:
        sys.exit(f"{command[0]} cannot be run: {error.strerror}.")


def tie_to_parent(death_signal: int) -> None:
    """Have the kernel send `death_signal` to this process when the thread that forked it ends (Linux only)."""
    if sys.platform == "linux":
        _call(_libc().prctl, PR_SET_PDEATHSIG, death_signal, 0, 0, 0)


def take_lock(path: Path, seconds: float) -> None:
    """Hold the lock file until this process and all that inherit from it are gone."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                sys.exit(f"{path.parent} is still in use by an earlier process.")
            time.sleep(POLL_SECONDS)
        else:
            break
    os.set_inheritable(descriptor, True)


def shed_root(uid: int, gid: int, *, reach: bool) -> None:
    """Become an unprivileged user for good.

    With `reach` (Linux only) the process keeps one capability, CAP_DAC_OVERRIDE, through exec: the checkout of someone
    who works as root often lies in a folder that is closed to everyone else, and PostgreSQL insists on not being root.
    """
    os.setgroups([gid])
    os.setgid(gid)
    if not reach:
        os.setuid(uid)
        return
    libc = _libc()
    _call(libc.prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setuid(uid)
    bit = 1 << CAP_DAC_OVERRIDE
    header = CapabilityHeader(LINUX_CAPABILITY_VERSION_3, 0)
    data = (CapabilityData * 2)(CapabilityData(bit, bit, bit))
    _call(libc.capset, ctypes.byref(header), data)
    _call(libc.prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(function: Any, *arguments: Any) -> None:
    if function(*arguments) != 0:
        error = ctypes.get_errno()
        sys.exit(f"The kernel refused {function.__name__}: {os.strerror(error)}.")


if __name__ == "__main__":
    main()
