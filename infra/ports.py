"""TCP ports of the loopback interface: finding free ones, and naming who holds a taken one."""

import socket
import sys
from pathlib import Path

LOOPBACK = "127.0.0.1"
TCP_LISTEN = "0A"


def is_free(port: int) -> bool:
    """Whether a server can listen on the port now."""
    with socket.socket() as probe:
        # As servers do, or connections that ended a moment ago would count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def kept_port(file: Path) -> int:
    """The port written in `file` if it is still free, else a free one, which is then written there."""
    written = file.read_text().strip() if file.exists() else ""
    # Nothing is written there if the run that made the file was killed just then.
    if written.isdigit() and is_free(int(written)):
        return int(written)
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = int(probe.getsockname()[1])
    file.write_text(f"{port}\n")
    return port


def holder(port: int) -> str | None:
    """Who listens on the port, as `process 123 (gunicorn ...)`, or None where that cannot be told."""
    if sys.platform != "linux":
        return None
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) in sockets:
                process = link.parts[2]
                words = Path("/proc", process, "cmdline").read_bytes().split(b"\0")
                return f"process {process} ({b' '.join(words).decode(errors='replace').strip()[:60]})"
        except OSError:  # it ended meanwhile, or belongs to someone else
            continue
    return None


def _listening_inodes(port: int) -> set[str]:
    """Inodes of the sockets that listen on the port, from the kernel's tables (Linux)."""
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if table.exists():
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == TCP_LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(fields[9])
    return inodes
