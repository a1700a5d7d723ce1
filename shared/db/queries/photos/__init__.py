"""Questions about photos."""
