"""Everything that can go wrong, a class and a stable code each.

The docstring of a class is its message unless the raiser gives a better one. No HTTP here: the front end maps codes
to status codes in one table (web/http/errors.py).
"""

from inspect import cleandoc
from typing import ClassVar

from shared.limits import MAX_FILE_MEBIBYTES


class VitrineError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None) -> None:
        self.message = message or cleandoc(self.__doc__ or "")
        super().__init__(self.message)


# --- what a caller sent -------------------------------------------------------------------------------------------


class BadInput(VitrineError):
    """The request cannot be used as it is."""

    code = "bad_input"


class NoFile(BadInput):
    """No photo came with the request. Send one in a part named "file"."""

    code = "no_file"


class OneFileOnly(BadInput):
    """Send one file a request."""

    code = "one_file_only"


class EmptyFile(BadInput):
    """The file is empty."""

    code = "empty_file"


class TooLarge(BadInput):
    __doc__ = f"The request is larger than Vitrine takes. Send a file of at most {MAX_FILE_MEBIBYTES} MiB."

    code = "too_large"


class UseMultipart(BadInput):
    """Send photos as multipart/form-data or as JSON."""

    code = "use_multipart"


class UnsupportedType(BadInput):
    """This file is not a photo that Vitrine reads. It reads JPEG, PNG, WebP and GIF."""

    code = "unsupported_type"


class TooManyPixels(BadInput):
    """The picture has more pixels than Vitrine takes. Scale it down."""

    code = "too_many_pixels"


class BadDimensions(BadInput):
    """The picture has a side that is longer than Vitrine takes. Scale it down."""

    code = "bad_dimensions"


class Unreadable(BadInput):
    """The picture is damaged and cannot be read. Try to open it and save it again."""

    code = "unreadable"


class TooComplex(BadInput):
    """The picture is built in a way that takes too long to read. Save it again as a plain JPEG or PNG."""

    code = "too_complex"


class MetadataTooLarge(BadInput):
    """The picture carries more metadata than Vitrine takes. Save it again without metadata."""

    code = "metadata_too_large"


class TooManyFrames(BadInput):
    """The animation has more frames than Vitrine takes. Send one frame of it, or at most 500."""

    code = "too_many_frames"


class BadJson(BadInput):
    """The body is not the JSON object that was expected."""

    code = "bad_json"


class BadParameter(BadInput):
    """A parameter has a value that cannot be used."""

    code = "bad_parameter"

    def __init__(self, field: str, message: str | None = None) -> None:
        self.field = field
        super().__init__(message)


class BadData(BadParameter):
    """The table or the collection of photos cannot be learned from, or predicted for, as it is."""

    code = "bad_data"


class UnknownFact(BadInput):
    """There is no fact of that name."""

    code = "unknown_fact"


class BadCursor(BadInput):
    """The cursor is not one that Vitrine gave out. Start again without it."""

    code = "bad_cursor"


class KeyReused(BadInput):
    """This Idempotency-Key came before with another request. Use a new key for a new request."""

    code = "key_reused"


class KeyInUse(BadInput):
    """A request with this Idempotency-Key is still being answered. Try again in a moment."""

    code = "key_in_use"


class BadHost(BadInput):
    """Vitrine does not answer under this host name. Anyone who runs it can add the name to VITRINE_HOSTS."""

    code = "bad_host"


class CrossSite(BadInput):
    """This request came from another site, so Vitrine does not act on it."""

    code = "csrf"


class Unauthorized(BadInput):
    """This needs an API key: Authorization: Bearer <key>."""

    code = "unauthorized"


# --- what is not there, or not so ---------------------------------------------------------------------------------


class NotFound(VitrineError):
    """There is nothing here."""

    code = "not_found"


class ImageNotFound(NotFound):
    """There is no such image. It may have been deleted."""

    code = "image_not_found"


class JobNotFound(NotFound):
    """There is no such job."""

    code = "job_not_found"


class PredictorNotFound(NotFound):
    """There is no such predictor, or not in this version. It may have been deleted, or not be trained yet."""

    code = "predictor_not_found"


class Conflict(VitrineError):
    """The state of the thing forbids this."""

    code = "conflict"


class ModelUnusable(BadInput):
    """The stored model cannot be used any more. Train the predictor again."""

    code = "model_unusable"


# --- services that Vitrine needs -------------------------------------------------------------------------------------


class Unavailable(VitrineError):
    """A service that Vitrine needs does not answer. Try again in a moment."""

    code = "unavailable"


class StorageUnavailable(Unavailable):
    """The photo store does not answer. Nothing was kept; try again in a moment."""

    code = "storage_unavailable"


class DatabaseUnavailable(Unavailable):
    """The database does not answer. Nothing was kept; try again in a moment."""

    code = "database_unavailable"


class BrokerUnavailable(Unavailable):
    """The message broker does not answer. Jobs wait in the database until it does."""

    code = "broker_unavailable"


class BlobNotFound(VitrineError):
    """The object store holds nothing under this key."""

    code = "blob_not_found"


class IndexMoved(VitrineError):
    """Another run changed the index in the meantime. This one starts again from what is there now."""

    code = "index_moved"


class WrongModel(VitrineError):
    """This worker has other weights than those that the index is being made with."""

    code = "wrong_model"


# --- how Vitrine was set up ---------------------------------------------------------------------------------------


class BadSetting(VitrineError):
    """An environment variable has a value that cannot be used."""

    code = "bad_setting"
