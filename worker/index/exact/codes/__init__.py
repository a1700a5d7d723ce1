"""Eight-bit codes of vectors, and products of them."""
