"""Everything that needs a photo's pixels: decoding in a sandbox, renditions, palettes, the model view."""

from worker.imaging.algorithms.analysis import PhotoView
from worker.imaging.algorithms.decode import DecodeError
from worker.imaging.algorithms.model_view import model_view_from_bytes, view_box
from worker.imaging.decode_errors import translated_decode_errors
from worker.imaging.sandbox.parent import DecodeCrashed, DecodeTimeout, Sandbox

__all__ = [
    "DecodeCrashed",
    "DecodeError",
    "DecodeTimeout",
    "PhotoView",
    "Sandbox",
    "model_view_from_bytes",
    "translated_decode_errors",
    "view_box",
]
