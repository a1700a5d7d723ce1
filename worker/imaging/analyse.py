"""Everything that needs a photo's pixels, from one decode of the original."""

from sqlalchemy import Connection

from shared.db.queries.palettes import PaletteRow
from shared.db.queries.photos.analyses import AnalysisRow, save_analysis
from shared.db.queries.photos.images import ImageSource, image_source
from shared.db.unit_of_work import Transaction
from shared.errors import ImageNotFound
from shared.jobs.results import AnalyseResult
from shared.storage import Blob
from shared.storage import keys as blob_keys
from worker.imaging.algorithms.analysis import Analysis
from worker.imaging.algorithms.model_view import model_view_to_bytes
from worker.imaging.algorithms.palette import PALETTE_VERSION
from worker.imaging.decode_errors import translated_decode_errors
from worker.lifecycle import ClaimedJob, JobResult
from worker.services import Services


def analyse(services: Services, job: ClaimedJob) -> JobResult:
    """Makes the renditions, palette, perceptual hash and model view of an image."""
    with services.unit_of_work.read() as connection:
        source = source_of(connection, job)
    data = services.blobs.get(blob_keys.original(source.sha256))
    with translated_decode_errors():
        analysis = services.sandbox.analyse(data, source.colors)
    save_renditions(services, source.sha256, analysis)

    palette = PaletteRow(source.id, source.colors, PALETTE_VERSION, analysis.palette)
    found = AnalysisRow(analysis.width, analysis.height, analysis.facts, palette)

    def write(transaction: Transaction) -> None:
        save_analysis(transaction.connection, found)

    return JobResult(AnalyseResult(str(source.id)), write)


def source_of(connection: Connection, job: ClaimedJob) -> ImageSource:
    """The image that a job is about. Raises ImageNotFound when it has been deleted."""
    if job.claim.image_id is None:
        raise ImageNotFound
    return image_source(connection, job.claim.image_id)


def save_renditions(services: Services, sha256: str, analysis: Analysis) -> None:
    """Puts all that is not a row into the store. Named by content: writing it twice changes nothing."""
    renditions = {blob_keys.display(sha256): analysis.display} | {
        blob_keys.thumbnail(sha256, size): thumbnail for size, thumbnail in analysis.thumbnails.items()
    }
    features = {
        blob_keys.histogram(sha256): analysis.histogram.to_bytes(),
        blob_keys.model_view(sha256): model_view_to_bytes(analysis.model_view),
    }
    blobs = [Blob(key, rendition.bytes, rendition.content_type) for key, rendition in renditions.items()]
    blobs += [Blob(key, data, "application/octet-stream") for key, data in features.items()]
    services.blobs.put_all(blobs, services.store_threads)
