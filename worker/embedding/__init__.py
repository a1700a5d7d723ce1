"""Embeddings: engines, weights, and the batches that go through them."""
