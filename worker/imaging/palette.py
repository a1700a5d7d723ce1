"""A palette of another size, of several photos, or of a photo that is not in the gallery."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from shared.db.queries.palettes import PaletteRow, save_palette
from shared.db.queries.photos.images import ImageSource, image_sources
from shared.db.unit_of_work import Transaction
from shared.errors import ImageNotFound
from shared.jobs.orders import PaletteOrder
from shared.jobs.results import PaletteResult
from shared.limits import MAX_COLORS, MIN_COLORS
from shared.storage import keys as blob_keys
from worker.imaging.algorithms.histograms import merged_histogram
from worker.imaging.algorithms.palette import PALETTE_VERSION, ColourHistogram, extract_palette
from worker.imaging.analyse import source_of
from worker.imaging.decode_errors import translated_decode_errors
from worker.lifecycle import ClaimedJob, JobResult
from worker.services import Services

# Histograms are small and come from a store that answers in milliseconds; eight at a time hide its latency.
_READERS: Final = 8


def palette(services: Services, job: ClaimedJob) -> JobResult:
    """Finds the palette of the job's image, or of the images or the upload that its order names."""
    order = job.order(PaletteOrder)
    if order.upload is not None:
        return _of_upload(services, order.upload, order.colors)
    if order.images:
        return _of_images(services, order.images, order.colors)
    return _of_image(services, job, order.colors)


def _of_image(services: Services, job: ClaimedJob, colors: int) -> JobResult:
    with services.unit_of_work.read() as connection:
        source = source_of(connection, job)
    found = extract_palette(_histogram(services, source), colors)

    def write(transaction: Transaction) -> None:
        save_palette(transaction.connection, PaletteRow(source.id, colors, PALETTE_VERSION, found))

    return JobResult(PaletteResult(found, PALETTE_VERSION), write)


def _of_images(services: Services, image_ids: Collection[int], colors: int) -> JobResult:
    """One palette for all of them, each counting as much as any other; those that are deleted by now are left out."""
    with services.unit_of_work.read() as connection:
        sources = image_sources(connection, image_ids)
    if not sources:
        raise ImageNotFound
    with ThreadPoolExecutor(_READERS) as pool:
        histograms = list(pool.map(lambda source: _histogram(services, source), sources.values()))
    return _every_size(merged_histogram(histograms), colors)


def _of_upload(services: Services, sha256: str, colors: int) -> JobResult:
    """Nothing of the photo is kept to ask again, so that every size is found at once: together they cost about as much
    as the decode."""
    data = services.blobs.get(blob_keys.upload(sha256))
    with translated_decode_errors():
        return _every_size(services.sandbox.histogram(data), colors)


def _every_size(histogram: ColourHistogram, colors: int) -> JobResult:
    sizes = {size: extract_palette(histogram, size) for size in range(MIN_COLORS, MAX_COLORS + 1)}
    return JobResult(PaletteResult(sizes[colors], PALETTE_VERSION, sizes))


def _histogram(services: Services, source: ImageSource) -> ColourHistogram:
    return ColourHistogram.from_bytes(services.blobs.get(blob_keys.histogram(source.sha256)))
