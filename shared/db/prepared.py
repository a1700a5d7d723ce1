"""Statements that Postgres parses and plans once a connection, and from then on only runs.

psycopg2 sends every statement as text, and for a few rows found by their keys Postgres takes longer to plan it than to run
it. Statements with the execution option `prepared` are sent as PREPARE the first time and as EXECUTE from then on. For those
that run with every job or poll, and are the same text each time. The selects of the front end's busiest addresses are
`PreparedSelect`s, which also do without SQLAlchemy's own execution.
"""

import hashlib
import re
from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import psycopg2
from sqlalchemy import Connection, Engine, Select, event, make_url

PREPARED: Final = {"prepared": True}

_PLACE: Final = re.compile(r"%\((\w+)\)s")
# In SQLAlchemy's notes about a connection, which end with it.
_KNOWN: Final = "prepared statements"
_DIALECT: Final = make_url("postgresql+psycopg2://").get_dialect()()


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
    _prepare_once(connection, forms)
    return forms.execute, values


def _prepare_once(connection: Connection, forms: _Prepared) -> None:
    known: set[str] = connection.info.setdefault(_KNOWN, set())
    if forms.prepare not in known:
        connection.exec_driver_sql(forms.prepare)
        known.add(forms.prepare)


class PreparedSelect:
    """A select that is compiled once and run on the driver's own cursor. A row is a named tuple of what psycopg2 reads.

    Executing it through SQLAlchemy takes twice as much of the front end's time as sending it and reading a few rows. Its
    columns must be of types that psycopg2 reads by itself.
    """

    def __init__(self, select: Select[*tuple[Any, ...]]) -> None:
        compiled = select.compile(dialect=_DIALECT)
        later = {name: None for name, bind in compiled.binds.items() if bind.required}
        expanded = compiled.construct_expanded_state(later)
        self._forms = _forms(expanded.statement)
        self._constants = dict(expanded.parameters)
        self._row = _row_class(select.selected_columns.keys())

    def all(self, connection: Connection, **values: Any) -> list[Any]:
        """The rows. values: by the names of the bindparams. Raises psycopg2's errors."""
        _prepare_once(connection, self._forms)
        driver: Any = connection.connection.driver_connection
        try:
            with driver.cursor() as cursor:
                cursor.execute(self._forms.execute, self._constants | values)
                return list(map(self._row._make, cursor.fetchall()))
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            connection.invalidate()
            raise

    def one_or_none(self, connection: Connection, **values: Any) -> Any:
        """The only row there can be, if it is there."""
        return next(iter(self.all(connection, **values)), None)


@lru_cache(256)
def _forms(statement: str) -> _Prepared:
    places = list(dict.fromkeys(_PLACE.findall(statement)))
    name = f"vitrine_{hashlib.sha256(statement.encode()).hexdigest()[:16]}"
    body = _PLACE.sub(lambda found: f"${places.index(found[1]) + 1}", statement)
    values = ", ".join(f"%({place})s" for place in places)
    return _Prepared(
        f"PREPARE {name} AS {body}", f"EXECUTE {name} ({values})" if places else f"EXECUTE {name}"
    )


def _row_class(columns: Sequence[str]) -> Any:
    make: Any = namedtuple  # noqa: PYI024 - typing.NamedTuple is for names that stand in the source
    return make("Row", columns)
