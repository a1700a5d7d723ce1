"""From a stored photo to its palette and its look-alikes, on a real database and a real store."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pictures
from sqlalchemy import Connection, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from shared.db.queries import palettes
from shared.db.queries.index import state as index
from shared.db.queries.index.runs import register_model
from shared.db.queries.jobs.jobs import NewJob
from shared.db.queries.photos.listing import ImageFilter, list_images
from shared.errors import StorageUnavailable
from shared.jobs.index_runs import full_run, incremental_run
from shared.jobs.kinds import RULES, JobKind, JobStatus
from shared.limits import DIMENSIONS, MAX_SIMILAR
from shared.storage import keys as blob_keys
from tests.support.pipeline import Pipeline, picture
from tests.support.vectors import random_vectors, unit
from worker.index import full_run as full_index
from worker.index.exact.neighbours import query
from worker.index.incremental_run import incremental
from worker.index.store import read_embeddings, read_lists
from worker.lifecycle import ClaimedJob, JobResult
from worker.registry import job_handler
from worker.services import Services


def brute_force(pipeline: Pipeline) -> dict[int, list[tuple[int, float]]]:
    """Each image's look-alikes, computed the plainest way from the stored embeddings."""
    with pipeline.unit_of_work.snapshot() as connection:
        stored = read_embeddings(connection, pipeline.services.embedder.model_id)
    similarity = stored.vectors.astype(np.float64) @ stored.vectors.astype(np.float64).T
    lists = {}
    for row, owner in enumerate(stored.ids.tolist()):
        others = [
            (stored.ids[at].item(), similarity[row, at].item()) for at in range(len(stored.ids)) if at != row
        ]
        lists[owner] = sorted(others, key=lambda pair: (-np.float32(pair[1]), pair[0]))[:50]
    return lists


def assert_lists_are_exact(pipeline: Pipeline) -> None:
    expected = brute_force(pipeline)
    for owner, wanted in expected.items():
        found = pipeline.similar(owner)
        assert found is not None
        assert [image_id for image_id, _ in found] == [image_id for image_id, _ in wanted]
        assert [value for _, value in found] == pytest.approx([value for _, value in wanted], abs=1e-6)


def stored_lists(pipeline: Pipeline) -> list[tuple[object, ...]]:
    query = text(
        "SELECT image_id, neighbour_ids, similarities FROM neighbour_lists"
        " WHERE generation = (SELECT generation FROM index_state) ORDER BY image_id"
    )
    with pipeline.unit_of_work.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def jobs_of(pipeline: Pipeline, kind: JobKind) -> int:
    with pipeline.unit_of_work.read() as connection:
        query = text("SELECT count(*) FROM jobs WHERE kind = :kind AND status = 'succeeded'")
        return int(connection.execute(query, {"kind": kind.value}).scalar_one())


def add_embedded_images(connection: Connection, model: str, vectors: NDArray[np.float32]) -> None:
    """Images of which nothing is kept but their embeddings."""
    connection.execute(
        text("""
            WITH made AS (
                INSERT INTO images (sha256, name, width, height, bytes, format, colors)
                SELECT lpad(n::text, 64, '0'), 'a.jpg', 1, 1, 1, 'JPEG', 6 FROM generate_series(1, :count) AS n
                RETURNING id, sha256::integer AS n
            )
            INSERT INTO embeddings (image_id, model, embedding)
            SELECT made.id, :model, vector::vector
            FROM made JOIN unnest(:vectors) WITH ORDINALITY AS given (vector, n) USING (n)
        """).bindparams(bindparam("vectors", type_=ARRAY(Text))),
        {"count": len(vectors), "model": model, "vectors": [str(vector.tolist()) for vector in vectors]},
    )


def test_an_upload_ends_with_palette_embedding_and_renditions(pipeline: Pipeline) -> None:
    image_id, job_id = pipeline.add(picture(1, (640, 400)), colors=5)
    pipeline.drain()
    job, image = pipeline.job(job_id), pipeline.image(image_id)
    assert (job.status, job.progress) == (JobStatus.SUCCEEDED, 1)
    assert (image.palette, image.embedding) == (JobStatus.SUCCEEDED, JobStatus.SUCCEEDED)
    assert (image.width, image.height) == (640, 400)
    with pipeline.unit_of_work.read() as connection:
        palette = palettes.find_palette(connection, image_id, 5)
    assert palette is not None
    assert sum(swatch.proportion for swatch in palette.swatches) == pytest.approx(1)
    for key in blob_keys.of_image(image.sha256):
        assert pipeline.services.blobs.exists(key)


