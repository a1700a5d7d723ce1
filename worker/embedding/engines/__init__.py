"""Implementations of `Embedder`, each for some hardware and precision."""
