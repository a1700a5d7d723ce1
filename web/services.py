"""What the views work with, made once a process and handed to them as one frozen bundle."""

from dataclasses import dataclass, field
from typing import Final

from flask import current_app

from shared.db.engine import make_engine
from shared.db.unit_of_work import UnitOfWork
from shared.jobs.broker import make_celery
from shared.jobs.dispatch import CeleryDispatcher, Dispatcher, SendOnCommit
from shared.settings import Settings
from shared.storage import BlobStore, make_blob_store
from web.http.waiting import Waiters

EXTENSION: Final = "vitrine"


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    unit_of_work: UnitOfWork
    blobs: BlobStore
    dispatcher: Dispatcher
    waiters: Waiters = field(default_factory=Waiters)


def make_services(settings: Settings) -> Services:
    """The services that the settings name. Nothing is connected to yet."""
    dispatcher = CeleryDispatcher(make_celery(settings, publisher_only=True))
    engine = make_engine(settings, "vitrine-web")
    return Services(
        settings=settings,
        unit_of_work=UnitOfWork(engine, SendOnCommit(dispatcher, engine)),
        blobs=make_blob_store(settings),
        dispatcher=dispatcher,
    )


def current_services() -> Services:
    """The services of the application that is answering."""
    services: Services = current_app.extensions[EXTENSION]
    return services
