"""What tests of the pieces together ask for."""

from tests.support.database import database_template, database_url

__all__ = ["database_template", "database_url"]
