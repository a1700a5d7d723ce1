"""The Celery application that both sides share: how messages travel and what bounds a task. No tasks."""

from celery import Celery
from kombu import Connection, Exchange
from kombu import Queue as KombuQueue

from shared.errors import BadSetting
from shared.jobs.kinds import Queue
from shared.settings import Settings, variable


def check_broker_url(settings: Settings) -> None:
    """Whether Celery takes the address, its options included. Connects to nothing. Raises BadSetting."""
    for url in settings.broker_url.split(";"):
        try:
            Connection(url)
        # Of an option that it does not know, of a port, and of words for a transport or for checks of certificates.
        except (TypeError, ValueError, LookupError) as error:
            raise BadSetting(
                f"{variable('broker_url')} cannot be used: {type(error).__name__}, {error}."
            ) from None


def make_celery(settings: Settings, *, publisher_only: bool = False) -> Celery:
    """Celery over Redis, set so that Postgres alone decides what runs and how often.

    publisher_only: for the front end, where a dead broker must cost a request as little as possible; the sweeper
    sends later what could not be sent now. Raises BadSetting.
    """
    check_broker_url(settings)
    app = Celery("vitrine", broker=settings.broker_url, set_as_current=not publisher_only)
    app.conf.update(
        # JSON only: a message can name work but never carry code.
        task_serializer="json",
        accept_content=["json"],
        # Postgres is the truth, so there is no result backend to keep, expire or lose.
        task_ignore_result=True,
        result_backend=None,
        # A message is given back if its worker vanishes; what may run again is up to the jobs table. Rejecting on
        # worker loss would send a poison task round and round without counting its attempts.
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        task_acks_on_failure_or_timeout=True,
        # Late acks with prefetch would hide waiting work from other workers and from autoscaling.
        worker_prefetch_multiplier=1,
        # C code ignores soft limits, so only the hard one is set: 20 s past the longest deadline of a cpu job.
        # Index tasks carry their own (worker/app.py).
        task_time_limit=120,
        # Heaps grow; a fresh child now and then is cheap. Checked only between tasks, hence RLIMIT_AS in the sandbox.
        worker_max_tasks_per_child=200,
        worker_max_memory_per_child=2_000_000,
        # A deploy lets running tasks finish for 20 s, then leaves them to the lease.
        worker_soft_shutdown_timeout=20,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        # The default gives up after 100 tries; a worker should outlast any broker outage.
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            # Longer than any cpu task, or a slow one would run twice at once; the same in every process, since the
            # shortest wins.
            "visibility_timeout": 600,
            # The default sweep for messages of lost workers takes about 100 s.
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            # By default a frozen Redis holds a publisher for a minute.
            "socket_timeout": 1 if publisher_only else 5,
            "socket_connect_timeout": 1 if publisher_only else 2,
            "health_check_interval": 10,
            "retry_on_timeout": False,
            # Without this a publisher tries for 6 s to reach a broker that is gone, whatever task_publish_retry says.
            **({"max_retries": 0} if publisher_only else {}),
        },
        # A publisher never waits for a broker to come back: the row is there, the sweeper sends.
        task_publish_retry=False,
        broker_pool_limit=10,
        task_queues=[KombuQueue(queue, Exchange(queue), routing_key=queue) for queue in map(str, Queue)],
        task_default_queue=Queue.CPU.value,
        task_create_missing_queues=False,
        # structlog is set up by the worker itself.
        worker_hijack_root_logger=False,
        timezone="UTC",
    )
    return app
