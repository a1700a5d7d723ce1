"""How a job's message leaves a process. Jobs are sent by name: no sender imports a task."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from shared.db.queries.jobs.engine import mark_unsent
from shared.db.unit_of_work import Message
from shared.errors import BrokerUnavailable
from shared.jobs.kinds import RULES, JobKind, Queue

log = structlog.get_logger(__name__)

T = TypeVar("T")

# The last three: an address that Celery cannot parse, which it says only now.
_UNREACHABLE: Final = (OperationalError, RedisError, OSError, ValueError, TypeError, LookupError)


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
                if RULES[kind].wake_up and _waiting(producer.channel, queue):
                    return
                message = {"job_id": str(job_id)}
                self._app.send_task(kind.value, kwargs=message, queue=queue.value, producer=producer)
        except _UNREACHABLE as error:
            raise BrokerUnavailable from error

    def backlog(self, queue: Queue) -> int:
        return self._ask(lambda channel: _waiting(channel, queue))

    def check(self) -> None:
        self._ask(lambda channel: channel.client.ping())

    def _ask(self, question: Callable[[Any], T]) -> T:
        try:
            with self._app.connection_for_read() as connection:
                return question(connection.default_channel)
        except _UNREACHABLE as error:
            raise BrokerUnavailable from error


class SendOnCommit:
    """Sends the messages of a transaction once it is committed (`shared.db.unit_of_work.OnCommit`).

    Nothing is raised, whatever becomes of them: the rows are there, the jobs are marked as unsent, and the sweeper sends
    them.
    """

    def __init__(self, dispatcher: Dispatcher, engine: Engine) -> None:
        self._dispatcher = dispatcher
        self._engine = engine

    def __call__(self, messages: Sequence[Message]) -> None:
        for position, message in enumerate(messages):
            try:
                self._dispatcher.send(message.kind, message.job_id)
            except Exception as error:
                # Anything but a broker that is away is a defect here, and no reason to take back what is committed.
                if not isinstance(error, BrokerUnavailable):
                    log.exception("message_not_sent", kind=message.kind, job_id=message.job_id)
                self._mark_unsent(messages[position:])
                return

    def _mark_unsent(self, messages: Sequence[Message]) -> None:
        log.warning("broker_unavailable", unsent=len(messages))
        try:
            with self._engine.begin() as connection:
                mark_unsent(connection, [message.job_id for message in messages])
        except SQLAlchemyError as error:
            # Then the sweeper finds them by their age instead.
            log.warning("unsent_jobs_not_marked", error=str(error))


def _waiting(channel: Any, queue: Queue) -> int:
    """How many messages wait: the Redis transport keeps a queue as a list of that name."""
    return int(channel.client.llen(queue.value))
