"""Questions about the look-alike index."""
