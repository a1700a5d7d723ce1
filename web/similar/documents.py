"""Look-alikes as the API shows them, and what may be asked of them."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Annotated

from shared.db.queries.index.state import IndexStateRow, Similar
from shared.db.queries.photos.images import ImageRow
from shared.limits import MAX_SIMILAR
from web.http.documents import Document, about
from web.http.parameter_sets import Parameters
from web.http.parameters import Integer, Number
from web.photos import Image


class SimilarQuery(Parameters):
    k: Annotated[int, Integer("how many look-alikes", 1, MAX_SIMILAR)] = 4
    diversity: Annotated[float, Number("0: the most similar ones; 1: as unlike each other as can be")] = 0.0


class SimilarImage(Document):
    image: Annotated[Image, about("the look-alike")]
    similarity: Annotated[float, about("cosine, -1 to 1")]
    percentile: Annotated[float | None, about("share of random pairs that are less similar, 0 to 100")]
    rank: Annotated[int, about("1 is the most similar")]


class SimilarImages(Document):
    image: Annotated[str, about("whose look-alikes")]
    items: Annotated[tuple[SimilarImage, ...], about("most similar first")]
    model: Annotated[str | None, about("what they were found with")]
    generation: Annotated[int | None, about("of the index")]

    @classmethod
    def of(
        cls,
        image: ImageRow,
        state: IndexStateRow,
        chosen: Sequence[Similar],
        shown: Mapping[int, ImageRow],
    ) -> "SimilarImages":
        """shown: the images of those that are still in the gallery; the others are left out."""
        there = [item for item in chosen if item.image_id in shown]
        items = tuple(
            SimilarImage(
                image=Image.of(shown[item.image_id]),
                similarity=item.similarity,
                percentile=percentile(item.similarity, state.similarity_quantiles),
                rank=rank,
            )
            for rank, item in enumerate(there, 1)
        )
        return cls(image=str(image.id), items=items, model=state.model, generation=state.generation)


def percentile(similarity: float, quantiles: Sequence[float] | None) -> float | None:
    """The share of random pairs that are less similar, 0 to 100, between the two quantiles that enclose it.

    quantiles: 101 of them, from 0 % to 100 %, rising. None where they are not known.
    """
    if not quantiles:
        return None
    above = bisect_left(quantiles, similarity)
    if above == 0:
        return 0.0
    if above == len(quantiles):
        return 100.0
    low, high = quantiles[above - 1], quantiles[above]
    return round(above - 1 + (similarity - low) / (high - low), 1)
