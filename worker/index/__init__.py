"""The look-alike index."""
