"""How messages reach a real Valkey."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import Celery

from shared.db.queries.jobs.jobs import NewJob, create_job
from shared.db.unit_of_work import UnitOfWork
from shared.errors import BadSetting, BrokerUnavailable
from shared.jobs.broker import make_celery
from shared.jobs.dispatch import CeleryDispatcher, SendOnCommit
from shared.jobs.kinds import JobKind, JobStatus, Queue
from shared.settings import Settings
from tests.support.pipeline import Pipeline


@pytest.fixture
def dispatcher(valkey: str) -> Iterator[CeleryDispatcher]:
    app = make_celery(Settings(broker_url=valkey), publisher_only=True)
    yield CeleryDispatcher(app)
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        for queue in Queue:
            channel.queue_purge(queue.value)
    app.close()


def test_every_job_has_a_message_of_its_own(dispatcher: CeleryDispatcher) -> None:
    for _ in range(3):
        dispatcher.send(JobKind.ANALYSE, uuid4())
    assert dispatcher.backlog(Queue.CPU) == 3


def test_a_wake_up_that_waits_already_is_enough(dispatcher: CeleryDispatcher) -> None:
    for _ in range(3):
        dispatcher.send(JobKind.EMBED, uuid4())
    assert dispatcher.backlog(Queue.GPU) == 1


def test_a_wake_up_is_sent_again_once_the_last_one_was_taken(
    dispatcher: CeleryDispatcher, valkey: str
) -> None:
    dispatcher.send(JobKind.EMBED, uuid4())
    with make_celery(Settings(broker_url=valkey)).connection_for_read() as connection:
        channel: Any = connection.default_channel
        taken = channel.basic_get(Queue.GPU.value, no_ack=True)
    assert taken is not None
    assert dispatcher.backlog(Queue.GPU) == 0
    dispatcher.send(JobKind.EMBED, uuid4())
    assert dispatcher.backlog(Queue.GPU) == 1


@pytest.mark.parametrize("kind", [JobKind.ANALYSE, JobKind.EMBED])
def test_a_broker_that_is_away_is_said_to_be(kind: JobKind) -> None:
    app = make_celery(Settings(broker_url="redis://127.0.0.1:1/0"), publisher_only=True)
    with pytest.raises(BrokerUnavailable):
        CeleryDispatcher(app).send(kind, uuid4())


@pytest.mark.parametrize(
    "url", ["redis://:p#w@127.0.0.1:6379/0", "redis://127.0.0.1:1/0?option=1", "nonsense://x"]
)
def test_an_address_that_cannot_be_parsed_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(BadSetting, match="VITRINE_BROKER_URL cannot be used"):
        make_celery(Settings(broker_url=url), publisher_only=True)


@pytest.mark.parametrize("url", ["redis://:p#w@127.0.0.1:6379/0", "redis://127.0.0.1:1/x", "nonsense://x"])
def test_an_address_that_celery_cannot_parse_is_a_broker_that_is_away(url: str) -> None:
    app = Celery("test", broker=url, set_as_current=False)
    for ask in (
        lambda: CeleryDispatcher(app).send(JobKind.ANALYSE, uuid4()),
        lambda: CeleryDispatcher(app).backlog(Queue.CPU),
        CeleryDispatcher(app).check,
    ):
        with pytest.raises(BrokerUnavailable):
            ask()


class Broken:
    """A broker's client that fails in a way that nobody has foreseen."""

    def send(self, kind: JobKind, job_id: UUID) -> None:
        raise RuntimeError(f"{kind} {job_id}")

    def backlog(self, queue: Queue) -> int:
        raise RuntimeError(queue)

    def check(self) -> None:
        raise RuntimeError


def test_whatever_becomes_of_a_message_what_was_committed_stays_and_is_sent_later(pipeline: Pipeline) -> None:
    unit_of_work = UnitOfWork(pipeline.engine, SendOnCommit(Broken(), pipeline.engine))
    with unit_of_work.begin() as transaction:
        job_id = create_job(transaction, NewJob(JobKind.DEMO))
    assert pipeline.job(job_id).status is JobStatus.QUEUED
    pipeline.sweep()
    assert (JobKind.DEMO, job_id) in pipeline.dispatcher.sent
