"""What goes on by itself: the nightly run, and the clean-up of what nothing needs any more."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from shared.jobs.kinds import JobStatus
from shared.storage import keys as blob_keys
from tests.support.pipeline import Pipeline, picture
from worker.upkeep.garbage import collect_garbage


def test_the_nightly_run_is_started_once_however_many_sweeps_there_are(pipeline: Pipeline) -> None:
    night = datetime(2026, 1, 2, pipeline.settings.full_run_hour, 0, 5, tzinfo=UTC)
    for _ in range(3):
        pipeline.sweep(night)
        pipeline.drain()
    with pipeline.unit_of_work.read() as connection:
        runs = connection.execute(text("SELECT count(*) FROM jobs WHERE kind = 'index-full'")).scalar()
    assert runs == 1


def test_an_installation_that_was_off_at_night_does_not_run_it_at_noon(pipeline: Pipeline) -> None:
    pipeline.sweep(datetime(2026, 1, 2, 12, tzinfo=UTC))
    assert pipeline.dispatcher.sent == []


def test_garbage_is_what_was_deleted_long_ago_and_nothing_else(pipeline: Pipeline) -> None:
    kept, _ = pipeline.add(picture(1))
    gone, _ = pipeline.add(picture(2))
    pipeline.settle()
    kept_sha, gone_sha = pipeline.image(kept).sha256, pipeline.image(gone).sha256
    pipeline.services.blobs.put(blob_keys.upload(kept_sha), b"passing through", "image/jpeg")
    pipeline.delete(gone)
    pipeline.settle()

    collect_garbage(pipeline.unit_of_work, pipeline.services.blobs, datetime.now(UTC) - timedelta(hours=1))
    assert pipeline.services.blobs.exists(blob_keys.original(gone_sha))

    collect_garbage(pipeline.unit_of_work, pipeline.services.blobs, datetime.now(UTC) + timedelta(hours=1))
    left = set(pipeline.services.blobs.keys())
    assert left == set(blob_keys.of_image(kept_sha))
    assert pipeline.image(kept).palette is JobStatus.SUCCEEDED
