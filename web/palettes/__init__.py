"""Palettes of photos, in the gallery and without an entry there."""
