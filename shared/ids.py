"""Ids of jobs."""

import os
import time
from datetime import datetime
from uuid import UUID


def new_job_id() -> UUID:
    """A version 7 UUID (RFC 9562): ordered by the millisecond of its making, random below that."""
    stamp = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    return UUID(int=(stamp << 80 | random) & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)


def first_job_id(moment: datetime) -> UUID:
    """The least id that a job made at that moment (with time zone) or later can have."""
    stamp = int(moment.timestamp() * 1000)
    return UUID(int=stamp << 80 | 0x7 << 76 | 0x2 << 62)
