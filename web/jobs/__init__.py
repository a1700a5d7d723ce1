"""Jobs and the state of the index: API, events, pages. What other domains may use of them is exported here."""

from web.jobs.documents import Job
from web.jobs.responses import (
    PREFER,
    STARTED,
    accepted,
    check_succeeded,
    preferred_wait,
    started,
    started_and_awaited,
    wait_as_preferred,
    with_preference,
)

__all__ = [
    "PREFER",
    "STARTED",
    "Job",
    "accepted",
    "check_succeeded",
    "preferred_wait",
    "started",
    "started_and_awaited",
    "wait_as_preferred",
    "with_preference",
]
