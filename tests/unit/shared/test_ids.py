"""Ids of jobs carry the time of their making."""

from datetime import UTC, datetime, timedelta

from shared.ids import first_job_id, new_job_id


def test_the_first_id_of_a_moment_comes_before_every_id_made_from_then_on() -> None:
    before = datetime.now(UTC)
    made = new_job_id()
    assert first_job_id(before) <= made < first_job_id(before + timedelta(minutes=1))
    assert first_job_id(before).version == made.version == 7
    assert first_job_id(before).variant == made.variant
