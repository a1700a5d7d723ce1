"""Typed values as JSON columns keep them, and rows that older versions have written."""

import json

import pytest

from shared.colour import Swatch
from shared.jobs.orders import PaletteOrder, ReanalysisOrder
from shared.jobs.results import AnalyseResult, IndexRunResult, PaletteResult
from shared.palette_kinds import DEFAULT_KIND, PaletteGround, PaletteKind, PaletteStyle
from shared.typed_json import from_json, to_json

COLOURS = (Swatch("#1e90ff", 0.75), Swatch("#000000", 0.25))


@pytest.mark.parametrize(
    "value",
    [
        PaletteOrder(5),
        PaletteOrder(5, images=(1, 2**53)),
        ReanalysisOrder("perceptual_hash", total=9, after=3, looked_at=3, saved=2),
        AnalyseResult("7"),
        PaletteResult(COLOURS, "v1", 2, {"vivid-included": {2: COLOURS, 3: COLOURS}}),
        IndexRunResult("full", 3, drift=0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_survives_its_column(value: object) -> None:
    stored = json.loads(json.dumps(to_json(value)))
    assert from_json(stored, type(value)) == value


def test_a_palette_of_a_job_from_before_there_were_kinds_is_that_of_every_size_and_kind() -> None:
    stored = {"colors": [{"hex": "#1e90ff", "proportion": 1.0}], "version": "v1"}
    found = from_json(stored, PaletteResult)
    vivid = PaletteKind(PaletteStyle.VIVID)
    assert found.palette(None, DEFAULT_KIND) == found.palette(9, vivid) == (Swatch("#1e90ff", 1.0),)


def test_a_kind_that_was_not_kept_is_as_with_its_ground() -> None:
    vivid = PaletteKind(PaletteStyle.VIVID)
    found = PaletteResult(COLOURS, "v1", 2, {vivid.key: {2: COLOURS[:1]}})
    assert found.palette(2, PaletteKind(PaletteStyle.VIVID, PaletteGround.EXCLUDED)) == COLOURS[:1]
    assert found.palette(2, DEFAULT_KIND) == COLOURS


def test_ids_may_be_text_as_older_orders_have_them() -> None:
    assert from_json({"images": ["1", "2"], "colors": 5}, PaletteOrder) == PaletteOrder(5, images=(1, 2))


def test_fields_that_are_not_known_are_passed_over() -> None:
    assert from_json({"image": "7", "model": "m"}, AnalyseResult) == AnalyseResult("7")


@pytest.mark.parametrize(
    "stored", [{}, {"colors": "many"}, {"colors": [{"hex": "red", "proportion": 1}], "version": ""}, None]
)
def test_what_is_no_such_value_is_refused(stored: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        from_json(stored, PaletteResult)
