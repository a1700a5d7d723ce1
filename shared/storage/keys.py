"""Where each thing lies in the blob store. Photos and what is made of them are named by the photo's SHA-256.

The first two digits are a folder of their own: with a million photos no folder holds more than 4,000 names.
"""

from typing import Final
from uuid import UUID

from shared.limits import THUMBNAIL_SIDES

ORIGINALS: Final = "originals/"
UPLOADS: Final = "uploads/"
SNAPSHOTS: Final = "index/"
PREDICTORS: Final = "predictors/"
PREDICTIONS: Final = "predictions/"
EXPLANATIONS: Final = "explanations/"
TRAINING_PHOTOS: Final = "training-photos/"
TRAINING_ZIPS: Final = "training-zips/"


def original(sha256: str) -> str:
    """The bytes as they came: private, since they have whatever metadata the photo had."""
    return f"{ORIGINALS}{sha256[:2]}/{sha256}"


def upload(sha256: str) -> str:
    """Temporary: such as a photo whose palette is wanted or a table to train from."""
    return f"{UPLOADS}{sha256[:2]}/{sha256}"


def display(sha256: str) -> str:
    """The clean, upright rendition that pages show."""
    return f"renditions/{sha256[:2]}/{sha256}/display"


def thumbnail(sha256: str, size: int) -> str:
    return f"renditions/{sha256[:2]}/{sha256}/{size}"


def histogram(sha256: str) -> str:
    """The colour histogram: palettes of other sizes are computed from it without a decode."""
    return f"features/{sha256[:2]}/{sha256}/histogram"


def model_view(sha256: str) -> str:
    """The 224 x 224 pixels that the embedding model reads."""
    return f"features/{sha256[:2]}/{sha256}/view"


def of_image(sha256: str) -> list[str]:
    """Everything that is kept for one photo."""
    return [
        original(sha256),
        display(sha256),
        *(thumbnail(sha256, size) for size in THUMBNAIL_SIDES),
        histogram(sha256),
        model_view(sha256),
    ]


def index_run(job_id: UUID, attempt: int) -> str:
    """The folder of one full index run, as its plan was made at this attempt.

    A plan that was thought lost may still be writing: not over what the next attempt made.
    """
    return f"{SNAPSHOTS}{job_id}/{attempt}"


def snapshot(run: str) -> str:
    """The embeddings that a full index run works on. run: its folder."""
    return f"{run}/embeddings"


def index_plan(run: str) -> str:
    """What the tiles of a full index run agree on."""
    return f"{run}/plan"


def index_share(run: str, part: int, other: int) -> str:
    """What a tile of a full index run found for the images of one part in another, or in the same."""
    return f"{run}/{part}-{other}"


def predictor(sha256: str) -> str:
    """A trained model, named by its own SHA-256."""
    return f"{PREDICTORS}{sha256[:2]}/{sha256}"


def predictions(job_id: UUID) -> str:
    """The table that a batch of predictions made."""
    return f"{PREDICTIONS}{job_id}/predictions.csv"


def training_zip(sha256: str) -> str:
    """The photos that predictors were trained from, kept so that they can be trained again for other weights."""
    return f"{TRAINING_ZIPS}{sha256[:2]}/{sha256}"


def training_photo(model_sha256: str, number: int) -> str:
    """A thumbnail of a photo of a zip that the card of a model shows."""
    return f"{TRAINING_PHOTOS}{model_sha256[:2]}/{model_sha256}/{number}"


def explanation(name: str, layer: str) -> str:
    """A picture of where a model finds its evidence in a photo: "photo" with the photo under it, "overlay" without."""
    return f"{EXPLANATIONS}{name[:2]}/{name}/{layer}"
