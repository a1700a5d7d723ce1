"""Answers in JSON."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Response


def json_answer(
    document: Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    content_type: str = "application/json",
) -> Response:
    """The document as the body of an answer."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    response = Response(body, status, content_type=content_type)
    response.headers.update(headers or {})
    return response
