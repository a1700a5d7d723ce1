"""The job that computes facts or palettes of photos that are in the gallery already."""

from sqlalchemy import Connection

from shared.db.queries.jobs.jobs import NewJob
from shared.db.queries.photos.analyses import count_to_reanalyse
from shared.jobs.kinds import JobKind
from shared.jobs.orders import ReanalysisOrder


def reanalysis(connection: Connection, fact: str | None, *, palettes: bool = False) -> NewJob | None:
    """fact: only for photos that lack it; None: for all of them. palettes: not facts, but palettes of an older version.

    None: no photo needs it. Raises UnknownFact.

    While one is in flight, another for the same fact is that one.
    """
    total = count_to_reanalyse(connection, fact)
    if not total:
        return None
    key = f"{JobKind.REANALYSE.value}-{'palettes' if palettes else fact or 'all'}"
    order = ReanalysisOrder(fact, total=total, palettes=palettes)
    return NewJob(JobKind.REANALYSE, payload=order, dedupe_key=key)
