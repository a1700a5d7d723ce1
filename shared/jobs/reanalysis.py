"""The job that computes facts for photos that are in the gallery already, stretch by stretch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from shared.db.queries.jobs.jobs import NewJob
from shared.jobs.kinds import JobKind


@dataclass(frozen=True, slots=True)
class Reanalysis:
    """fact: only for images that lack it; None: for all of them. after: the id behind which the next stretch begins."""

    fact: str | None = None
    after: int = 0

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        return cls(payload["fact"], payload["after"])

    def following(self, last: int) -> Self:
        """The next stretch."""
        return replace(self, after=last)

    def to_job(self) -> NewJob:
        """Asked for again while a stretch waits or runs, it is that one."""
        key = f"{JobKind.REANALYSE.value}-{self.fact or 'all'}"
        return NewJob(JobKind.REANALYSE, payload={"fact": self.fact, "after": self.after}, dedupe_key=key)
