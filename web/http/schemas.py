"""The contract of the API in schemas: the OpenAPI document is generated from them.

Requests are read by them. Answers are built by web/http/presenters.py, which is faster than marshmallow; a test holds those
answers against the schemas.
"""

from typing import Any, Final

from marshmallow import Schema, fields, validate

from shared.jobs.kinds import JobKind, JobStatus
from shared.limits import (
    DEFAULT_COLORS,
    DEFAULT_PAGE,
    MAX_CAPTION,
    MAX_COLORS,
    MAX_LABEL,
    MAX_PAGE,
    MAX_SIMILAR,
    MAX_TAG_CHARACTERS,
    MIN_COLORS,
    THUMBNAIL_SIDES,
)
from web.http.answer_schemas import AnswerSchema as _AnswerSchema
from web.http.answer_schemas import always as _always
from web.http.fields import (
    BodyIds,
    BodyInteger,
    BodyTags,
    BodyText,
    FormTags,
    QueryChoice,
    QueryColor,
    QueryIds,
    QueryInteger,
    QueryNumber,
    QueryText,
)
from web.jobs.waiting import LONGEST_WAIT_SECONDS
from web.palettes.formats import FORMATS

_STATUSES: Final = [status.value for status in JobStatus]
_KINDS: Final = [kind.value for kind in JobKind]


def _status(description: str) -> Any:
    return _always(fields.String, description, validate=validate.OneOf(_STATUSES))


# --- requests ---------------------------------------------------------------------------------------------------


class PageQuery(Schema):
    limit = QueryInteger("how many at most", minimum=1, maximum=MAX_PAGE, default=DEFAULT_PAGE)
    cursor = QueryText("where the page begins: `next` of the page before", most=100)


class ImagesQuery(PageQuery):
    tag = QueryText("only images with this tag", most=MAX_TAG_CHARACTERS)
    label = QueryText("only images with this label", most=MAX_LABEL)
    q = QueryText("only images with these words in their caption", most=200)
    color = QueryColor("nearest to this colour first")
    ids = QueryIds("only these images, separated by commas", most=MAX_PAGE)


class JobsQuery(PageQuery):
    status = QueryChoice("only jobs in this state", choices=_STATUSES, default=None)
    kind = QueryChoice("only jobs of this kind", choices=_KINDS, default=None)


class JobQuery(Schema):
    wait = QueryInteger(
        "seconds to hold the answer while the job is unfinished",
        minimum=0,
        maximum=LONGEST_WAIT_SECONDS,
        default=0,
    )


class ThumbnailQuery(Schema):
    size = QueryChoice(
        "longer side in pixels",
        choices=[str(size) for size in THUMBNAIL_SIDES],
        default=str(THUMBNAIL_SIDES[0]),
    )


class PaletteQuery(Schema):
    colors = QueryInteger(
        "how many colours; by default as many as were asked for with the photo",
        minimum=MIN_COLORS,
        maximum=MAX_COLORS,
        default=None,
    )
    format = QueryChoice("what the palette is written as", choices=FORMATS, default="json")


class SimilarQuery(Schema):
    k = QueryInteger("how many look-alikes", minimum=1, maximum=MAX_SIMILAR, default=4)
    diversity = QueryNumber("0: the most similar ones; 1: as unlike each other as can be", default=0.0)


class UploadForm(Schema):
    """The fields beside the file."""

    colors = QueryInteger(
        "colours of the palette", minimum=MIN_COLORS, maximum=MAX_COLORS, default=DEFAULT_COLORS
    )
    caption = QueryText("what the photo shows", most=MAX_CAPTION)
    tags = FormTags("tags, separated by commas")
    label = QueryText("the class the photo belongs to", most=MAX_LABEL)


class PhotoForm(UploadForm):
    """A photo in a form. For the document only: the file is read on its way in (web/http/bodies/multipart.py)."""

    file = fields.Raw(
        required=True, metadata={"type": "string", "format": "binary", "description": "the photo"}
    )


class UploadBody(Schema):
    """A photo in JSON."""

    image = fields.String(required=True, metadata={"description": "the file in base64, or as a data: URL"})
    name = fields.String(load_default="", metadata={"description": "its file name"})
    colors = BodyInteger(
        "colours of the palette", minimum=MIN_COLORS, maximum=MAX_COLORS, default=DEFAULT_COLORS
    )
    caption = BodyText("what the photo shows", most=MAX_CAPTION, load_default=None)
    tags = BodyTags("tags", load_default=list)
    label = BodyText("the class the photo belongs to", most=MAX_LABEL, load_default=None)


class ImageChanges(Schema):
    """What to change; null takes a caption or a label away."""

    caption = BodyText("what the photo shows", most=MAX_CAPTION)
    tags = BodyTags("tags, in place of those it has")
    label = BodyText("the class the photo belongs to", most=MAX_LABEL)


