"""Photos: taking in, finding, changing. What other domains may use of them is exported here."""

from web.photos.documents import Image, PhotoForm
from web.photos.failures import failure_of
from web.photos.folder import name_of, photos_below
from web.photos.guard import inspect as inspect_photo
from web.photos.upload_requests import UPLOAD_FORMS, UPLOAD_PROBLEMS, received_upload
from web.photos.uploads import find_palette_of_upload
from web.photos.view_models.photo import Part
from web.photos.view_models.picture import Picture, display_picture
from web.photos.view_models.progress import is_unfinished
from web.photos.view_models.tile import Tile, make_tile
from web.photos.view_models.upload import ACCEPT

__all__ = [
    "ACCEPT",
    "UPLOAD_FORMS",
    "UPLOAD_PROBLEMS",
    "Image",
    "Part",
    "PhotoForm",
    "Picture",
    "Tile",
    "display_picture",
    "failure_of",
    "find_palette_of_upload",
    "inspect_photo",
    "is_unfinished",
    "make_tile",
    "name_of",
    "photos_below",
    "received_upload",
]
