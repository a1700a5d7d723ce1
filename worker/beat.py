"""The Celery entry of beat: `celery --app worker.beat beat`. It says when the sweeper is due, and knows no task."""

from datetime import timedelta

from celery import Celery
from celery.signals import setup_logging

from shared.jobs.broker import make_celery
from shared.jobs.kinds import SWEEP, Queue
from shared.logs import configure_logs
from shared.settings import Settings, load_settings, refusing_in_words


def make_app(settings: Settings) -> Celery:
    """Celery with what beat sends."""
    celery = make_celery(settings)
    celery.conf.beat_schedule = {
        SWEEP: {
            "task": SWEEP,
            "schedule": timedelta(seconds=settings.sweep_seconds),
            # A sweep that could not run in time is worth nothing once the next one is here.
            "options": {"queue": Queue.MAINTENANCE.value, "expires": settings.sweep_seconds},
        }
    }
    setup_logging.connect(lambda **_: configure_logs(settings, "beat"), weak=False)
    return celery


with refusing_in_words():
    app = make_app(load_settings())
