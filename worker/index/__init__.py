"""The look-alike index. Three doors lead in; behind them is a room of its own, which nobody else needs to read.

- `build(vectors, ids, k)`: the lists of all images.
- `update(vectors, ids, lists, added, removed, k)`: the lists that change when images come and go.
- `query(queries, vectors, ids, k)`: the neighbours of vectors that are no images of the index.

All three are exact, and agree to the last bit. Vectors are (n, 512) float32, L2-normalised. The jobs that keep the index
up to date (`full_run`, `incremental_run`) do by tiles, on many workers, what `build` does at once.
"""

from worker.index.exact import NeighbourLists, build, query, update

__all__ = ["NeighbourLists", "build", "query", "update"]
