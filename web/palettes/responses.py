"""Palettes as files in an answer."""

from collections.abc import Sequence

from flask import Response

from shared.colour import Swatch
from web.palettes.formats import export


def exported_palette(form: str, swatches: Sequence[Swatch], title: str) -> Response:
    """The palette in one of FORMATS, with headers that let no browser run anything of it. Raises BadParameter."""
    exported = export(form, swatches, title)
    response = Response(exported.content, content_type=exported.content_type)
    response.headers["Content-Disposition"] = f'inline; filename="{exported.filename}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
