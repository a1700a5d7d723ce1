"""What the studio and the palettes of photos show."""
