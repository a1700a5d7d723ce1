"""One photo: itself, how far the work on it has come, and what is known about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from shared.colour import Swatch
from shared.db.queries.photos.images import ImageRow
from shared.limits import MAX_CAPTION, MAX_LABEL, MAX_TAGS
from shared.photo_notes import SENTENCES, notes_from_text
from web.http.addresses import image_path
from web.layout import words
from web.palettes import Accent, accent_of
from web.photos.view_models.picture import Picture, display_picture
from web.photos.view_models.progress import (
    Stage,
    can_be_retried,
    is_complete,
    is_unfinished,
    stages,
    state_in_words,
)


@dataclass(frozen=True, slots=True)
class Part:
    words: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class PhotoDetail:
    term: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """The form that changes the description of the photo. api: where a script sends the same."""

    action: str
    api: str
    caption: str
    tags: str
    label: str
    longest_caption: int
    longest_label: int
    most_tags: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What other sites show of a link to this page. image: None while there is none."""

    url: str
    description: str
    image: str | None


@dataclass(frozen=True, slots=True)
class PhotoView:
    """stages: empty once all is done. failure: what went wrong, in words."""

    id: int
    title: str
    picture: Picture
    true_ratio: float
    state: str | None
    unfinished: bool
    stages: tuple[Stage, ...]
    failure: str | None
    retry_href: str | None
    accent: Accent | None
    tags: tuple[Part, ...]
    label: Part | None
    notes: tuple[str, ...]
    details: tuple[PhotoDetail, ...]
    edit: Edit
    delete_href: str
    preview: Preview


def photo_view(image: ImageRow, swatches: Sequence[Swatch], failure: str | None) -> PhotoView:
    """swatches: of the image's own palette, none before there is one. failure: what went wrong, in words."""
    return PhotoView(
        id=image.id,
        title=image.caption or image.name,
        picture=display_picture(image),
        true_ratio=round(image.width / image.height, 5),
        state=state_in_words(image),
        unfinished=is_unfinished(image),
        stages=() if is_complete(image) else stages(image),
        failure=failure,
        retry_href=url_for("jobs_page.retry", id=image.job_id)
        if image.job_id and can_be_retried(image)
        else None,
        accent=accent_of(swatches),
        tags=tuple(Part(tag, url_for("gallery.show", tag=tag)) for tag in image.tags),
        label=Part(image.label, url_for("gallery.show", label=image.label)) if image.label else None,
        notes=tuple(SENTENCES[note] for note in notes_from_text(image.notes)),
        details=tuple(_details(image)),
        edit=_edit(image),
        delete_href=url_for("changes.delete", id=image.id),
        preview=_preview(image),
    )


def _edit(image: ImageRow) -> Edit:
    return Edit(
        action=url_for("changes.edit", id=image.id),
        api=image_path(image.id),
        caption=image.caption or "",
        tags=", ".join(image.tags),
        label=image.label or "",
        longest_caption=MAX_CAPTION,
        longest_label=MAX_LABEL,
        most_tags=MAX_TAGS,
    )


def _preview(image: ImageRow) -> Preview:
    colors = f"Its colours: {', '.join(image.swatches)}." if image.swatches else "A photo in Vitrine."
    return Preview(
        url=url_for("photo.show", id=image.id, _external=True),
        description=colors,
        image=url_for("files.get_thumbnail", id=image.id, size=1024, _external=True)
        if image.analysed_at is not None
        else None,
    )


def _details(image: ImageRow) -> list[PhotoDetail]:
    details = [PhotoDetail("Name", (Part(image.name),))] if image.caption else []
    return [
        *details,
        PhotoDetail("Size", (Part(f"{image.width:,} × {image.height:,} pixels"),)),
        PhotoDetail("File", (Part(f"{image.format.upper()}, {words.file_size(image.bytes)}"),)),
        *_taken(image),
        PhotoDetail("Uploaded", (Part(words.moment(image.created_at)),)),
    ]


def _taken(image: ImageRow) -> list[PhotoDetail]:
    if image.taken_at is None:
        return []
    return [PhotoDetail("Taken", (Part(words.clock_time(image.taken_at, image.taken_offset)),))]
