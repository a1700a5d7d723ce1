"""The look-alike index: for every image the list of its most similar ones. Three functions, all exact:

- `build(vectors, ids, k)`: the lists of all images.
- `update(vectors, ids, lists, added, removed, k)`: the lists that change when images come and go.
- `query(queries, vectors, ids, k)`: the neighbours of vectors that are not in the gallery, such as those of a photo that
  someone searches by. Nothing calls it yet.

They agree to the last bit: however lists were made, they are those of `build`. vectors: (n, d) float32, L2-normalised. ids:
(n,) int64, unique, not negative. Lists are `NeighbourLists`: ids and cosine similarities, most similar first, ties by id.
What is not as described raises ValueError.

The jobs that keep the index up to date are `full_run` (by tiles, on many workers, what `build` does at once) and
`incremental_run` (`update`). The search itself, `exact`, knows nothing of jobs and is private to this package.
"""

from worker.index.exact import NeighbourLists, build, query, update

__all__ = ["NeighbourLists", "build", "query", "update"]
