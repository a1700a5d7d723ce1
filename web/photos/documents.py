"""Photos as the API shows them, and what may be asked and said of them."""

from typing import Annotated, Any, Final

from shared.colour import hex_to_rgb, rgb_to_oklab
from shared.db.queries.photos.images import ImageRow
from shared.db.queries.photos.listing import ImageFilter, Order
from shared.errors import BadParameter
from shared.jobs.kinds import JobStatus
from shared.limits import (
    DEFAULT_COLORS,
    MAX_CAPTION,
    MAX_COLORS,
    MAX_LABEL,
    MAX_PAGE,
    MAX_TAG_CHARACTERS,
    MAX_WORDS,
    MIN_COLORS,
    THUMBNAIL_SIDES,
)
from shared.photo_notes import SENTENCES, PhotoNote, notes_from_text
from web.http.addresses import image_path, job_path
from web.http.documents import UNSET, Document, Time, UnsetType, about, offset_text, optional_time, time_text
from web.http.paging import PageQuery
from web.http.parameter_sets import Parameters
from web.http.parameters import AnyText, Choice, Color, File, ImageIds, Integer, Moment, Tags, Text, moment_of

# What an image list may be sorted by.
SORTS: Final = tuple(order.value for order in Order if order is not Order.COLOR)

# --- parameters -----------------------------------------------------------------------------------------------------


class ImagesFilter(Parameters):
    """What a list of images is narrowed to, and ordered by."""

    tag: Annotated[str | None, Text("only images with this tag", MAX_TAG_CHARACTERS)] = None
    label: Annotated[str | None, Text("only images with this label", MAX_LABEL)] = None
    q: Annotated[str | None, Text("only images with these words in their caption", MAX_WORDS)] = None
    color: Annotated[str | None, Color("nearest to this colour first")] = None
    ids: Annotated[tuple[int, ...] | None, ImageIds("only these images, by commas", MAX_PAGE)] = None
    taken_from: Annotated[
        str | None, Moment("only images taken at this time or later; a day: from its beginning")
    ] = None
    taken_to: Annotated[str | None, Moment("only images taken at this time or before; a day: to its end")] = (
        None
    )
    sort: Annotated[
        str | None,
        Choice(
            "`newest`, `taken`: latest first, by when they came or were taken, those that say no time last; `name`",
            SORTS,
        ),
    ] = None

    def __post_init__(self) -> None:
        if self.color and self.sort:
            raise BadParameter("sort", "sort must be left out with color, which puts the nearest first.")
        if (
            self.taken_from
            and self.taken_to
            and moment_of(self.taken_from) > moment_of(self.taken_to, end=True)
        ):
            raise BadParameter("taken_to", "taken_to must not be before taken_from.")

    @property
    def filter(self) -> ImageFilter:
        """What the database is asked for."""
        return ImageFilter(
            tag=self.tag,
            label=self.label,
            words=self.q,
            color=rgb_to_oklab(hex_to_rgb(self.color)) if self.color else None,
            ids=self.ids,
            taken_from=moment_of(self.taken_from) if self.taken_from else None,
            taken_to=moment_of(self.taken_to, end=True) if self.taken_to else None,
            sort=Order(self.sort or Order.NEWEST),
        )


class ImagesQuery(ImagesFilter, PageQuery):
    pass


class ThumbnailQuery(Parameters):
    size: Annotated[str, Choice("longer side in pixels", tuple(str(side) for side in THUMBNAIL_SIDES))] = str(
        THUMBNAIL_SIDES[0]
    )


class Description(Parameters):
    """The description of a photo."""

    caption: Annotated[str | None, Text("what the photo shows", MAX_CAPTION)] = None
    tags: Annotated[tuple[str, ...], Tags("tags; in a form, separated by commas or repeated")] = ()
    label: Annotated[str | None, Text("the class the photo belongs to", MAX_LABEL)] = None


class UploadFields(Description):
    """The fields beside the file."""

    colors: Annotated[int, Integer("colours of the palette", MIN_COLORS, MAX_COLORS)] = DEFAULT_COLORS


class PhotoForm(UploadFields):
    """A photo in a form."""

    file: Annotated[None, File("the photo")]


