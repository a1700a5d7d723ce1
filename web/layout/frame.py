"""What is around every page: navigation, the search field, and a notice while there is one."""

from dataclasses import dataclass
from typing import Final

from flask import current_app, url_for

from shared.db.queries.index.state import IndexStateRow
from shared.limits import MAX_FILE_BYTES, MAX_WORDS


@dataclass(frozen=True, slots=True)
class NavigationItem:
    name: str
    href: str
    icon: str
    here: bool


@dataclass(frozen=True, slots=True)
class StageName:
    """key: the field of an image's `status` in the API; the answer to the upload itself says `stored`."""

    key: str
    name: str


STAGES: Final = (
    StageName("stored", "Stored"),
    StageName("palette", "Palette"),
    StageName("embedding", "Embedding"),
    StageName("neighbours", "Look-alikes"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """stages, max_bytes: of files that are being uploaded. max_words: characters of a search."""

    navigation: tuple[NavigationItem, ...]
    search: str
    notice: str | None
    stages: tuple[StageName, ...] = STAGES
    max_bytes: int = MAX_FILE_BYTES
    max_words: int = MAX_WORDS


# In the order of the bar. A page that is not part of this build is not listed.
_PAGES: Final = (
    ("Gallery", "gallery.show", "images"),
    ("Upload", "upload.show", "upload"),
    ("Palette", "studio.show", "palette"),
    ("Predictors", "predictors_page.show", "brain-circuit"),
    ("Jobs", "jobs_page.show", "list-todo"),
)
_UNTRAINED: Final = "resnet18/untrained"
_UNTRAINED_NOTICE: Final = (
    "Look-alikes are only roughly right for now: Vitrine runs on weights that were never trained. "
    "Set VITRINE_WEIGHTS to a file of ResNet18 weights (.pth or .safetensors) and start it again."
)
_CHANGING_NOTICE: Final = (
    "Look-alikes are only roughly right until every photo has been looked at with the trained weights. "
    "Vitrine is doing that now and switches by itself."
)


def make_frame(state: IndexStateRow | None, *, here: str = "", search: str = "") -> Frame:
    """here: the endpoint of the page that is shown. state: None where the database cannot be read."""
    return Frame(
        navigation=tuple(
            NavigationItem(name, url_for(endpoint), icon, here=endpoint == here)
            for name, endpoint, icon in _PAGES
            if endpoint in current_app.view_functions
        ),
        search=search,
        notice=None if state is None else _notice(state),
    )


def _notice(state: IndexStateRow) -> str | None:
    # The model that serves decides; before the first photo there is only the one that will.
    serving, coming = state.model or state.target_model, state.target_model or state.model
    if serving is None or not serving.startswith(_UNTRAINED):
        return None
    return _UNTRAINED_NOTICE if coming is None or coming.startswith(_UNTRAINED) else _CHANGING_NOTICE
