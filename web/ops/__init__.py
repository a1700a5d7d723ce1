"""Health, and the documentation of the API."""
