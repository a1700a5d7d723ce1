"""Incremental runs, which take what has changed into the look-alike lists. Full ones: full_run.py."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from shared.db.queries.index import runs as index_runs
from shared.db.queries.index.state import IndexStateRow, index_state
from shared.db.unit_of_work import Transaction
from shared.jobs.results import IndexRunResult
from shared.limits import MAX_SIMILAR
from worker.index.exact import NeighbourLists, concatenate, similarity_quantiles, update
from worker.index.store import Embeddings, read_embeddings, read_lists, write_lists
from worker.lifecycle import ClaimedJob, JobResult
from worker.services import Services


@dataclass(frozen=True, slots=True)
class CatchUp:
    """How the lists of one generation catch up with the gallery.

    changed: lists to write; gone: (r,) int64, owners whose lists go; new: how many images came.
    """

    lists: NeighbourLists
    changed: NeighbourLists
    gone: NDArray[np.int64]
    new: int

    def caught_up(self) -> NeighbourLists:
        """All lists as they are afterwards."""
        stale = np.concatenate([self.changed.owners, self.gone])
        return concatenate([self.lists.without(stale), self.changed])


def catch_up(embeddings: Embeddings, lists: NeighbourLists, touched: NDArray[np.int64]) -> CatchUp:
    """touched: ids of images embedded or deleted since the lists were made, some perhaps embedded again."""
    new = np.setdiff1d(embeddings.ids, lists.owners)
    added = np.union1d(new, np.intersect1d(touched, embeddings.ids))
    gone = np.setdiff1d(lists.owners, embeddings.ids)
    changed = update(embeddings.vectors, embeddings.ids, lists, added, gone, MAX_SIMILAR)
    return CatchUp(lists, changed, gone, len(new))


@dataclass(frozen=True, slots=True)
class IndexInput:
    """What a run starts from, all of one moment. changes: ids of the rows in index_changes that it will answer."""

    state: IndexStateRow
    embeddings: Embeddings
    lists: NeighbourLists
    changes: list[int]
    touched: NDArray[np.int64]


def incremental(services: Services, job: ClaimedJob) -> JobResult:
    """Takes in what was added and deleted. Exact: afterwards the lists are those that a full run would make."""
    with services.unit_of_work.snapshot() as connection:
        state = index_state(connection)
        now = read_index(connection, state, state.model, state.generation)
    job_id, model = job.claim.id, state.model
    step = catch_up(now.embeddings, now.lists, now.touched)
    quantiles = similarity_quantiles(now.embeddings.vectors) if state.similarity_quantiles is None else None
    result = IndexRunResult("incremental", len(now.embeddings.ids), step.new, len(step.gone))

    def write(transaction: Transaction) -> None:
        connection = transaction.connection
        run = index_runs.begin_run(connection, job_id, "incremental", model)
        generation = run if state.generation is None else state.generation
        index_runs.switch_index(connection, state.version, model, generation, quantiles)
        write_lists(connection, generation, step.changed)
        index_runs.delete_lists(connection, generation, step.gone.tolist())
        index_runs.clear_changes(connection, now.changes)
        index_runs.finish_run(connection, job_id, result)

    return JobResult(result, write)


def read_index(
    connection: Connection, state: IndexStateRow, model: str | None, generation: int | None
) -> IndexInput:
    changes = index_runs.changes(connection)
    return IndexInput(
        state=state,
        embeddings=read_embeddings(connection, model or ""),
        lists=read_lists(connection, generation),
        changes=[change.id for change in changes],
        touched=np.unique(np.array([change.image_id for change in changes], np.int64)),
    )
