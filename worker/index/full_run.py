"""Full index runs: a plan, tiles that compare two parts of the gallery, merges that make lists of them, and a switch."""

from dataclasses import dataclass, replace
from uuid import UUID

import torch
from sqlalchemy import Connection

from shared.db.queries.index import runs as index_runs
from shared.db.queries.index.state import index_state
from shared.db.queries.jobs.jobs import NewJob, add_children
from shared.db.unit_of_work import Transaction
from shared.jobs.kinds import JobKind
from shared.jobs.results import IndexRunResult
from shared.limits import MAX_SIMILAR
from shared.storage import keys as blob_keys
from worker.index.exact import (
    JoinPlan,
    Tile,
    TiledBuild,
    count_changed,
    number_of_parts,
    similarity_quantiles,
    tiles_of,
)
from worker.index.incremental_run import catch_up, read_index
from worker.index.parts import load_plan, load_shares, save_plan, save_shares
from worker.index.store import Embeddings, read_embeddings, read_lists, save_snapshot, write_lists
from worker.lifecycle import ClaimedJob, JobResult
from worker.services import Services


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What the jobs that follow a plan are to do.

    run: folder of the run in the store. parts: that the gallery is cut into. generation: of the lists that they write. Of a
    tile, which two parts it compares; of a merge, for which part it makes lists; of a switch, the model.
    """

    run: str
    parts: int
    generation: int
    tile: Tile = (0, 0)
    part: int = 0
    model: str = ""


def plan(services: Services, job: ClaimedJob) -> JobResult:
    """The first part of a full run: takes a snapshot of the embeddings and cuts the work into tiles."""
    parent, run = _run_of(job), blob_keys.index_run(_run_of(job), job.claim.attempt)
    with services.unit_of_work.snapshot() as connection:
        model = _model_to_index(connection)
        embeddings = read_embeddings(connection, model) if model is not None else None
    if model is None or embeddings is None:
        return JobResult(IndexRunResult("full", 0))
    join_plan = _build_of(services, embeddings).plan()
    save_snapshot(services.blobs, blob_keys.snapshot(run), embeddings)
    save_plan(services.blobs, run, join_plan)
    parts = number_of_parts(len(join_plan.order), services.settings.index_tile_rows)

    def write(transaction: Transaction) -> None:
        generation = index_runs.begin_run(transaction.connection, parent, "full", model)
        add_children(transaction, parent, _rest(RunOrder(run, parts, generation), model))

    return JobResult(IndexRunResult("full", len(embeddings.ids)), write)


def _rest(order: RunOrder, model: str) -> list[NewJob]:
    """What follows a plan. order: what is common to all of its jobs."""
    tiles = [replace(order, tile=tile) for tile in tiles_of(order.parts)]
    merges = [replace(order, part=part) for part in range(order.parts)]
    return [
        *(NewJob(JobKind.INDEX_TILE, payload=each, stage=1) for each in tiles),
        *(NewJob(JobKind.INDEX_MERGE, payload=each, stage=2) for each in merges),
        NewJob(JobKind.INDEX_SWITCH, payload=replace(order, model=model), stage=3),
    ]


def _model_to_index(connection: Connection) -> str | None:
    """The model that is computed now, once it has every image that the serving one has; until then the serving one."""
    state = index_state(connection)
    if state.target_model == state.model or state.target_model is None:
        return state.model
    missing = index_runs.images_missing(connection, state.target_model)
    return state.model if missing else state.target_model


def tile(services: Services, job: ClaimedJob) -> JobResult:
    """Compares the images of two parts, or of one. What it finds is in the blob store until its parts are merged."""
    order = job.order(RunOrder)
    tiled_build, join_plan = _started(services, order)
    shares = tiled_build.compare(join_plan, order.parts, order.tile)
    save_shares(services.blobs, order.run, order.tile, shares)
    return JobResult()


def merge(services: Services, job: ClaimedJob) -> JobResult:
    """The lists of the images of one part, from what its tiles found."""
    order = job.order(RunOrder)
    tiled_build, join_plan = _started(services, order)
    shares = load_shares(services.blobs, order.run, order.part, order.parts)
    lists = tiled_build.merge(join_plan, order.parts, order.part, shares)

    def write(transaction: Transaction) -> None:
        write_lists(transaction.connection, order.generation, lists)

    return JobResult(None, write)


def switch(services: Services, job: ClaimedJob) -> JobResult:
    """The last part of a full run: takes in what has changed since its snapshot, then shows the new lists to all.

    Also measures drift: how many of the lists kept by incremental runs differ from those of this run.
    """
    parent = _run_of(job)
    order = job.order(RunOrder)
    generation, model = order.generation, order.model
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
    result = IndexRunResult("full", images, step.new, len(step.gone), drift)

    def write(transaction: Transaction) -> None:
        connection = transaction.connection
        quantiles = similarity_quantiles(now.embeddings.vectors)
        index_runs.switch_index(connection, state.version, model, generation, quantiles)
        write_lists(connection, generation, step.changed)
        index_runs.delete_lists(connection, generation, step.gone.tolist())
        # The generation before stays until the next switch, for readers that are between two statements.
        index_runs.delete_generations_except(connection, [generation, state.generation or generation])
        index_runs.clear_changes(connection, now.changes)
        index_runs.finish_run(connection, parent, result)

    return JobResult(result, write)


def _started(services: Services, order: RunOrder) -> tuple[TiledBuild, JoinPlan]:
    """The build that a tile or a merge belongs to, from its run's snapshot, and its plan."""
    embeddings = services.snapshots.load(services.blobs, blob_keys.snapshot(order.run))
    return _build_of(services, embeddings), load_plan(services.blobs, order.run)


def _build_of(services: Services, embeddings: Embeddings) -> TiledBuild:
    # A card only where one is set: a worker of many processes should not take one by chance.
    device = "cuda" if services.settings.device == "cuda" and torch.cuda.is_available() else "cpu"
    return TiledBuild(embeddings.vectors, embeddings.ids, MAX_SIMILAR, device)


def _run_of(job: ClaimedJob) -> UUID:
    """The full run that a job belongs to."""
    if job.claim.parent_id is None:
        raise ValueError(f"A job of kind {job.claim.kind} belongs to a full run.")
    return job.claim.parent_id
