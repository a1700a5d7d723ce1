"""Full index runs: a plan, tiles that compare two parts of the gallery, merges that make lists of them, and a switch."""

from typing import Any
from uuid import UUID

import torch
from sqlalchemy import Connection

from shared.db.queries.index import runs as index_runs
from shared.db.queries.index.state import index_state
from shared.db.queries.jobs.jobs import NewJob, add_children
from shared.db.unit_of_work import Transaction
from shared.jobs.kinds import JobKind
from shared.limits import MAX_SIMILAR
from shared.settings import Settings
from shared.storage import keys as blob_keys
from worker.index import exact
from worker.index.exact import Gallery, JoinPlan, count_changed, similarity_quantiles
from worker.index.incremental_run import catch_up, read_index
from worker.index.parts import load_plan, load_shares, save_plan, save_shares
from worker.index.store import read_embeddings, read_lists, save_snapshot, write_lists
from worker.lifecycle import Job, JobResult
from worker.services import Services


def plan(services: Services, job: Job) -> JobResult:
    """The first part of a full run: takes a snapshot of the embeddings and cuts the work into tiles."""
    parent, run = _run_of(job), blob_keys.index_run(_run_of(job), job.claim.attempt)
    with services.unit_of_work.snapshot() as connection:
        model = _model_to_index(connection)
        embeddings = read_embeddings(connection, model) if model is not None else None
    if model is None or embeddings is None:
        return JobResult({"mode": "full", "images": 0})
    made = Gallery(embeddings.vectors, embeddings.ids).plan(MAX_SIMILAR, _device(services.settings))
    save_snapshot(services.blobs, blob_keys.snapshot(run), embeddings)
    save_plan(services.blobs, run, made)
    parts = len(exact.parts(len(made.order), services.settings.index_tile_rows))

    def write(transaction: Transaction) -> None:
        generation = index_runs.begin_run(transaction.connection, parent, "full", model)
        common = {"run": run, "parts": parts, "generation": generation}
        add_children(transaction, parent, _rest(common, model))

    return JobResult({"mode": "full", "images": len(embeddings.ids)}, write)


def _rest(common: dict[str, Any], model: str) -> list[NewJob]:
    """What follows a plan. common: what is in the payload of each job."""
    parts = common["parts"]
    compared = [NewJob(JobKind.INDEX_TILE, None, common | {"tile": tile}, 1) for tile in exact.pairs(parts)]
    merged = [NewJob(JobKind.INDEX_MERGE, None, common | {"part": part}, 2) for part in range(parts)]
    return [*compared, *merged, NewJob(JobKind.INDEX_SWITCH, None, common | {"model": model}, 3)]


def _model_to_index(connection: Connection) -> str | None:
    """The model that is computed now, once it has every image that the serving one has; until then the serving one."""
    state = index_state(connection)
    if state.target_model == state.model or state.target_model is None:
        return state.model
    missing = index_runs.images_missing(connection, state.target_model)
    return state.model if missing else state.target_model


def tile(services: Services, job: Job) -> JobResult:
    """What the images of two parts, or of one, are to each other. Kept in the blob store until its parts are merged."""
    first, second = job.claim.payload["tile"]
    gallery, made, parts = _gallery(services, job)
    shares = gallery.compare(made, (parts[first], parts[second]), MAX_SIMILAR, _device(services.settings))
    save_shares(services.blobs, job.claim.payload["run"], (first, second), shares)
    return JobResult()


def merge(services: Services, job: Job) -> JobResult:
    """The lists of the images of one part, from what its tiles found."""
    payload = job.claim.payload
    gallery, made, parts = _gallery(services, job)
    shares = load_shares(services.blobs, payload["run"], payload["part"], payload["parts"])
    lists = gallery.merged(made, parts[payload["part"]], shares, MAX_SIMILAR)

    def write(transaction: Transaction) -> None:
        write_lists(transaction.connection, payload["generation"], lists)

    return JobResult(None, write)


def switch(services: Services, job: Job) -> JobResult:
    """The last part of a full run: takes in what has changed since its snapshot, then shows the new lists to all.

    Also measures drift: how many of the lists kept by incremental runs differ from those of this run.
    """
    parent = _run_of(job)
    generation, model = int(job.claim.payload["generation"]), str(job.claim.payload["model"])
    with services.unit_of_work.snapshot() as connection:
        state = index_state(connection)
        now = read_index(connection, state, model, generation)
        served = read_lists(connection, state.generation) if state.model == model else None
    step = catch_up(now.embeddings, now.lists, now.touched)
    drift = None
    if served is not None and state.generation is not None:
        kept = catch_up(now.embeddings, served, now.touched).caught_up()
        drift = count_changed(kept, step.caught_up())
    images = len(now.embeddings.ids)
    figures = {"images": images, "new": step.new, "removed": len(step.gone), "drift": drift}

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

    return JobResult(figures, write)


def _gallery(services: Services, job: Job) -> tuple[Gallery, JoinPlan, list[slice]]:
    """The snapshot that a tile or a merge works on, the plan, and the parts that the plan's order is cut into."""
    run, parts = job.claim.payload["run"], job.claim.payload["parts"]
    embeddings = services.snapshots.load(services.blobs, blob_keys.snapshot(run))
    made = load_plan(services.blobs, run)
    return Gallery(embeddings.vectors, embeddings.ids), made, exact.cut(len(made.order), parts)


def _device(settings: Settings) -> str:
    """A card only where one was asked for: a worker of many processes should not take one by chance."""
    return "cuda" if settings.device == "cuda" and torch.cuda.is_available() else "cpu"


def _run_of(job: Job) -> UUID:
    """The full run that a job belongs to."""
    if job.claim.parent_id is None:
        raise ValueError(f"A job of kind {job.claim.kind} belongs to a full run.")
    return job.claim.parent_id
