"""How a job's message leaves a process. Jobs are sent by name: no sender imports a task."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from uuid import UUID

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from shared.errors import BrokerUnavailable
from shared.jobs.kinds import RULES, WAKE_UPS, JobKind, Queue

T = TypeVar("T")


class Dispatcher(Protocol):
    def send(self, kind: JobKind, job_id: UUID) -> None:
        """Sees to it that a message for the job waits on its kind's queue. Raises BrokerUnavailable.

        Called once the job is committed: so a wake-up that waits already will find it.
        """

    def backlog(self, queue: Queue) -> int:
        """How many messages wait on the queue. Raises BrokerUnavailable."""

    def check(self) -> None:
        """Raises BrokerUnavailable when the broker does not answer."""


class CeleryDispatcher:
    """Sends over Celery's own producer pool; one a process."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, kind: JobKind, job_id: UUID) -> None:
        queue = RULES[kind].queue
        try:
            with self._app.producer_or_acquire() as producer:
                if kind in WAKE_UPS and _waiting(producer.channel, queue):
                    return
                message = {"job_id": str(job_id)}
                self._app.send_task(kind.value, kwargs=message, queue=queue.value, producer=producer)
        except (OperationalError, RedisError, OSError) as error:
            raise BrokerUnavailable from error

    def backlog(self, queue: Queue) -> int:
        return self._ask(lambda channel: _waiting(channel, queue))

    def check(self) -> None:
        self._ask(lambda channel: channel.client.ping())

    def _ask(self, question: Callable[[Any], T]) -> T:
        try:
            with self._app.connection_for_read() as connection:
                return question(connection.default_channel)
        except (OperationalError, RedisError, OSError) as error:
            raise BrokerUnavailable from error


def _waiting(channel: Any, queue: Queue) -> int:
    """How many messages wait: the Redis transport keeps a queue as a list of that name."""
    return int(channel.client.llen(queue.value))
