"""Sets of parameters: what a query, a form or a JSON body may hold, declared once for API and pages alike.

    class PageQuery(Parameters):
        limit: Annotated[int, Integer("how many at most", 1, 200)] = 24

A set is a frozen dataclass. Reading one checks every field and reports all that is wrong at once; the same declaration
describes it in the OpenAPI document.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, ClassVar, TypeVar, cast, dataclass_transform, get_type_hints

from msgspec import UNSET

from shared.errors import BadParameter
from web.http.errors import BadParameters, FieldProblem, UnknownFields
from web.http.parameters import File, Kind, Repeatable

P = TypeVar("P", bound="Parameters")


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Parameters:
    """The base of all sets. open: whether a body may hold other fields, which the view reads by itself."""

    open: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True)(cls)


class NoParameters(Parameters):
    """Of a request that takes none."""


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of a set. default: of one that is left out; MISSING where it may not be."""

    name: str
    kind: Kind
    default: Any

    @property
    def required(self) -> bool:
        return self.default is MISSING

    def schema(self, *, in_json: bool = False) -> dict[str, Any]:
        """The JSON schema, with the default that a client sees."""
        seen = {} if self.default in (MISSING, UNSET, None, ()) else {"default": self.default}
        return {**self.kind.schema(in_json=in_json), **seen}


def fields_of(declared: type[Parameters]) -> tuple[Field, ...]:
    """The parameters of a set, in the order of their declaration."""
    return _fields_of(cast("Hashable", declared))


@cache
def _fields_of(declared: Any) -> tuple[Field, ...]:
    hints = get_type_hints(declared, include_extras=True)
    found = []
    for each in fields(declared):
        (kind,) = hints[each.name].__metadata__
        found.append(Field(each.name, kind, each.default))
    return tuple(found)


def read_values(
    declared: type[P],
    values: Mapping[str, Sequence[str]],
    *,
    blank_is_absent: bool = False,
    refuse_unknown: bool = False,
) -> P:
    """The set in a query or a form: all values that came under each name.

    blank_is_absent: for forms of pages, which send every field. refuse_unknown: for programs, whom a name that is passed
    over would mislead; addresses of pages gather names of others on their way. Raises BadParameters, ImageNotFound.
    """
    known = [field.name for field in fields_of(declared)]
    unknown = [name for name in values if name not in known] if refuse_unknown else []

    def read(field: Field) -> Any:
        given = [value for value in values.get(field.name, ()) if value or not blank_is_absent]
        if not given:
            return _default(field)
        if isinstance(field.kind, Repeatable):
            return field.kind.from_texts(field.name, given)
        if len(given) > 1:
            raise BadParameter(field.name, f"{field.name} must be given once.")
        return field.kind.from_text(field.name, given[0])

    return _read(declared, read, [_unknown(name, known) for name in unknown])


def read_json(declared: type[P], body: Mapping[str, Any]) -> P:
    """The set in a JSON body. Raises UnknownFields, BadParameters, ImageNotFound."""
    unknown = [name for name in body if name not in {field.name for field in fields_of(declared)}]
    if unknown:
        raise UnknownFields(unknown)

    def read(field: Field) -> Any:
        if field.name not in body:
            return _default(field)
        return field.kind.from_json(field.name, body[field.name])

    return _read(declared, read)


def _default(field: Field) -> Any:
    if field.required:
        raise BadParameter(field.name, f"{field.name} is missing.")
    return field.default


def _unknown(name: str, known: Sequence[str]) -> FieldProblem:
    takes = f"It takes {', '.join(known)}." if known else "It takes none."
    return FieldProblem(name, f"{name} is not a parameter of this request. {takes}")


def _read(declared: type[P], read: Callable[[Field], Any], problems: Sequence[FieldProblem] = ()) -> P:
    """problems: what is wrong with the request already."""
    found: dict[str, Any] = {}
    problems = list(problems)
    for field in fields_of(declared):
        if isinstance(field.kind, File):
            found[field.name] = None
            continue
        try:
            found[field.name] = read(field)
        except BadParameter as error:
            problems.append(FieldProblem(field.name, error.message))
    if problems:
        raise BadParameters(problems)
    return declared(**found)
