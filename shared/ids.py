"""Ids of jobs."""

import os
import time
from uuid import UUID


def new_job_id() -> UUID:
    """A version 7 UUID (RFC 9562): ordered by the millisecond of its making, random below that."""
    stamp = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    return UUID(int=(stamp << 80 | random) & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)
