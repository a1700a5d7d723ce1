"""Pure functions and small classes on arrays and images: no Celery, no SQL, no object storage, no settings."""
