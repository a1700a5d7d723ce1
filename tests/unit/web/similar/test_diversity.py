"""Maximal marginal relevance over a list of look-alikes."""

from shared.db.queries.index.state import Similar
from web.similar.diversity import diversify

# Three photos of one scene, two of another, one apart: 1, 2, 3 | 4, 5 | 6.
FOUND = [
    Similar(image_id, similarity)
    for image_id, similarity in ((1, 0.99), (2, 0.98), (3, 0.97), (4, 0.9), (5, 0.89), (6, 0.5))
]


def likeness(a: int, b: int) -> float:
    scenes = ({1, 2, 3}, {4, 5}, {6})
    return 0.99 if any({a, b} <= scene for scene in scenes) else 0.1


BETWEEN = {(a.image_id, b.image_id): likeness(a.image_id, b.image_id) for a in FOUND for b in FOUND if a != b}


def ids(found: list[Similar]) -> list[int]:
    return [item.image_id for item in found]


def test_no_diversity_takes_the_most_similar() -> None:
    assert ids(diversify(FOUND, BETWEEN, 3, 0)) == [1, 2, 3]


def test_diversity_takes_one_of_each_scene() -> None:
    assert ids(diversify(FOUND, BETWEEN, 3, 0.5)) == [1, 4, 6]


def test_a_little_diversity_weighs_less_than_much_similarity() -> None:
    assert ids(diversify(FOUND, BETWEEN, 3, 0.05)) == [1, 2, 3]


def test_full_diversity_still_begins_with_the_most_similar() -> None:
    assert ids(diversify(FOUND, BETWEEN, 2, 1))[0] == 1


def test_what_was_chosen_stays_in_order_of_similarity() -> None:
    chosen = diversify(FOUND, BETWEEN, 4, 0.9)
    assert [item.similarity for item in chosen] == sorted((item.similarity for item in chosen), reverse=True)


def test_asking_for_all_or_more_gives_all() -> None:
    assert diversify(FOUND, BETWEEN, 6, 1) == FOUND
    assert diversify(FOUND, BETWEEN, 50, 1) == FOUND
    assert diversify([], {}, 5, 0.5) == []
