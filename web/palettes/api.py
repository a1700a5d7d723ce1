"""Palettes: of images, and of photos that do not go into the gallery."""

from collections.abc import Sequence

from flask import Response, g, request

from shared.colour import Swatch
from shared.db.queries import palettes
from shared.db.queries.photos import images
from web.http.documents import json_response
from web.http.ids import image_id, job_id
from web.http.routing import Answer, Resource
from web.jobs import PREFER, STARTED, started, started_and_awaited
from web.palettes.documents import ImagesForPalette, Palette, PaletteQuery
from web.palettes.ephemeral import ephemeral_palettes, get_palette_job
from web.palettes.gallery_palettes import job_for_palette, job_for_palette_of_all
from web.palettes.order import arranged
from web.palettes.responses import exported_palette
from web.photos import UPLOAD_FORMS, UPLOAD_PROBLEMS, find_palette_of_upload, received_upload
from web.services import current_services

api = Resource("palettes", "The colours of pictures.")


@api.route(
    "GET",
    "/images/<id>/palette",
    query=PaletteQuery,
    answers={200: Answer("the palette, in the format asked for", Palette), 202: STARTED},
    problems=(404, 409),
)
def get_palette(id: str, query: PaletteQuery) -> Response:  # noqa: A002 - the name in the contract
    """Get an image's palette; a size, style or ground that was never asked for is computed first."""
    unit_of_work = current_services().unit_of_work
    with unit_of_work.read() as connection:
        image = images.get_image(connection, image_id(id))
        colors = query.colors or image.colors
        palette = palettes.find_palette(connection, image.id, colors, query.kind)
    if palette is None:
        return started(job_for_palette(unit_of_work, image, colors, query.kind, g.request_id))
    return _palette(
        arranged(palette.swatches, query.sort), palette.version, query, image.caption or image.name
    )


def _palette(swatches: Sequence[Swatch], version: str, query: PaletteQuery, title: str) -> Response:
    if query.format == "json":
        return json_response(Palette.of(swatches, version))
    return exported_palette(query.format, swatches, title)


@api.route(
    "POST",
    "/palettes",
    forms=UPLOAD_FORMS,
    answers={202: STARTED},
    problems=UPLOAD_PROBLEMS,
    headers=PREFER,
)
def post_palette() -> Response:
    """Find the palette of a photo that is not kept: the job's result is a palette."""
    services = current_services()
    with received_upload(request) as upload:
        job = find_palette_of_upload(services, upload, request_id=g.request_id)
    return started_and_awaited(services, job.id)


@api.route(
    "POST",
    "/palettes/of-images",
    body=ImagesForPalette,
    answers={202: STARTED},
    problems=(401, 403, 404, 409, 415, 503),
    headers=PREFER,
)
def post_palette_of_images(body: ImagesForPalette) -> Response:
    """Find one palette for several images, each counting as much as any other: the job's result is a palette."""
    services = current_services()
    job = job_for_palette_of_all(services.unit_of_work, body.images, body.colors, g.request_id)
    return started_and_awaited(services, job.id)


@api.route(
    "GET",
    "/palettes/<id>",
    query=PaletteQuery,
    answers={200: Answer("the palette, in the format asked for", Palette), 202: STARTED},
    problems=(404, 409),
)
def get_ephemeral_palette(id: str, query: PaletteQuery) -> Response:  # noqa: A002
    """Get the palette of a photo that is not kept, of any size and style: the id is that of its job."""
    with current_services().unit_of_work.read() as connection:
        job = get_palette_job(connection, job_id(id))
    found = ephemeral_palettes(job)
    if found is None:
        return started(job)
    swatches = arranged(found.palette(query.colors, query.kind), query.sort)
    return _palette(swatches, found.version, query, "Palette")
