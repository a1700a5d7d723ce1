"""A kind of job is declared once: rules, handler, task and words agree."""

import pytest

from shared.jobs.kinds import PARENTS, RULES, SWEEP, JobKind, Queue
from web.jobs.kind_words import KIND_WORDS
from worker.app import app
from worker.registry import HANDLERS, drain_handler, job_handler


def test_every_kind_that_works_has_a_handler() -> None:
    assert HANDLERS.keys() == RULES.keys()


@pytest.mark.parametrize("kind", RULES, ids=str)
def test_a_handler_can_be_imported_by_its_name(kind: JobKind) -> None:
    assert callable(drain_handler(kind) if RULES[kind].wake_up else job_handler(kind))


def test_every_kind_that_works_is_a_task_and_no_other_is() -> None:
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == {kind.value for kind in RULES} | {SWEEP}


def test_pages_have_words_for_every_kind() -> None:
    assert KIND_WORDS.keys() == set(JobKind)


def test_every_queue_but_the_sweepers_has_kinds() -> None:
    assert {rules.queue for rules in RULES.values()} == set(Queue) - {Queue.MAINTENANCE}


def test_a_parent_leaves_the_work_to_its_children() -> None:
    assert set(JobKind) - HANDLERS.keys() == PARENTS


@pytest.mark.parametrize("kind", RULES, ids=str)
def test_the_pause_between_attempts_grows_to_its_bound(kind: JobKind) -> None:
    backoff = RULES[kind].backoff
    pauses = [backoff.seconds(attempt) for attempt in (*range(1, 20), 5000)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (backoff.first, backoff.longest)
