"""Postgres, the truth: models, migrations, the unit of work and a named query function per question."""
