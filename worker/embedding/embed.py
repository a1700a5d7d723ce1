"""Embeddings, a batch at a time. A message is a wake-up: it takes what waits, not one job by name."""

import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.db.queries.index.runs import save_embeddings
from shared.db.queries.index.state import index_state
from shared.db.queries.jobs.engine import Claim, backlog_of
from shared.db.queries.photos.images import image_sources
from shared.db.unit_of_work import Transaction
from shared.errors import ImageNotFound, VitrineError, WrongModel
from shared.jobs.kinds import RULES, JobKind
from shared.jobs.results import EmbedResult
from shared.storage import keys as blob_keys
from worker.imaging import model_view_from_bytes
from worker.lifecycle import BatchResult, Lifecycle
from worker.services import Services

# How long a batch that is not full waits for photos that are being analysed. One by one, each would cost twice as much in
# the model and ten times as much in the database; nobody sees the second, since the index waits longer than that.
BATCH_WAIT_SECONDS: Final = 1.0
_BATCH_POLL_SECONDS: Final = 0.1


def embed(services: Services, lifecycle: Lifecycle, stopping: Callable[[], bool]) -> bool:
    """Embeds batch after batch while work remains and the worker is not stopping.

    Returns whether there may be more, which needs another wake-up: none waits for a job of its own.
    """
    end, batch = time.monotonic() + RULES[JobKind.EMBED].drain_seconds, services.settings.embed_batch
    while time.monotonic() < end and not stopping():
        if not await_batch(services, batch, stopping):
            return False
        if not lifecycle.run_batch(JobKind.EMBED, batch, lambda claims: embed_batch(services, claims)):
            return False  # others are taking what there is
    return True


def await_batch(services: Services, batch: int, stopping: Callable[[], bool]) -> bool:
    """Waits a moment for a full batch where more photos are being analysed; whether there is anything to embed."""
    end = time.monotonic() + BATCH_WAIT_SECONDS
    while True:
        with services.unit_of_work.read() as connection:
            waiting = backlog_of(connection, JobKind.EMBED, after=JobKind.ANALYSE, limit=batch)
        if not 0 < waiting.due < batch or not waiting.coming or time.monotonic() > end or stopping():
            return waiting.due > 0
        time.sleep(_BATCH_POLL_SECONDS)


def embed_batch(services: Services, claims: Sequence[Claim]) -> BatchResult:
    """One forward pass over the images of these claims; a photo that cannot be read fails alone."""
    embedder = services.embedder
    with services.unit_of_work.read() as connection:
        if index_state(connection).target_model != embedder.model_id:
            raise WrongModel
        sources = image_sources(
            connection, [claim.image_id for claim in claims if claim.image_id is not None]
        )

    def read(claim: Claim) -> NDArray[np.uint8] | Exception:
        source = sources.get(claim.image_id or 0)
        if source is None:
            return ImageNotFound()
        try:
            return model_view_from_bytes(services.blobs.get(blob_keys.model_view(source.sha256)))
        except (VitrineError, ValueError) as error:
            return error

    views = dict(zip(claims, services.store_threads.map(read, claims), strict=True))
    readable = {claim: view for claim, view in views.items() if not isinstance(view, Exception)}
    failures = {claim: view for claim, view in views.items() if isinstance(view, Exception)}
    embeddings = embedder.embed(np.stack(list(readable.values()))) if readable else ()
    made = dict(zip(readable, embeddings, strict=True))

    def write(transaction: Transaction, held: Sequence[Claim]) -> None:
        found = {claim.image_id: made[claim].tolist() for claim in held if claim.image_id is not None}
        save_embeddings(transaction.connection, embedder.model_id, found)

    results = dict.fromkeys(readable, EmbedResult(embedder.model_id))
    return BatchResult(results, failures, write)
