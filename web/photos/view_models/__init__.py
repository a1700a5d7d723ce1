"""What the pages of photos show."""
