"""The demo gallery: drawn pictures."""

from worker.demo.algorithms import DemoPicture, draw

__all__ = ["DemoPicture", "draw"]
