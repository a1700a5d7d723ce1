"""Facts of a photo: declared once, computed from the decode, checked where they come out of the sandbox."""

from datetime import datetime

import pytest

from shared.db.models import Image
from shared.photo_facts import Facts, FactValue
from tests.support.pictures import make_jpeg
from worker.imaging.algorithms.analysis import analyse
from worker.imaging.algorithms.facts import FACTS, Fact, check_facts, facts_from

SHARPNESS = Fact("sharpness", float, lambda _photo: 1.0)
MOMENT = Fact("moment", datetime, lambda _photo: None, optional=True)


def test_facts_alone_are_those_of_an_analysis() -> None:
    data = make_jpeg(300, 200)
    assert facts_from(data) == analyse(data, 4).facts


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_every_fact_has_its_column(fact: Fact) -> None:
    column = Image.__table__.columns[fact.name]
    assert column.info == {"fact": True}
    assert column.nullable
    assert column.type.python_type is fact.type


def test_every_column_of_a_fact_is_declared() -> None:
    columns = {column.name for column in Image.__table__.columns if column.info.get("fact")}
    assert columns == {fact.name for fact in FACTS}


@pytest.mark.parametrize("value", ["1.0", True, 1, float("nan"), float("inf")])
def test_a_value_of_another_type_is_refused(value: FactValue) -> None:
    with pytest.raises(ValueError, match="sharpness"):
        SHARPNESS.check(value)


@pytest.mark.parametrize("value", [None, "2026-03-09T14:05:00+00:00"])
def test_a_time_is_text_with_its_zone_or_missing(value: FactValue) -> None:
    MOMENT.check(value)


@pytest.mark.parametrize(
    "value", ["2026-03-09T14:05:00", "yesterday", 1.0, "2026-03-09T14:05:00+00:00'; DROP"]
)
def test_what_is_no_time_is_refused(value: FactValue) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - in words of Python's or of ours
        MOMENT.check(value)


def test_a_fact_that_every_photo_has_cannot_be_missing() -> None:
    with pytest.raises(ValueError, match="sharpness"):
        SHARPNESS.check(None)


@pytest.mark.parametrize("facts", [{}, {"perceptual_hash": 1, "more": 1}, {"more": 1}], ids=str)
def test_other_facts_than_those_declared_are_refused(facts: Facts) -> None:
    with pytest.raises(ValueError, match="not the facts"):
        check_facts(facts)
