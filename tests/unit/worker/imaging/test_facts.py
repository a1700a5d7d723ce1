"""Facts of a photo: declared once, computed from the decode, checked where they come out of the sandbox."""

import json

import numpy as np
import pytest

from shared.db.models import Image
from tests.support.pictures import make_jpeg
from worker.imaging.algorithms.analysis import analyse
from worker.imaging.algorithms.decode import decode
from worker.imaging.algorithms.facts import FACTS, DecodedPhoto, Fact, checked_facts, facts_from, facts_of
from worker.imaging.algorithms.renditions import cascade

SHARPNESS = Fact(
    "sharpness", float, lambda photo: float(np.asarray(photo.smallest.convert("L"), np.float32).var())
)


def test_a_fact_that_is_declared_is_computed_and_carried() -> None:
    decoded = decode(make_jpeg(300, 200))
    facts = (*FACTS, SHARPNESS)
    found = facts_of(DecodedPhoto(decoded, cascade(decoded.pixels)), facts)
    assert checked_facts(json.loads(json.dumps(found)), facts) == found
    assert float(found["sharpness"]) > 0


def test_facts_alone_are_those_of_an_analysis() -> None:
    data = make_jpeg(300, 200)
    assert facts_from(data) == analyse(data, 4).facts


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_every_fact_has_its_column(fact: Fact) -> None:
    column = Image.__table__.columns[fact.name]
    assert column.info == {"fact": True}
    assert column.nullable


@pytest.mark.parametrize("value", ["1.0", True, 1, float("nan"), float("inf"), None])
def test_a_value_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="sharpness"):
        SHARPNESS.check(value)


@pytest.mark.parametrize("facts", [{}, {"sharpness": 1.0, "more": 1}, [], None])
def test_facts_that_were_not_asked_for_are_refused(facts: object) -> None:
    with pytest.raises(ValueError, match="not the facts"):
        checked_facts(facts, [SHARPNESS])
