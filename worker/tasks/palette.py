"""A palette of another size, or of a photo that is not in the gallery."""

from shared import blob_keys
from shared.db.queries.palettes import PaletteRow, save_palette
from shared.db.unit_of_work import Transaction
from worker.algorithms.palette import (
    MAX_COLORS,
    MIN_COLORS,
    PALETTE_VERSION,
    ColourHistogram,
    extract_palette,
)
from worker.decoding import decoding
from worker.lifecycle import Job, Outcome
from worker.services import Services
from worker.tasks.analyse import source_of, swatch_documents


def palette(services: Services, job: Job) -> Outcome:
    """Extracts `colors` swatches of the job's image, or of the payload's upload."""
    if job.claim.image_id is None:
        return _of_upload(services, str(job.claim.payload["upload"]), int(job.claim.payload["colors"]))
    return _of_image(services, job, int(job.claim.payload["colors"]))


def _of_image(services: Services, job: Job, colors: int) -> Outcome:
    with services.unit_of_work.read() as connection:
        source = source_of(connection, job)
    histogram = ColourHistogram.from_bytes(services.blobs.get(blob_keys.histogram(source.sha256)))
    found = swatch_documents(extract_palette(histogram, colors))

    def write(transaction: Transaction) -> None:
        save_palette(transaction.connection, PaletteRow(source.id, colors, PALETTE_VERSION, found))

    return Outcome({"colors": found, "version": PALETTE_VERSION}, write)


def _of_upload(services: Services, sha256: str, colors: int) -> Outcome:
    """Nothing of the photo is kept to ask again, so that every size is found at once: together they cost about as much
    as the decode."""
    data = services.blobs.get(blob_keys.upload(sha256))
    with decoding():
        histogram = services.sandbox.histogram(data)
    sizes = {
        str(size): swatch_documents(extract_palette(histogram, size))
        for size in range(MIN_COLORS, MAX_COLORS + 1)
    }
    return Outcome({"colors": sizes[str(colors)], "sizes": sizes, "version": PALETTE_VERSION})
