"""Facts of photos that were analysed before the facts were known."""

import pytest
from sqlalchemy import text

from shared.jobs.kinds import JobKind, JobStatus
from shared.jobs.reanalysis import Reanalysis
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


def test_photos_that_lack_a_fact_get_it_stretch_by_stretch(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [pipeline.add(picture(seed))[0] for seed in range(5)]
    pipeline.settle()
    known = hashes(pipeline)
    assert None not in known.values()
    forget(pipeline, *ids[1:])
    monkeypatch.setattr(reanalyse, "STRETCH_IMAGES", 2)
    first = pipeline.start(Reanalysis("perceptual_hash").to_job())
    pipeline.drain()
    assert hashes(pipeline) == known
    assert pipeline.job(first).result == {"images": 2, "fact": "perceptual_hash"}


def test_without_the_name_of_a_fact_every_photo_is_looked_at_again(pipeline: Pipeline) -> None:
    for seed in range(3):
        pipeline.add(picture(seed))
    pipeline.settle()
    job = pipeline.start(Reanalysis().to_job())
    pipeline.drain()
    assert pipeline.job(job).result == {"images": 3, "fact": None}


def test_a_photo_whose_original_is_gone_does_not_hold_up_the_others(pipeline: Pipeline) -> None:
    ids = [pipeline.add(picture(seed))[0] for seed in range(3)]
    pipeline.settle()
    forget(pipeline, *ids)
    pipeline.blobs.delete(blob_keys.original(pipeline.image(ids[1]).sha256))
    pipeline.start(Reanalysis("perceptual_hash").to_job())
    pipeline.drain()
    assert [value is None for value in hashes(pipeline).values()] == [False, True, False]


def test_asked_for_twice_it_is_done_once(pipeline: Pipeline) -> None:
    order = Reanalysis("perceptual_hash").to_job()
    assert pipeline.start(order) == pipeline.start(order)


def test_a_fact_that_is_none_is_refused(pipeline: Pipeline) -> None:
    job = pipeline.start(Reanalysis("sha256").to_job())
    pipeline.drain()
    ended = pipeline.job(job)
    assert (ended.kind, ended.status, ended.error_code) == (
        JobKind.REANALYSE,
        JobStatus.FAILED,
        "unknown_fact",
    )
