"""How messages reach a real Valkey."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from shared.errors import BrokerUnavailable
from shared.jobs.broker import make_celery
from shared.jobs.dispatch import CeleryDispatcher
from shared.jobs.kinds import JobKind, Queue
from shared.settings import Settings


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
