"""A palette of another size, or of a photo that is not in the gallery."""

from shared import blob_keys
from shared.db.queries.palettes import PaletteRow, save_palette
from shared.db.unit_of_work import Transaction
from worker.algorithms.palette import PALETTE_VERSION, ColourHistogram, extract_palette
from worker.decoding import decoding
from worker.lifecycle import Job, Outcome
from worker.services import Services
from worker.tasks.analyse import source_of, swatch_documents


def palette(services: Services, job: Job) -> Outcome:
    """Extracts `colors` swatches of the payload's upload, or of the job's image."""
    colors = int(job.claim.payload["colors"])
    found = swatch_documents(extract_palette(_histogram(services, job), colors))

    def write(transaction: Transaction) -> None:
        if job.claim.image_id is not None:
            row = PaletteRow(job.claim.image_id, colors, PALETTE_VERSION, found)
            save_palette(transaction.connection, row)

    return Outcome({"colors": found, "version": PALETTE_VERSION}, write)


def _histogram(services: Services, job: Job) -> ColourHistogram:
    upload = job.claim.payload.get("upload")
    if upload is not None:
        data = services.blobs.get(blob_keys.upload(upload))
        with decoding():
            return services.sandbox.histogram(data)
    with services.unit_of_work.read() as connection:
        source = source_of(connection, job)
    return ColourHistogram.from_bytes(services.blobs.get(blob_keys.histogram(source.sha256)))
