"""A typed face for flask-smorest, which documents routes but has no types.

Its parsing is replaced by the strict reading of web/http/fields.py and web/http/bodies/strict_json.py; its serialising is not used:
views answer with finished responses, and the schemas here are what the document says about them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, NoReturn, TypeVar

import flask_smorest
from flask import Flask, Request, Response
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from web.http.bodies.json_bodies import json_body, refuse
from web.http.errors import PROBLEM_TYPE
from web.http.schemas import ProblemSchema

View = TypeVar("View", bound=Callable[..., Response])

API_PREFIX: Final = "/api/v1"
# Every body but a photo's is far below this; it is held in memory while it is read.
MAX_SMALL_BODY_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What one status code of a route means. schema: of its JSON, unless it is content of another type."""

    description: str
    schema: type[Schema] | None = None
    content_types: tuple[str, ...] = ()
    headers: Mapping[str, str] | None = None


class StrictParser(FlaskParser):
    """Reads queries and bodies without guessing."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"query": EXCLUDE, "json": RAISE}  # noqa: RUF012

    def load_querystring(self, req: Request, schema: Schema) -> dict[str, list[str]]:  # noqa: ARG002
        return {name: req.args.getlist(name) for name in req.args}

    def load_json(self, req: Request, schema: Schema) -> dict[str, Any]:  # noqa: ARG002
        req.max_content_length = MAX_SMALL_BODY_BYTES
        return json_body(req)

    def handle_error(self, error: ValidationError, *_args: Any, **_kwargs: Any) -> NoReturn:
        # webargs puts the messages under the place that the values came from.
        nested: Any = error.messages
        (messages,) = nested.values()
        refuse(ValidationError(messages))


class _Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    ARGUMENTS_PARSER = StrictParser()


class Resource:
    """The routes of one resource, each with what the document says about it."""

    def __init__(self, name: str, description: str, *, prefix: str = API_PREFIX) -> None:
        self.blueprint: Any = _Blueprint(name, __name__, url_prefix=prefix or None, description=description)

    def route(
        self,
        method: str,
        rule: str,
        *,
        answers: Mapping[int, Answer],
        problems: tuple[int, ...] = (),
        query: type[Schema] | None = None,
        body: type[Schema] | None = None,
        forms: Mapping[str, type[Schema]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Callable[[View], View]:
        """Makes a function the view of a route.

        query, body: read strictly and handed to the view under these names; forms: bodies by content type, and
        headers: those with a meaning here, both of which the view reads itself; problems: the error statuses that a
        client should expect.
        """

        statuses = {*problems, *({400} if body or query or forms else ())}
        described = {**dict.fromkeys(sorted(statuses), _PROBLEM), **answers}
        more: dict[str, Any] = {}
        if forms:
            content = {kind: {"schema": schema} for kind, schema in forms.items()}
            more["requestBody"] = {"required": True, "content": content}
        if headers:
            more["parameters"] = [{"in": "header", **_text(name, about)} for name, about in headers.items()]

        def decorate(view: View) -> View:
            documented: Any = self.blueprint.doc(operationId=view.__name__, **more)(view)
            for place, schema in (("json", body), ("query", query)):
                if schema is not None:
                    name = "body" if place == "json" else place
                    # An instance: of a class, webargs would make one for each request.
                    read = self.blueprint.arguments(
                        schema(), location=place, arg_name=name, error_status_code=400
                    )
                    documented = read(documented)
            for status, answer in described.items():
                documented = self._describe(documented, status, answer)
            self.blueprint.route(rule, methods=[method])(documented)
            return view

        return decorate

    def _describe(self, view: Any, status: int, answer: Answer) -> Any:
        headers = {name: _text(None, about) for name, about in (answer.headers or {}).items()}
        said = answer.description or HTTPStatus(status).phrase
        for content_type in answer.content_types or (None,):
            schema: Any = answer.schema
            if schema is None and content_type is not None:
                schema = {"type": "string", "format": "binary"}
            view = self.blueprint.alt_response(
                status, schema=schema, content_type=content_type, description=said, headers=headers or None
            )(view)
        return view


def _text(name: str | None, about: str) -> dict[str, Any]:
    """A header as the document describes it; the headers of an answer are named elsewhere."""
    named = {} if name is None else {"name": name}
    return {**named, "description": about, "schema": {"type": "string"}}


_PROBLEM: Final = Answer("", ProblemSchema, (PROBLEM_TYPE,))


class _Api(flask_smorest.Api):  # type: ignore[misc]
    ERROR_SCHEMA = ProblemSchema
    # It would say application/json. Each route lists the problems that a client should expect.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Errors are answered by web/http/errors.py."""


def register_resources(app: Flask, resources: Sequence[Resource], about: str) -> Any:
    """Adds the resources to the application; the document about them (apispec's APISpec)."""
    app.config.update(
        API_TITLE="Vitrine",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {"description": about},
            "components": {
                "securitySchemes": {
                    "apiKey": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "Needed for writes where VITRINE_API_KEYS is set.",
                    }
                }
            },
            "security": [{}, {"apiKey": []}],
        },
    )
    api = _Api(app)
    for resource in resources:
        api.register_blueprint(resource.blueprint)
    return api.spec
