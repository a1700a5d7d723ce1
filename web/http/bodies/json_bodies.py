"""Reading a JSON object from a request."""

from typing import Any

from flask import Request
from werkzeug.exceptions import UnsupportedMediaType

from web.http.bodies import strict_json


def json_body(request: Request, *, any_number: bool = False) -> dict[str, Any]:
    """The object in the body (see strict_json.loads).

    Raises BadJson; UnsupportedMediaType (415) for a body that is not said to be JSON.
    """
    if not request.is_json:
        raise UnsupportedMediaType
    return strict_json.loads(request.get_data(cache=False), any_number=any_number)
