"""Statements that Postgres parses and plans once a connection, and from then on only runs.

psycopg2 sends every statement as text, and for a few rows found by their keys Postgres takes longer to plan it than to run
it. Statements with the execution option `prepared` are sent as PREPARE the first time and as EXECUTE from then on. For those
that run with every job or poll, and are the same text each time.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Engine, event

PREPARED: Final = {"prepared": True}

_PLACE: Final = re.compile(r"%\((\w+)\)s")
# In SQLAlchemy's notes about a connection, which end with it.
_KNOWN: Final = "prepared statements"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement in its two forms. execute: with psycopg2's places for values."""

    prepare: str
    execute: str


def prepare_statements(engine: Engine) -> None:
    """Has the engine's connections prepare what is marked with PREPARED."""
    event.listen(engine, "before_cursor_execute", _as_prepared, retval=True)


def _as_prepared(
    connection: Connection, _cursor: object, statement: str, values: Any, context: Any, _many: bool
) -> tuple[str, Any]:
    if context is None or not context.execution_options.get("prepared"):
        return statement, values
    forms = _forms(statement)
    known: set[str] = connection.info.setdefault(_KNOWN, set())
    if statement not in known:
        connection.exec_driver_sql(forms.prepare)
        known.add(statement)
    return forms.execute, values


@lru_cache(256)
def _forms(statement: str) -> _Prepared:
    places = list(dict.fromkeys(_PLACE.findall(statement)))
    name = f"vitrine_{hashlib.sha256(statement.encode()).hexdigest()[:16]}"
    body = _PLACE.sub(lambda found: f"${places.index(found[1]) + 1}", statement)
    values = ", ".join(f"%({place})s" for place in places)
    return _Prepared(
        f"PREPARE {name} AS {body}", f"EXECUTE {name} ({values})" if places else f"EXECUTE {name}"
    )
