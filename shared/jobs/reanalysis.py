"""The job that computes facts of photos that are in the gallery already."""

from sqlalchemy import Connection

from shared.db.queries.jobs.jobs import NewJob
from shared.db.queries.photos.analyses import count_to_reanalyse
from shared.jobs.kinds import JobKind
from shared.jobs.orders import ReanalysisOrder


def reanalysis(connection: Connection, fact: str | None) -> NewJob | None:
    """fact: only for photos that lack it; None: for all of them. None: no photo needs it. Raises UnknownFact.

    While one is in flight, another for the same fact is that one.
    """
    total = count_to_reanalyse(connection, fact)
    if not total:
        return None
    key = f"{JobKind.REANALYSE.value}-{fact or 'all'}"
    return NewJob(JobKind.REANALYSE, payload=ReanalysisOrder(fact, total=total), dedupe_key=key)
