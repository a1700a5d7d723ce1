"""One script a question, each against its peers in one interleaved run. `python -m benchmarks` writes RESULTS.md."""
