"""Reading a JSON object from a request, and saying what is wrong with one."""

from typing import Any, NoReturn

from flask import Request
from marshmallow import ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from web.http.bodies import strict_json
from web.http.errors import BadParameters, FieldProblem, UnknownFields
from web.http.fields import messages_by_field


def json_body(asked: Request, *, any_number: bool = False) -> dict[str, Any]:
    """The object in the body (see strict_json.loads).

    Raises BadJson; UnsupportedMediaType (415) for a body that is not said to be JSON.
    """
    if not asked.is_json:
        raise UnsupportedMediaType
    return strict_json.loads(asked.get_data(cache=False), any_number=any_number)


def refuse(error: ValidationError) -> NoReturn:
    """Raises UnknownFields or BadParameters for what marshmallow says about a request."""
    said = messages_by_field(error)
    unknown = [name for name, message in said.items() if "Unknown field" in message]
    if unknown:
        raise UnknownFields(unknown) from error
    raise BadParameters(FieldProblem(name, message) for name, message in said.items()) from error
