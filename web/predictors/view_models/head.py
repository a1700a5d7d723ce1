"""What stands at the head of every page of one predictor."""

from dataclasses import dataclass
from typing import Final

from flask import url_for

from shared.db.queries.predictors.predictors import VersionRow
from shared.predictors.cards import PhotoCard
from shared.predictors.documents import PredictorKind
from web.predictors.view_models.measures import Headline, headline, target_unit
from web.predictors.view_models.overview import gives, takes

# On every page of every predictor. Where the words of a predictor sound medical its card has a longer notice, but no
# list of words knows what people train, and nobody is hurt by a quiet sentence too many.
NOTICE: Final = "A prediction is an estimate and may be wrong. About anybody's health it is no diagnosis."


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    href: str
    here: bool


@dataclass(frozen=True, slots=True)
class Head:
    """notice: of the predictor's own card, or the one for all. old: which version this is, where not the current one."""

    name: str
    takes: str
    gives: str
    headline: Headline
    tabs: tuple[Tab, ...]
    notice: str
    is_medical: bool
    old: str | None
    current_href: str


def make_head(row: VersionRow, here: str) -> Head:
    """here: the endpoint of the page."""
    own = row.card.notice if isinstance(row.card, PhotoCard) else None
    return Head(
        name=row.name,
        takes=takes(row),
        gives=gives(row),
        headline=headline(row.metrics, target_unit(row)),
        tabs=tuple(
            Tab(name, url_for(endpoint, name=row.name, version=version_shown(row)), endpoint == here)
            for name, endpoint in _tabs(row.kind)
        ),
        notice=own or NOTICE,
        is_medical=own is not None,
        old=None
        if row.version == row.current_version
        else f"This is version {row.version}, not the current one.",
        current_href=url_for("predictor.show", name=row.name),
    )


def version_shown(row: VersionRow) -> int | None:
    """The version as it stands in addresses: the current one needs no name."""
    return None if row.version == row.current_version else row.version


def _tabs(kind: PredictorKind) -> tuple[tuple[str, str], ...]:
    many = (
        ("Label next", "predictor_labels.show")
        if kind is PredictorKind.IMAGE
        else ("Whole table", "predictor_tables.show")
    )
    return ("Use", "predictor.show"), many, ("Model card", "predictor_card.show")
