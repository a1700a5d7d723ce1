"""Facts of photos that were analysed before the facts were known."""

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.queries.jobs.jobs import NewJob
from shared.db.queries.palettes import find_palette
from shared.db.queries.photos.images import image_source
from shared.jobs.kinds import RULES, JobKind, JobStatus
from shared.jobs.orders import ReanalysisOrder
from shared.jobs.reanalysis import reanalysis
from shared.jobs.results import ReanalysisResult
from shared.limits import DEFAULT_COLORS
from shared.storage import keys as blob_keys
from tests.support.pipeline import Pipeline, picture
from worker.imaging import reanalyse


def hashes(pipeline: Pipeline) -> dict[int, int | None]:
    with pipeline.unit_of_work.read() as connection:
        rows = connection.execute(text("SELECT id, perceptual_hash FROM images ORDER BY id"))
        return {row.id: row.perceptual_hash for row in rows}


def forget(pipeline: Pipeline, *image_ids: int) -> None:
    with pipeline.unit_of_work.begin() as transaction:
        statement = text("UPDATE images SET perceptual_hash = NULL WHERE id = ANY(:ids)")
        transaction.connection.execute(statement, {"ids": list(image_ids)})


def wanted(pipeline: Pipeline, fact: str | None = None) -> NewJob:
    with pipeline.unit_of_work.read() as connection:
        job = reanalysis(connection, fact)
    assert job is not None
    return job


def test_photos_that_lack_a_fact_get_it_some_at_a_time_by_one_job(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [pipeline.add(picture(seed))[0] for seed in range(5)]
    pipeline.settle()
    known = hashes(pipeline)
    assert None not in known.values()
    forget(pipeline, *ids[1:])
    monkeypatch.setattr(reanalyse, "RUN_IMAGES", 2)
    job = pipeline.start(wanted(pipeline, "perceptual_hash"))
    message = pipeline.dispatcher.take()
    assert message == (JobKind.REANALYSE, job)
    pipeline.deliver(message)
    half = pipeline.job(job)
    assert (half.status, half.progress) == (JobStatus.QUEUED, 0.5)
    assert [value is None for value in hashes(pipeline).values()] == [False, False, False, True, True]
    pipeline.drain()
    assert hashes(pipeline) == known
    ended = pipeline.job(job)
    assert (ended.status, ended.progress) == (JobStatus.SUCCEEDED, 1)
    assert ended.result_as(ReanalysisResult) == ReanalysisResult(4, "perceptual_hash")


def test_an_upload_that_comes_meanwhile_has_its_turn_before_the_rest(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(3):
        pipeline.add(picture(seed))
    pipeline.settle()
    monkeypatch.setattr(reanalyse, "RUN_IMAGES", 2)
    job = pipeline.start(wanted(pipeline))
    pipeline.add(picture(3))
    first, second = pipeline.dispatcher.take(), pipeline.dispatcher.take()
    assert first == (JobKind.REANALYSE, job)
    assert second is not None
    assert second[0] is JobKind.ANALYSE
    pipeline.deliver(first)
    pipeline.deliver(second)
    pipeline.drain()
    assert pipeline.job(job).result_as(ReanalysisResult) == ReanalysisResult(4, None)


def test_each_run_has_attempts_of_its_own(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(6):
        pipeline.add(picture(seed))
    pipeline.settle()
    monkeypatch.setattr(reanalyse, "RUN_IMAGES", 1)
    job = pipeline.start(wanted(pipeline))
    pipeline.drain()
    ended = pipeline.job(job)
    assert ended.attempt > RULES[JobKind.REANALYSE].attempts
    assert ended.status is JobStatus.SUCCEEDED


def test_without_the_name_of_a_fact_every_photo_is_looked_at_again(pipeline: Pipeline) -> None:
    for seed in range(3):
        pipeline.add(picture(seed))
    pipeline.settle()
    job = pipeline.start(wanted(pipeline))
    pipeline.drain()
    assert pipeline.job(job).result == {"images": 3, "fact": None}


def test_a_photo_whose_original_is_gone_does_not_hold_up_the_others(pipeline: Pipeline) -> None:
    ids = [pipeline.add(picture(seed))[0] for seed in range(3)]
    pipeline.settle()
    forget(pipeline, *ids)
    pipeline.blobs.delete(blob_keys.original(pipeline.image(ids[1]).sha256))
    pipeline.start(wanted(pipeline, "perceptual_hash"))
    pipeline.drain()
    assert [value is None for value in hashes(pipeline).values()] == [False, True, False]


def test_asked_for_twice_it_is_done_once(pipeline: Pipeline) -> None:
    pipeline.add(picture(1))
    pipeline.settle()
    assert pipeline.start(wanted(pipeline)) == pipeline.start(wanted(pipeline))


def test_a_fact_that_is_none_is_refused(pipeline: Pipeline) -> None:
    job = pipeline.start(NewJob(JobKind.REANALYSE, payload=ReanalysisOrder("sha256")))
    pipeline.drain()
    ended = pipeline.job(job)
    assert (ended.status, ended.error_code) == (JobStatus.FAILED, "unknown_fact")


def test_palettes_of_an_older_version_are_found_anew_from_what_is_kept(pipeline: Pipeline) -> None:
    old, new = (pipeline.add(picture(seed))[0] for seed in range(2))
    pipeline.settle()
    with pipeline.unit_of_work.begin() as transaction:
        connection = transaction.connection
        before = find_palette(connection, old, DEFAULT_COLORS)
        connection.execute(
            text(
                "UPDATE palettes SET version = 'older', swatches = :swatches WHERE image_id = :id"
            ).bindparams(bindparam("swatches", [{"hex": "#123456", "proportion": 1.0}], JSONB), id=old)
        )
        connection.execute(
            text("UPDATE palette_colors SET rank = rank + 10 WHERE image_id = :id"), {"id": old}
        )
        job = reanalysis(connection, None, palettes=True)
    assert before is not None
    assert job is not None
    started = pipeline.start(job)
    pipeline.blobs.delete(blob_keys.original(picture_hash(pipeline, old)))  # nothing is decoded
    pipeline.drain()
    assert pipeline.job(started).result_as(ReanalysisResult) == ReanalysisResult(1, None)
    with pipeline.unit_of_work.read() as connection:
        assert find_palette(connection, old, DEFAULT_COLORS) == before
        kept = connection.execute(text("SELECT count(*) FROM palettes WHERE image_id = :id"), {"id": old})
        ranks = connection.execute(
            text("SELECT rank FROM palette_colors WHERE image_id = :id ORDER BY rank"), {"id": old}
        )
        assert (kept.scalar_one(), ranks.scalars().all()) == (1, list(range(len(before.swatches))))
        assert find_palette(connection, new, DEFAULT_COLORS) is not None


def picture_hash(pipeline: Pipeline, image_id: int) -> str:
    with pipeline.unit_of_work.read() as connection:
        return image_source(connection, image_id).sha256
