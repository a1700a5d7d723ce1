"""Embeddings: engines, weights, and the batches that go through them."""

from worker.embedding.algorithms.embedder import Embedder

__all__ = ["Embedder"]
