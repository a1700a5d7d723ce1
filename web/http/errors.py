"""What went wrong, said over HTTP: a problem document (RFC 9457) under /api, a page elsewhere.

The one table of status codes. Errors are raised where they are known and come here to be answered.
"""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Annotated, Final

import structlog
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from shared.errors import BadJson, BadParameter, NotFound, TooLarge, Unavailable, VitrineError
from web.http.addresses import site_root
from web.http.documents import UNSET, Document, UnsetType, about, json_response

log = structlog.get_logger(__name__)

PROBLEM_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5

STATUS: Final[Mapping[str, int]] = {
    "error": 500,
    "bad_input": 400,
    "no_file": 400,
    "one_file_only": 400,
    "empty_file": 400,
    "too_large": 413,
    "use_multipart": 415,
    "unsupported_type": 415,
    "too_many_pixels": 422,
    "bad_dimensions": 422,
    "unreadable": 422,
    "too_complex": 422,
    "metadata_too_large": 422,
    "too_many_frames": 422,
    "bad_json": 400,
    "bad_parameter": 400,
    "bad_data": 422,
    "bad_value": 422,
    "unknown_fact": 422,
    "bad_cursor": 400,
    "key_reused": 409,
    "key_in_use": 409,
    "bad_host": 400,
    "csrf": 403,
    "unauthorized": 401,
    "not_found": 404,
    "image_not_found": 404,
    "job_not_found": 404,
    "predictor_not_found": 404,
    "not_ready": 404,
    "conflict": 409,
    "model_unusable": 409,
    "unavailable": 503,
    "storage_unavailable": 503,
    "database_unavailable": 503,
    "broker_unavailable": 503,
    # These are never the caller's doing: if one gets here, the server is at fault.
    "blob_not_found": 500,
    "index_moved": 500,
    "wrong_model": 500,
    "bad_setting": 500,
}

# Codes of what Flask and Werkzeug refuse by themselves.
HTTP_CODES: Final[Mapping[int, str]] = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    413: "too_large",
    415: "unsupported_media_type",
    500: "internal_error",
}


class NotReady(NotFound):
    """This is still being made. Try again in a moment."""

    code = "not_ready"


class FieldProblem(Document, kw_only=False):
    field: Annotated[str, about("the field at fault")]
    message: Annotated[str, about("what to change")]


class Problem(Document):
    """An error, as RFC 9457 has it."""

    type: Annotated[str, about("where the code is explained")]
    title: Annotated[str, about("the HTTP status in words")]
    status: Annotated[int, about("the HTTP status")]
    detail: Annotated[str, about("what happened and what to do, for a person")]
    code: Annotated[str, about("what happened, for a program")]
    request_id: Annotated[str | None, about("what to look for in the logs")]
    errors: Annotated[tuple[FieldProblem, ...] | UnsetType, about("fields at fault")] = UNSET


class BadParameters(BadParameter):
    """Several parameters have values that cannot be used."""

    def __init__(self, problems: Iterable[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems[0].field, " ".join(problem.message for problem in self.problems))


class BadValues(BadParameters):
    """Some values cannot be predicted for."""

    code = "bad_value"


class UnknownFields(BadJson):
    """The body has a field that means nothing here."""

    def __init__(self, names: Iterable[str]) -> None:
        self.problems = tuple(FieldProblem(name, f"{name} is not a field of this request.") for name in names)
        super().__init__(" ".join(problem.message for problem in self.problems))


ErrorPage = Callable[[int, str], str]
"""HTML for a status code and a sentence about what happened."""

_ERROR_PAGE: Final = "vitrine-error-page"


def register(app: Flask, error_page: ErrorPage) -> None:
    """Has the application answer every error; people get the page."""
    app.extensions[_ERROR_PAGE] = error_page
    app.register_error_handler(VitrineError, _answer_vitrine_error)
    app.register_error_handler(HTTPException, _answer_http_exception)
    app.register_error_handler(Exception, _answer_unexpected)


def _answer_vitrine_error(error: VitrineError) -> Response:
    status = STATUS[error.code]
    headers = {}
    if isinstance(error, Unavailable):
        log.warning("unavailable", code=error.code, cause=repr(error.__cause__))
        headers["Retry-After"] = str(RETRY_SECONDS)
    elif status >= 500:
        log.error("request_failed", exc_info=error)
        return _answer(500, HTTP_CODES[500], _INTERNAL)
    elif status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, NotReady):
        headers["Retry-After"] = "1"
    return _answer(status, error.code, error.message, headers, _field_problems(error))


def _answer_http_exception(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400 or error.response is not None:
        return error
    code = HTTP_CODES.get(error.code, HTTPStatus(error.code).phrase.lower().replace(" ", "_"))
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return _answer(error.code, code, _DETAILS.get(error.code) or error.description or "", headers)


def _answer_unexpected(error: Exception) -> Response:
    log.error("request_failed", exc_info=error)
    return _answer(500, HTTP_CODES[500], _INTERNAL)


_INTERNAL: Final = "Something went wrong inside Vitrine. It has been written down under this request id."

_DETAILS: Final[Mapping[int, str]] = {
    404: "There is nothing at this address.",
    405: "This address does not take requests of this kind.",
    408: "The request was sent too slowly.",
    413: str(TooLarge()),
    415: "Send the body as application/json.",
    500: _INTERNAL,
}


def _field_problems(error: VitrineError) -> tuple[FieldProblem, ...]:
    if isinstance(error, BadParameters | UnknownFields):
        return error.problems
    if isinstance(error, BadParameter):
        return (FieldProblem(error.field, error.message),)
    return ()


def _answer(
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    problems: tuple[FieldProblem, ...] = (),
) -> Response:
    g.error_code = code
    if _is_for_programs(request.path):
        return problem_answer(status, code, detail, headers, problems)
    return _page(status, detail, headers)


def _is_for_programs(path: str) -> bool:
    return (
        path == "/api" or (path.startswith("/api/") and path != "/api/docs") or path in {"/livez", "/readyz"}
    )


def problem_answer(
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    problems: tuple[FieldProblem, ...] = (),
) -> Response:
    """A problem document. code: what a program decides by; detail: a sentence for a person."""
    document = Problem(
        type=f"{site_root()}/api/docs#{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        request_id=g.get("request_id"),
        errors=problems or UNSET,
    )
    return json_response(document, status, headers, content_type=PROBLEM_TYPE)


def _page(status: int, detail: str, headers: Mapping[str, str] | None) -> Response:
    error_page: ErrorPage = current_app.extensions[_ERROR_PAGE]
    response = Response(error_page(status, detail), status, mimetype="text/html")
    response.headers.update(headers or {})
    return response
