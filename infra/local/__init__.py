"""The whole of Vitrine on one machine: what `make run` starts, and how it is kept running."""