def test_half_a_photo_fails_with_its_reason_and_the_next_one_is_unharmed(pipeline: Pipeline) -> None:
    data = picture(1)
    _, broken = pipeline.add(data[: len(data) // 2])
    _, good = pipeline.add(picture(2))
    pipeline.drain()
    job = pipeline.job(broken)
    assert (job.status, job.error_code) == (JobStatus.FAILED, "unreadable")
    assert pipeline.job(good).status is JobStatus.SUCCEEDED


def test_incremental_runs_equal_brute_force_through_additions_and_deletions(pipeline: Pipeline) -> None:
    made = [pipeline.add(picture(seed))[0] for seed in range(60)]
    pipeline.settle()
    assert_lists_are_exact(pipeline)
    for image_id in made[::9]:
        pipeline.delete(image_id)
    made += [pipeline.add(picture(seed))[0] for seed in range(100, 107)]
    pipeline.settle()
    assert_lists_are_exact(pipeline)
    assert pipeline.image(made[-1]).neighbours is JobStatus.SUCCEEDED


def test_a_full_run_in_tiles_changes_nothing_and_measures_no_drift(pipeline: Pipeline) -> None:
    for seed in range(20):  # three parts, and so six tiles and three merges
        pipeline.add(picture(seed))
    pipeline.settle()
    before = stored_lists(pipeline)
    job_id = pipeline.start(full_run())
    pipeline.drain()
    job = pipeline.job(job_id)
    assert job.status is JobStatus.SUCCEEDED
    assert [step.kind for step in job.steps] == [
        JobKind.INDEX_PLAN,
        JobKind.INDEX_TILE,
        JobKind.INDEX_MERGE,
        JobKind.INDEX_SWITCH,
    ]
    assert jobs_of(pipeline, JobKind.INDEX_TILE) == 6
    assert jobs_of(pipeline, JobKind.INDEX_MERGE) == 3
    assert stored_lists(pipeline) == before
    with pipeline.unit_of_work.read() as connection:
        run = index.last_run(connection)
    assert run is not None
    assert (run.mode, run.images, run.drift) == ("full", 20, 0)


def test_tiles_in_any_order_on_any_worker_and_done_twice_make_the_same_lists(pipeline: Pipeline) -> None:
    for seed in range(20):
        pipeline.add(picture(seed))
    pipeline.settle()
    before = stored_lists(pipeline)
    pipeline.start(full_run())
    plan = pipeline.dispatcher.take()
    assert plan is not None
    pipeline.deliver(plan)
    tiles, pipeline.dispatcher.sent[:] = pipeline.dispatcher.sent[::-1], []
    for number, (kind, job_id) in enumerate(tiles):
        worker = pipeline.another_worker(f"worker-{number % 3}")

        def twice(job: ClaimedJob, kind: JobKind = kind, worker: Services = worker) -> JobResult:
            job_handler(kind)(worker, job)  # as an attempt whose worker vanished at the very end
            return job_handler(kind)(worker, job)

        pipeline.lifecycle.run(kind, job_id, twice)
    pipeline.drain()
    assert stored_lists(pipeline) == before
    with pipeline.unit_of_work.read() as connection:
        run = index.last_run(connection)
    assert run is not None
    assert (run.mode, run.drift) == ("full", 0)


def test_a_plan_that_was_thought_lost_and_goes_on_writing_harms_no_tile(pipeline: Pipeline) -> None:
    made = [pipeline.add(picture(seed))[0] for seed in range(20)]
    pipeline.settle()
    pipeline.start(full_run())
    message = pipeline.dispatcher.take()
    assert message is not None
    late: list[ClaimedJob] = []

    def vanishes(job: ClaimedJob) -> JobResult:
        late.append(job)
        raise StorageUnavailable

    pipeline.lifecycle.run(*message, vanishes)
    with pipeline.unit_of_work.read() as connection:
        connection.execute(text("UPDATE jobs SET run_at = now() WHERE status = 'queued'"))
    pipeline.deliver(message)
    pipeline.delete(made[0])
    full_index.plan(pipeline.services, late[0])  # its snapshot is another
    pipeline.drain()
    pipeline.settle()
    assert_lists_are_exact(pipeline)


def test_a_full_run_of_a_large_gallery_equals_a_plain_search(pipeline: Pipeline) -> None:
    count = 6500  # more than costs.join_pays asks for
    vectors = unit(np.abs(random_vectors(count, DIMENSIONS)))
    model = pipeline.services.embedder.model_id
    with pipeline.unit_of_work.begin() as transaction:
        add_embedded_images(transaction.connection, model, vectors)
    pipeline.settings = replace(pipeline.settings, index_tile_rows=3000)
    pipeline.services = pipeline.another_worker("worker-1")
    job_id = pipeline.start(full_run())
    pipeline.drain()
    assert pipeline.job(job_id).status is JobStatus.SUCCEEDED
    assert jobs_of(pipeline, JobKind.INDEX_TILE) == 6
    with pipeline.unit_of_work.snapshot() as connection:
        stored = read_embeddings(connection, model)
        lists = read_lists(connection, index.index_state(connection).generation)
    np.testing.assert_array_equal(lists.owners, stored.ids)
    for place in range(0, count, 500):
        found = query(stored.vectors[[place]], stored.vectors, stored.ids, MAX_SIMILAR + 1)
        others = found.neighbours[0] != stored.ids[place]
        np.testing.assert_array_equal(lists.neighbours[place], found.neighbours[0, others])
        np.testing.assert_array_equal(lists.similarities[place], found.similarities[0, others])


def test_drift_is_seen_when_a_list_is_wrong_and_the_full_run_mends_it(pipeline: Pipeline) -> None:
    for seed in range(5):
        pipeline.add(picture(seed))
    pipeline.settle()
    right = stored_lists(pipeline)
    with pipeline.unit_of_work.read() as connection:
        connection.execute(text("UPDATE neighbour_lists SET similarities[1] = 0.5 WHERE image_id % 5 = 0"))
    pipeline.start(full_run())
    pipeline.drain()
    with pipeline.unit_of_work.read() as connection:
        run = index.last_run(connection)
    assert run is not None
    assert run.drift == 1
    assert stored_lists(pipeline) == right


def test_what_comes_and_goes_during_a_full_run_is_in_its_lists(pipeline: Pipeline) -> None:
    made = [pipeline.add(picture(seed))[0] for seed in range(20)]
    pipeline.settle()
    pipeline.start(full_run())
    plan = pipeline.dispatcher.take()
    assert plan is not None
    pipeline.deliver(plan)
    pipeline.delete(made[3])
    late, _ = pipeline.add(picture(900))
    for _ in range(2):  # analyse and embed, before the tiles and the switch
        pipeline.deliver(pipeline.dispatcher.sent.pop())
    pipeline.drain()
    assert_lists_are_exact(pipeline)
    assert pipeline.similar(late) is not None


def test_a_run_that_was_overtaken_by_another_writes_nothing_and_starts_again(pipeline: Pipeline) -> None:
    pipeline.add(picture(1))
    pipeline.add(picture(2))
    pipeline.drain()
    job_id = pipeline.start(incremental_run())
    message = pipeline.dispatcher.take()
    assert message is not None

    def handler(job: ClaimedJob) -> JobResult:
        outcome = incremental(pipeline.services, job)
        with pipeline.unit_of_work.read() as connection:
            connection.execute(text("UPDATE index_state SET version = version + 1"))
        return outcome

    pipeline.lifecycle.run(JobKind.INDEX_INCREMENTAL, job_id, handler)
    job = pipeline.job(job_id)
    assert (job.status, job.error_code) == (JobStatus.QUEUED, "index_moved")
    assert stored_lists(pipeline) == []
    with pipeline.unit_of_work.read() as connection:
        connection.execute(text("UPDATE jobs SET run_at = now() WHERE status = 'queued'"))
    pipeline.settle()
    assert_lists_are_exact(pipeline)


def test_a_deleted_photo_is_in_no_list_at_once_and_its_place_is_filled_after_the_run(
    pipeline: Pipeline,
) -> None:
    made = [pipeline.add(picture(seed))[0] for seed in range(55)]
    pipeline.settle()
    gone = made[20]
    pipeline.delete(gone)
    assert all(gone not in dict(pipeline.similar(each) or []) for each in made if each != gone)
    pipeline.settle()
    assert all(len(pipeline.similar(each) or []) == 50 for each in made if each != gone)
    assert_lists_are_exact(pipeline)


def test_deleting_a_photo_cancels_what_was_still_to_be_done_for_it(pipeline: Pipeline) -> None:
    image_id, job_id = pipeline.add(picture(1))
    pipeline.delete(image_id)
    assert pipeline.job(job_id).status is JobStatus.CANCELLED
    pipeline.settle()
    assert pipeline.job(job_id).status is JobStatus.CANCELLED


def test_the_same_bytes_can_come_back_after_they_were_deleted(pipeline: Pipeline) -> None:
    first, _ = pipeline.add(picture(1))
    pipeline.settle()
    pipeline.delete(first)
    second, job_id = pipeline.add(picture(1))
    pipeline.settle()
    assert second != first
    assert pipeline.job(job_id).status is JobStatus.SUCCEEDED


def test_a_palette_of_another_size_is_computed_from_the_histogram_alone(pipeline: Pipeline) -> None:
    image_id, _ = pipeline.add(picture(1))
    pipeline.drain()
    pipeline.services.blobs.delete(blob_keys.original(pipeline.image(image_id).sha256))
    job_id = pipeline.start(NewJob(JobKind.PALETTE, image_id, payload={"colors": 9}))
    pipeline.drain()
    assert pipeline.job(job_id).status is JobStatus.SUCCEEDED
    with pipeline.unit_of_work.read() as connection:
        palette = palettes.find_palette(connection, image_id, 9)
    assert palette is not None
    assert len(palette.swatches) == 9


def test_images_are_found_by_their_colours_nearest_first(pipeline: Pipeline) -> None:
    def plain(color: str) -> bytes:
        file = BytesIO()
        Pictures.new("RGB", (60, 40), color).save(file, "PNG")
        return file.getvalue()

    red, _ = pipeline.add(plain("#d01010"))
    blue, _ = pipeline.add(plain("#1010d0"))
    pipeline.drain()
    with pipeline.unit_of_work.read() as connection:
        first = list_images(connection, ImageFilter(color=(0.45, -0.03, -0.3)), 1, None)
        second = list_images(connection, ImageFilter(color=(0.45, -0.03, -0.3)), 1, first.after)
    assert [image.id for image in first.images + second.images] == [blue, red]
    assert second.after is None
    assert first.total == 2


def test_an_outage_of_the_store_costs_no_attempt(pipeline: Pipeline) -> None:
    _, job_id = pipeline.add(picture(1))
    pipeline.blobs.away = True
    pipeline.drain()
    with pipeline.unit_of_work.read() as connection:
        left = connection.execute(
            text("SELECT max_attempts - attempt FROM jobs WHERE kind = 'analyse'")
        ).scalar()
        connection.execute(text("UPDATE jobs SET run_at = now() WHERE status = 'queued'"))
    assert left == RULES[JobKind.ANALYSE].attempts
    pipeline.blobs.away = False
    pipeline.settle()
    assert pipeline.job(job_id).status is JobStatus.SUCCEEDED


def test_after_a_change_of_weights_the_old_lists_serve_until_the_new_are_complete(pipeline: Pipeline) -> None:
    made = [pipeline.add(picture(seed))[0] for seed in range(6)]
    pipeline.settle()
    before = stored_lists(pipeline)
    pipeline.services.embedder.model_id = "pixels/2"  # type: ignore[misc]
    with pipeline.unit_of_work.begin() as transaction:
        register_model(transaction.connection, "pixels/2", "other means")
    assert stored_lists(pipeline) == before
    pipeline.settle()  # embeds all again
    pipeline.settle()  # and switches
    with pipeline.unit_of_work.read() as connection:
        state = index.index_state(connection)
    assert (state.model, state.target_model) == ("pixels/2", "pixels/2")
    assert_lists_are_exact(pipeline)
    assert all(pipeline.image(each).neighbours is JobStatus.SUCCEEDED for each in made)
