"""Choosing from a list of look-alikes those that differ from each other."""

from collections.abc import Mapping, Sequence

from shared.db.queries.index.state import Similar


def diversify(
    found: Sequence[Similar],
    between: Mapping[tuple[int, int], float],
    count: int,
    diversity: float,
) -> list[Similar]:
    """`count` of the look-alikes by maximal marginal relevance, most similar first.

    found: most similar first; between: cosine similarity of each pair of them; diversity: 0 takes the most similar
    ones, 1 looks only at how little they resemble those taken already. Source: Carbonell & Goldstein, "The use of MMR,
    diversity-based reranking for reordering documents and producing summaries" (SIGIR 1998), with lambda =
    1 - diversity.
    """
    if diversity == 0 or count >= len(found):
        return list(found[:count])
    # The first is the most similar one at any diversity: nothing is there yet that it could resemble.
    taken, left = [found[0]], list(found[1:])
    closest = {item.image_id: between.get((item.image_id, found[0].image_id), -1.0) for item in left}
    while len(taken) < count:
        best = max(
            left, key=lambda item: (1 - diversity) * item.similarity - diversity * closest[item.image_id]
        )
        taken.append(best)
        left.remove(best)
        for item in left:
            likeness = between.get((item.image_id, best.image_id), -1.0)
            closest[item.image_id] = max(closest[item.image_id], likeness)
    return sorted(taken, key=lambda item: -item.similarity)
