"""Runs that bring the look-alike lists up to date: incremental ones, and full ones as plan, tiles and switch."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from shared import blob_keys
from shared.db.queries import index_runs
from shared.db.queries.index import IndexStateRow, index_state
from shared.db.queries.jobs import NewJob, add_children
from shared.db.unit_of_work import Transaction
from shared.jobs import JobKind
from worker.algorithms import neighbours
from worker.algorithms.neighbours import NeighbourLists
from worker.algorithms.similarity_scale import similarity_quantiles
from worker.index_store import Embeddings, K, read_embeddings, read_lists, save_snapshot, write_lists
from worker.lifecycle import Job, Outcome
from worker.services import Services


@dataclass(frozen=True, slots=True)
class Catching:
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
        kept = self.lists.take(np.flatnonzero(~np.isin(self.lists.owners, stale)))
        return neighbours.concatenate([kept, self.changed])


def catch_up(embeddings: Embeddings, lists: NeighbourLists, touched: NDArray[np.int64]) -> Catching:
    """touched: ids of images embedded or deleted since the lists were made, some perhaps embedded anew."""
    new = np.setdiff1d(embeddings.ids, lists.owners)
    added = np.union1d(new, np.intersect1d(touched, embeddings.ids))
    gone = np.setdiff1d(lists.owners, embeddings.ids)
    changed = neighbours.update(embeddings.vectors, embeddings.ids, lists, added, gone, K)
    return Catching(lists, changed, gone, len(new))


@dataclass(frozen=True, slots=True)
class Read:
    """What a run starts from, all of one moment. changes: ids of the rows in index_changes that it will answer."""

    state: IndexStateRow
    embeddings: Embeddings
    lists: NeighbourLists
    changes: list[int]
    touched: NDArray[np.int64]


def incremental(services: Services, job: Job) -> Outcome:
    """Takes in what was added and deleted. Exact: afterwards the lists are those that a full run would make."""
    with services.unit_of_work.snapshot() as connection:
        state = index_state(connection)
        now = _read(connection, state, state.model, state.generation)
    job_id, model = job.claim.id, state.model
    step = catch_up(now.embeddings, now.lists, now.touched)
    quantiles = similarity_quantiles(now.embeddings.vectors) if state.similarity_quantiles is None else None
    figures = {"images": len(now.embeddings.ids), "new": step.new, "removed": len(step.gone), "drift": None}

    def write(transaction: Transaction) -> None:
        connection = transaction.connection
        run = index_runs.begin_run(connection, job_id, "incremental", model)
        generation = run if state.generation is None else state.generation
        index_runs.switch_index(connection, state.version, model, generation, quantiles)
        write_lists(connection, generation, step.changed)
        index_runs.delete_lists(connection, generation, step.gone.tolist())
        index_runs.clear_changes(connection, now.changes)
        index_runs.finish_run(connection, job_id, figures)

    return Outcome({"mode": "incremental", **figures}, write)


def plan(services: Services, job: Job) -> Outcome:
    """The first part of a full run: takes a snapshot of the embeddings and cuts the work into tiles."""
    parent = _parent(job)
    with services.unit_of_work.snapshot() as connection:
        model = _model_to_index(connection)
        embeddings = read_embeddings(connection, model) if model is not None else None
    if model is None or embeddings is None:
        return Outcome({"mode": "full", "images": 0})
    save_snapshot(services.blobs, blob_keys.snapshot(parent), embeddings)
    rows, n = services.settings.index_tile_rows, len(embeddings.ids)

    def write(transaction: Transaction) -> None:
        generation = index_runs.begin_run(transaction.connection, parent, "full", model)
        tiles = [
            NewJob(
                JobKind.INDEX_TILE,
                stage=1,
                payload={"generation": generation, "start": start, "stop": min(start + rows, n)},
            )
            for start in range(0, n, rows)
        ]
        switch = NewJob(JobKind.INDEX_SWITCH, stage=2, payload={"generation": generation, "model": model})
        add_children(transaction, parent, [*tiles, switch])

    return Outcome({"mode": "full", "images": n}, write)


def _model_to_index(connection: Connection) -> str | None:
    """The model that is computed now, once it has every image that the serving one has; till then the serving one."""
    state = index_state(connection)
    if state.target_model == state.model or state.target_model is None:
        return state.model
    missing = index_runs.images_missing(connection, state.target_model)
    return state.model if missing else state.target_model


def tile(services: Services, job: Job) -> Outcome:
    """The lists of some rows of the snapshot, searched among all of it."""
    payload = job.claim.payload
    embeddings = services.snapshots.load(services.blobs, blob_keys.snapshot(_parent(job)))
    lists = neighbours.tile(embeddings.vectors, embeddings.ids, payload["start"], payload["stop"], K)

    def write(transaction: Transaction) -> None:
        write_lists(transaction.connection, payload["generation"], lists)

    return Outcome(None, write)


def switch(services: Services, job: Job) -> Outcome:
    """The last part of a full run: takes in what has changed since its snapshot, then shows the new lists to all.

    Also measures drift: how many of the lists kept by incremental runs differ from those of this run.
    """
    parent = _parent(job)
    generation, model = int(job.claim.payload["generation"]), str(job.claim.payload["model"])
    with services.unit_of_work.snapshot() as connection:
        state = index_state(connection)
        now = _read(connection, state, model, generation)
        served = read_lists(connection, state.generation) if state.model == model else None
    step = catch_up(now.embeddings, now.lists, now.touched)
    drift = None
    if served is not None and state.generation is not None:
        kept = catch_up(now.embeddings, served, now.touched).caught_up()
        drift = neighbours.drift(kept, step.caught_up()).lists_changed
    figures = {"images": len(now.embeddings.ids), "new": step.new, "removed": len(step.gone), "drift": drift}

    def write(transaction: Transaction) -> None:
        connection = transaction.connection
        quantiles = similarity_quantiles(now.embeddings.vectors)
        index_runs.switch_index(connection, state.version, model, generation, quantiles)
        write_lists(connection, generation, step.changed)
        index_runs.delete_lists(connection, generation, step.gone.tolist())
        # The generation before stays until the next switch, for readers that are between two statements.
        index_runs.delete_generations_except(connection, [generation, state.generation or generation])
        index_runs.clear_changes(connection, now.changes)
        index_runs.finish_run(connection, parent, figures)

    return Outcome(figures, write)


def _read(connection: Connection, state: IndexStateRow, model: str | None, generation: int | None) -> Read:
    changes = index_runs.changes(connection)
    return Read(
        state=state,
        embeddings=read_embeddings(connection, model or ""),
        lists=read_lists(connection, generation),
        changes=[change.id for change in changes],
        touched=np.unique(np.array([change.image_id for change in changes], np.int64)),
    )


def _parent(job: Job) -> UUID:
    """The full run that a part belongs to."""
    if job.claim.parent_id is None:
        raise ValueError(f"A job of kind {job.claim.kind} belongs to a full run.")
    return job.claim.parent_id
