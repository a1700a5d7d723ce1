"""A palette of another size, of several photos, or of a photo that is not in the gallery."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from shared.db.queries.palettes import PaletteRow, save_palette
from shared.db.queries.photos.images import image_sources
from shared.db.unit_of_work import Transaction
from shared.errors import ImageNotFound
from shared.jobs.orders import PaletteOrder
from shared.jobs.results import PaletteResult
from shared.limits import MAX_COLORS, MIN_COLORS
from shared.palette_kinds import DEFAULT_KIND, EVERY_KIND, PaletteGround
from shared.storage import keys as blob_keys
from worker.imaging.algorithms.histograms import merged_histogram
from worker.imaging.algorithms.palette import PALETTE_VERSION, ColourHistogram, extract_palette, has_ground
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
    return _of_image(services, job, order)


def _of_image(services: Services, job: ClaimedJob, order: PaletteOrder) -> JobResult:
    with services.unit_of_work.read() as connection:
        source = source_of(connection, job)
    found = extract_palette(kept_histogram(services, source.sha256), order.colors, order.kind)
    row = PaletteRow(source.id, order.colors, PALETTE_VERSION, found, order.kind)

    def write(transaction: Transaction) -> None:
        save_palette(transaction.connection, row)

    return JobResult(PaletteResult(found, PALETTE_VERSION, order.colors), write)


def _of_images(services: Services, image_ids: Collection[int], colors: int) -> JobResult:
    """One palette for all of them, each counting as much as any other; those that are deleted by now are left out."""
    with services.unit_of_work.read() as connection:
        sources = image_sources(connection, image_ids)
    if not sources:
        raise ImageNotFound
    with ThreadPoolExecutor(_READERS) as pool:
        histograms = list(pool.map(lambda source: kept_histogram(services, source.sha256), sources.values()))
    return _every_kind(merged_histogram(histograms), colors)


def _of_upload(services: Services, sha256: str, colors: int) -> JobResult:
    """Nothing of the photo is kept to ask again, so that every kind and size is found at once: together they cost some
    tenths of a second."""
    data = services.blobs.get(blob_keys.upload(sha256))
    with translated_decode_errors():
        return _every_kind(services.sandbox.histogram(data), colors)


def _every_kind(histogram: ColourHistogram, colors: int) -> JobResult:
    kinds = [kind for kind in EVERY_KIND if kind.ground is PaletteGround.INCLUDED or has_ground(histogram)]
    found = {
        kind.key: {size: extract_palette(histogram, size, kind) for size in range(MIN_COLORS, MAX_COLORS + 1)}
        for kind in kinds
    }
    return JobResult(PaletteResult(found[DEFAULT_KIND.key][colors], PALETTE_VERSION, colors, found))


def kept_histogram(services: Services, sha256: str) -> ColourHistogram:
    """The histogram that the analysis of the photo with that hash has left."""
    return ColourHistogram.from_bytes(services.blobs.get(blob_keys.histogram(sha256)))
