"""Pure functions on pixels and colours: no Celery, no SQL, no object storage, no settings."""
