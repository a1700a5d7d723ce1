"""The network and the protocol that engines implement: no Celery, no SQL, no object storage, no settings."""