class ImagesForPalette(Schema):
    """Images that one palette is wanted for."""

    images = BodyIds("ids of the images", most=MAX_PAGE, required=True)
    colors = BodyInteger(
        "colours of the palette", minimum=MIN_COLORS, maximum=MAX_COLORS, default=DEFAULT_COLORS
    )


class NewIndexRun(Schema):
    mode = fields.String(
        required=True,
        validate=validate.OneOf(["full", "incremental"], error="mode must be full or incremental."),
        metadata={"description": "full: every list anew; incremental: what has changed"},
    )


# --- answers ----------------------------------------------------------------------------------------------------


class FieldProblemSchema(_AnswerSchema):
    field = _always(fields.String, "the field at fault")
    message = _always(fields.String, "what to change")


class ProblemSchema(_AnswerSchema):
    """An error, as RFC 9457 has it."""

    type = _always(fields.String, "where the code is explained")
    title = _always(fields.String, "the HTTP status in words")
    status = _always(fields.Integer, "the HTTP status")
    detail = _always(fields.String, "what happened and what to do, for a person")
    code = _always(fields.String, "what happened, for a program")
    request_id = _always(fields.String, "what to look for in the logs")
    errors = fields.List(fields.Nested(FieldProblemSchema), metadata={"description": "fields at fault"})


class JobErrorSchema(_AnswerSchema):
    code = _always(fields.String, "what went wrong, for a program")
    message = _always(fields.String, "what went wrong, for a person")


class StepSchema(_AnswerSchema):
    kind = _always(fields.String, "kind of the step", validate=validate.OneOf(_KINDS))
    status = _status("the state that says most of the step's jobs")


class JobLinksSchema(_AnswerSchema):
    self = _always(fields.String, "this job")
    events = _always(fields.String, "this job as server-sent events")
    image = fields.String(metadata={"description": "the image that it works on"})
    cancel = fields.String(metadata={"description": "POST here to cancel it; only while it is unfinished"})
    retry = fields.String(metadata={"description": "POST here to run it again; only where it went wrong"})


class JobSchema(_AnswerSchema):
    """One piece of work."""

    id = _always(fields.String, "opaque")
    kind = _always(fields.String, "what it does", validate=validate.OneOf(_KINDS))
    status = _status("how far it is")
    progress = _always(fields.Float, "share that is done", validate=validate.Range(0, 1))
    attempts = _always(fields.Integer, "runs so far")
    error = _always(fields.Nested, "why it failed", nested=JobErrorSchema, allow_none=True)
    result = _always(fields.Dict, "what it brought, by kind", allow_none=True)
    steps = _always(fields.List, "its parts in order", cls_or_instance=fields.Nested(StepSchema))
    image = _always(fields.String, "the image that it works on", allow_none=True)
    created_at = _always(fields.AwareDateTime, "when it was made")
    started_at = _always(fields.AwareDateTime, "when it first ran", allow_none=True)
    finished_at = _always(fields.AwareDateTime, "when it ended", allow_none=True)
    links = _always(fields.Nested, "where to go on", nested=JobLinksSchema)


class ImageStatusSchema(_AnswerSchema):
    palette = _status("its colours")
    embedding = _status("what look-alikes are found by")
    neighbours = _status("its look-alikes")


class ImageLinksSchema(_AnswerSchema):
    self = _always(fields.String, "this image")
    file = _always(fields.String, "the picture, upright and without metadata")
    thumbnail = _always(fields.String, "the picture, small")
    palette = _always(fields.String, "its colours")
    similar = _always(fields.String, "its look-alikes")
    job = _always(fields.String, "the job that works on it", allow_none=True)


class ImageSchema(_AnswerSchema):
    """A photo of the gallery."""

    id = _always(fields.String, "opaque")
    sha256 = _always(fields.String, "hash of the file as it came")
    name = _always(fields.String, "its file name, cleaned")
    caption = _always(fields.String, "what it shows", allow_none=True)
    tags = _always(fields.List, "tags", cls_or_instance=fields.String())
    label = _always(fields.String, "the class it belongs to", allow_none=True)
    width = _always(fields.Integer, "pixels; upright once it has been analysed")
    height = _always(fields.Integer, "pixels; upright once it has been analysed")
    bytes = _always(fields.Integer, "size of the file as it came")
    format = _always(fields.String, "JPEG, PNG, WEBP or GIF")
    created_at = _always(fields.AwareDateTime, "when it came")
    status = _always(fields.Nested, "how far each part is", nested=ImageStatusSchema)
    colors = _always(fields.Integer, "how many colours its own palette has")
    swatches = _always(fields.List, "its colours, largest share first", cls_or_instance=fields.String())
    links = _always(fields.Nested, "where to go on", nested=ImageLinksSchema)


class UploadedSchema(_AnswerSchema):
    image = _always(fields.Nested, "the image", nested=ImageSchema)
    job = _always(fields.Nested, "the job that works on it", nested=JobSchema, allow_none=True)
    duplicate = _always(fields.Boolean, "whether the image was there already")