class UploadBody(UploadFields):
    """A photo in JSON."""

    image: Annotated[str, AnyText("the file in base64, or as a data: URL")]
    name: Annotated[str, AnyText("its file name")] = ""


class ImageChanges(Parameters):
    """What to change; null takes a caption or a label away."""

    caption: Annotated[str | UnsetType | None, Text("what the photo shows", MAX_CAPTION)] = UNSET
    tags: Annotated[tuple[str, ...] | UnsetType, Tags("tags, in place of those it has")] = UNSET
    label: Annotated[str | UnsetType | None, Text("the class the photo belongs to", MAX_LABEL)] = UNSET

    def given(self) -> dict[str, Any]:
        """The columns to change."""
        changes = {"caption": self.caption, "tags": self.tags, "label": self.label}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in changes.items()
            if value is not UNSET
        }


# --- documents ------------------------------------------------------------------------------------------------------


class ImageStatus(Document):
    palette: Annotated[JobStatus, about("its colours")]
    embedding: Annotated[JobStatus, about("what look-alikes are found by")]
    neighbours: Annotated[JobStatus, about("its look-alikes")]


class ImageLinks(Document):
    self: Annotated[str, about("this image")]
    file: Annotated[str, about("the picture, upright and without metadata")]
    thumbnail: Annotated[str, about("the picture, small")]
    palette: Annotated[str, about("its colours")]
    similar: Annotated[str, about("its look-alikes")]
    job: Annotated[str | None, about("the job that works on it")]


class Note(Document):
    code: Annotated[PhotoNote, about("stable")]
    message: Annotated[str, about("the same in words")]


class Image(Document):
    """A photo of the gallery."""

    id: Annotated[str, about("opaque")]
    sha256: Annotated[str, about("hash of the file as it came")]
    name: Annotated[str, about("its file name, cleaned")]
    caption: Annotated[str | None, about("what it shows")]
    tags: Annotated[tuple[str, ...], about("tags")]
    label: Annotated[str | None, about("the class it belongs to")]
    width: Annotated[int, about("pixels; upright once it has been analysed")]
    height: Annotated[int, about("pixels; upright once it has been analysed")]
    bytes: Annotated[int, about("size of the file as it came")]
    format: Annotated[str, about("JPEG, PNG, WEBP or GIF")]
    taken_at: Annotated[
        Time | None,
        about("when it was taken, as its file says; by a clock of unknown offset as if that were UTC"),
    ]
    taken_offset: Annotated[str | None, about("offset of the camera's clock, such as +02:00; null: unknown")]
    notes: Annotated[tuple[Note, ...], about("what in its file was passed over")]
    created_at: Annotated[Time, about("when it came")]
    status: Annotated[ImageStatus, about("how far each part is")]
    colors: Annotated[int, about("how many colours its own palette has")]
    swatches: Annotated[tuple[str, ...], about("its colours, largest share first")]
    links: Annotated[ImageLinks, about("where to go on")]

    @classmethod
    def of(cls, image: ImageRow) -> "Image":
        here = image_path(image.id)
        return cls(
            id=str(image.id),
            sha256=image.sha256,
            name=image.name,
            caption=image.caption,
            tags=tuple(image.tags),
            label=image.label,
            width=image.width,
            height=image.height,
            bytes=image.bytes,
            format=image.format,
            taken_at=optional_time(image.taken_at),
            taken_offset=None if image.taken_offset is None else offset_text(image.taken_offset),
            notes=tuple(Note(code=note, message=SENTENCES[note]) for note in notes_from_text(image.notes)),
            created_at=time_text(image.created_at),
            status=ImageStatus(palette=image.palette, embedding=image.embedding, neighbours=image.neighbours),
            colors=image.colors,
            swatches=image.swatches,
            links=ImageLinks(
                self=here,
                file=f"{here}/file",
                thumbnail=f"{here}/thumbnail",
                palette=f"{here}/palette",
                similar=f"{here}/similar",
                job=None if image.job_id is None else job_path(image.job_id),
            ),
        )


class ImagePage(Document):
    items: Annotated[tuple[Image, ...], about("in the order asked for")]
    next: Annotated[str | None, about("cursor of the next page; null on the last")]
    total: Annotated[int, about("how many there are on all pages, counted up to a million")]
