"""Removing what nobody can reach any more: rows of deleted images, blobs without rows, temporary files."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection

from shared.db.queries.idempotency import forget_expired_keys
from shared.db.queries.jobs import retention
from shared.db.queries.predictors.predictors import known_models
from shared.db.queries.predictors.training_photos import known_zips
from shared.db.unit_of_work import UnitOfWork
from shared.storage import BlobStore
from shared.storage import keys as blob_keys

log = structlog.get_logger(__name__)

T = TypeVar("T")

BATCH: Final = 500

# Far longer than any run may be late, so that none can be taken twice.
SCHEDULE_KEPT: Final = timedelta(days=30)


def collect_garbage(unit_of_work: UnitOfWork, blobs: BlobStore, before: datetime) -> None:
    """Removes what was given up before then, rows first: an orphan blob is harmless, a row without its blob is not."""
    with unit_of_work.begin() as transaction:
        forget_expired_keys(transaction.connection)
        retention.forget_schedule_runs(transaction.connection, before - SCHEDULE_KEPT)
    with unit_of_work.read() as connection:
        underway = retention.full_run_underway(connection)
    log.info(
        "garbage_collected",
        images=_purge_images(unit_of_work, before),
        photos=_delete_orphans(unit_of_work, blobs, before),
        models=_delete_models(unit_of_work, blobs, before),
        training_zips=_delete_zips(unit_of_work, blobs, before),
        explanations=_delete_old(blobs, blob_keys.EXPLANATIONS, before),
        predictions=_delete_old(blobs, blob_keys.PREDICTIONS, before),
        uploads=_delete_old(blobs, blob_keys.UPLOADS, before),
        snapshots=0 if underway else _delete_old(blobs, blob_keys.SNAPSHOTS, before),
    )


def _purge_images(unit_of_work: UnitOfWork, before: datetime) -> int:
    total = 0
    while True:
        with unit_of_work.begin() as transaction:
            purged = retention.purge_deleted_images(transaction.connection, before, BATCH)
        total += purged
        if purged < BATCH:
            return total


def _delete_orphans(unit_of_work: UnitOfWork, blobs: BlobStore, before: datetime) -> int:
    """Everything of photos that no row names: of purged images, and of uploads whose row was never committed."""
    deleted = 0
    old = (info.key for info in blobs.list(blob_keys.ORIGINALS) if info.modified < before)
    for keys in batches(old):
        photos = {key.rsplit("/", 1)[-1] for key in keys}
        with unit_of_work.read() as connection:
            orphans = photos - retention.known_photos(connection, photos)
        for sha256 in orphans:
            for key in reversed(
                blob_keys.of_image(sha256)
            ):  # the original last: it is what this finds them by
                blobs.delete(key)
        deleted += len(orphans)
    return deleted


def _delete_models(unit_of_work: UnitOfWork, blobs: BlobStore, before: datetime) -> int:
    """Models that no version of a predictor names, and the photos on their cards."""
    return sum(
        _delete_unknown(unit_of_work, blobs, before, prefix, known_models)
        for prefix in (blob_keys.PREDICTORS, blob_keys.TRAINING_PHOTOS)
    )


def _delete_zips(unit_of_work: UnitOfWork, blobs: BlobStore, before: datetime) -> int:
    """Zips that no version of a predictor was trained from."""
    return _delete_unknown(unit_of_work, blobs, before, blob_keys.TRAINING_ZIPS, known_zips)


def _delete_unknown(
    unit_of_work: UnitOfWork,
    blobs: BlobStore,
    before: datetime,
    prefix: str,
    known: Callable[[Connection, Collection[str]], set[str]],
) -> int:
    """What lies under prefix/aa/SHA256, or in a folder of that name, whose SHA-256 is not known."""
    deleted = 0
    old = (info.key for info in blobs.list(prefix) if info.modified < before)
    for keys in batches(old):
        owners = {key: key.split("/")[2] for key in keys}
        with unit_of_work.read() as connection:
            kept = known(connection, set(owners.values()))
        orphans = [key for key, owner in owners.items() if owner not in kept]
        for key in orphans:
            blobs.delete(key)
        deleted += len(orphans)
    return deleted


def _delete_old(blobs: BlobStore, prefix: str, before: datetime) -> int:
    old = [info.key for info in blobs.list(prefix) if info.modified < before]
    for key in old:
        blobs.delete(key)
    return len(old)


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """The items in lists of at most BATCH."""
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