class StartedSchema(_AnswerSchema):
    job = _always(fields.Nested, "the job to wait for", nested=JobSchema, allow_none=True)


class HslSchema(_AnswerSchema):
    h = _always(fields.Float, "degrees")
    s = _always(fields.Float, "0 to 1")
    l = _always(fields.Float, "0 to 1")  # noqa: E741 - the name of the field


class OklchSchema(_AnswerSchema):
    l = _always(fields.Float, "0 to 1")  # noqa: E741 - the name of the field
    c = _always(fields.Float, "0 to about 0.4")
    h = _always(fields.Float, "degrees")


class ContrastSchema(_AnswerSchema):
    white = _always(fields.Float, "ratio of white text on the colour")
    black = _always(fields.Float, "ratio of black text on the colour")


class SwatchSchema(_AnswerSchema):
    """A colour of a palette."""

    hex = _always(fields.String, "#rrggbb")
    rgb = _always(fields.List, "red, green, blue: 0 to 255", cls_or_instance=fields.Integer())
    hsl = _always(fields.Nested, "the colour in HSL", nested=HslSchema)
    oklch = _always(fields.Nested, "the colour in OKLCH", nested=OklchSchema)
    name = _always(fields.String, "the nearest named colour")
    proportion = _always(fields.Float, "its share of the picture, 0 to 1")
    text = _always(fields.String, "black or white, whichever stands out more on it")
    contrast = _always(fields.Nested, "as WCAG 2 has it", nested=ContrastSchema)


class PaletteLinksSchema(_AnswerSchema):
    self = _always(fields.String, "the palettes of this photo, of any size and in any format")


class PaletteSchema(_AnswerSchema):
    """The colours of a picture, largest share first."""

    colors = _always(fields.List, "the shares sum to 1", cls_or_instance=fields.Nested(SwatchSchema))
    count = _always(fields.Integer, "how many there are; fewer than asked where the picture has fewer")
    version = _always(fields.String, "of the method")
    links = fields.Nested(
        PaletteLinksSchema, metadata={"description": "only of a photo that is not in the gallery"}
    )


class SimilarItemSchema(_AnswerSchema):
    image = _always(fields.Nested, "the look-alike", nested=ImageSchema)
    similarity = _always(fields.Float, "cosine, -1 to 1")
    percentile = _always(
        fields.Float, "share of random pairs that are less similar, 0 to 100", allow_none=True
    )
    rank = _always(fields.Integer, "1 is the most similar")


class SimilarSchema(_AnswerSchema):
    image = _always(fields.String, "whose look-alikes")
    items = _always(fields.List, "most similar first", cls_or_instance=fields.Nested(SimilarItemSchema))
    model = _always(fields.String, "what they were found with")
    generation = _always(fields.Integer, "of the index")


class ImagePageSchema(_AnswerSchema):
    items = _always(fields.List, "newest first", cls_or_instance=fields.Nested(ImageSchema))
    next = _always(fields.String, "cursor of the next page; null on the last", allow_none=True)
    total = _always(fields.Integer, "how many there are on all pages, counted up to a million")


class JobPageSchema(_AnswerSchema):
    items = _always(fields.List, "newest first", cls_or_instance=fields.Nested(JobSchema))
    next = _always(fields.String, "cursor of the next page; null on the last", allow_none=True)
    total = _always(fields.Integer, "how many there are on all pages, counted up to a million")


class IndexRunSchema(_AnswerSchema):
    mode = _always(fields.String, "full or incremental")
    started_at = _always(fields.AwareDateTime, "when it began")
    finished_at = _always(fields.AwareDateTime, "when it ended")
    images = _always(fields.Integer, "images with a list after it")
    new = _always(fields.Integer, "images taken in by it")
    seconds = _always(fields.Float, "how long it took")
    drift = _always(fields.Integer, "lists that a full run found to differ", allow_none=True)


class IndexSchema(_AnswerSchema):
    """The look-alike index."""

    model = _always(fields.String, "what the lists are made with", allow_none=True)
    target_model = _always(fields.String, "what is computed now, other while weights change", allow_none=True)
    weights = _always(fields.String, "where the weights come from", allow_none=True)
    generation = _always(fields.Integer, "of the lists that are served", allow_none=True)
    images = _always(fields.Integer, "in the gallery")
    embedded = _always(fields.Integer, "of these, embedded")
    indexed = _always(fields.Integer, "of these, with a list")
    pending = _always(fields.Integer, "changes that no list shows yet")
    last_run = _always(fields.Nested, "the last run that ended", nested=IndexRunSchema, allow_none=True)
    next_run_at = _always(fields.AwareDateTime, "when the next full run is due")


class HealthSchema(_AnswerSchema):
    status = _always(fields.String, "ok or unavailable")
    checks = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "ok, or what is wrong"}
    )
