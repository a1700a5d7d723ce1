"""Celery workers: they compute what the front end shows. Never imports web or flask."""
