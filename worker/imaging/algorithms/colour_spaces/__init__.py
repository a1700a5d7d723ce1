"""From the colours of a file to sRGB, by what the file says of them: a profile, code points, or gamma and primaries."""

from worker.imaging.algorithms.colour_spaces.conversion import to_srgb
from worker.imaging.algorithms.colour_spaces.declarations import declared_profiles

__all__ = ["declared_profiles", "to_srgb"]
