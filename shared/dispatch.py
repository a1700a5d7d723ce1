"""How a job's message leaves a process. Jobs are sent by name: no sender imports a task."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from uuid import UUID

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from shared.errors import BrokerUnavailable
from shared.jobs import RULES, JobKind, Queue

T = TypeVar("T")


class Dispatcher(Protocol):
    def send(self, kind: JobKind, job_id: UUID) -> None:
        """Puts a message for the job on its kind's queue. Raises BrokerUnavailable."""

    def backlog(self, queue: Queue) -> int:
        """How many messages wait on the queue. Raises BrokerUnavailable."""

    def check(self) -> None:
        """Raises BrokerUnavailable when the broker does not answer."""


class CeleryDispatcher:
    """Sends over Celery's own producer pool; one a process."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, kind: JobKind, job_id: UUID) -> None:
        try:
            self._app.send_task(kind.value, kwargs={"job_id": str(job_id)}, queue=RULES[kind].queue.value)
        except (OperationalError, RedisError, OSError) as error:
            raise BrokerUnavailable from error

    def backlog(self, queue: Queue) -> int:
        # The Redis transport keeps a queue as a list of that name.
        return self._ask(lambda redis: int(redis.llen(queue.value)))

    def check(self) -> None:
        self._ask(lambda redis: redis.ping())

    def _ask(self, question: Callable[[Any], T]) -> T:
        try:
            with self._app.connection_for_read() as connection:
                channel: Any = connection.default_channel
                return question(channel.client)
        except (OperationalError, RedisError, OSError) as error:
            raise BrokerUnavailable from error
