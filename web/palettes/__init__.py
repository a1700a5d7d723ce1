"""Palettes of photos, in the gallery and without an entry there. What other domains may use of them is exported here."""

from web.palettes.documents import PaletteOptions, palette_result
from web.palettes.gallery_palettes import job_for_palette, job_for_palette_of_all
from web.palettes.order import arranged
from web.palettes.view_models.accent import Accent, accent_of
from web.palettes.view_models.palette import PaletteView, palette_view

__all__ = [
    "Accent",
    "PaletteOptions",
    "PaletteView",
    "accent_of",
    "arranged",
    "job_for_palette",
    "job_for_palette_of_all",
    "palette_result",
    "palette_view",
]
