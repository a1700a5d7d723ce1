"""Exact top-k search on arrays: no Celery, no SQL, no object storage, no settings."""
