"""Routes of the API, each with what the OpenAPI document says about it.

A view gets its query and its body as declared sets of parameters, read strictly, and returns a document (200) or a
finished response.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, TypeVar

from flask import Blueprint, Response, request

from web.http.addresses import API_PREFIX
from web.http.bodies.json_bodies import json_body
from web.http.documents import Document, json_response
from web.http.errors import PROBLEM_TYPE, Problem
from web.http.parameter_sets import NoParameters, Parameters, read_json, read_values

View = TypeVar("View", bound=Callable[..., Response | Document])

JSON_TYPE: Final = "application/json"
# Every body but a photo's is far below this; it is held in memory while it is read.
MAX_SMALL_BODY_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What one status code of a route means. document: its JSON, unless it is content of another type."""

    description: str
    document: type[Document] | None = None
    content_types: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


_PROBLEM: Final = Answer("", Problem, (PROBLEM_TYPE,))


@dataclass(frozen=True, slots=True)
class Route:
    """A route as it was declared (see Resource.route)."""

    method: str
    rule: str
    view: Callable[..., Response | Document]
    answers: Mapping[int, Answer]
    problems: tuple[int, ...]
    query: type[Parameters] | None
    body: type[Parameters] | None
    forms: Mapping[str, type[Parameters]]
    headers: Mapping[str, str]

    @property
    def bodies(self) -> Mapping[str, type[Parameters]]:
        """By content type."""
        return {JSON_TYPE: self.body} if self.body else self.forms

    @property
    def all_answers(self) -> dict[int, Answer]:
        """By status, the problems among them: any request may have a parameter that it does not take."""
        return {**dict.fromkeys({*self.problems, 400}, _PROBLEM), **self.answers}


class Resource:
    """The routes of one resource."""

    def __init__(self, name: str, description: str, *, prefix: str = API_PREFIX) -> None:
        self.name = name
        self.description = description
        self.prefix = prefix
        self.blueprint = Blueprint(name, __name__, url_prefix=prefix or None)
        self.routes: list[Route] = []

    def route(
        self,
        method: str,
        rule: str,
        *,
        answers: Mapping[int, Answer],
        problems: tuple[int, ...] = (),
        query: type[Parameters] | None = None,
        body: type[Parameters] | None = None,
        forms: Mapping[str, type[Parameters]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Callable[[View], View]:
        """Makes a function the view of a route.

        query, body: read strictly and handed to the view under these names; forms: bodies by content type, and
        headers: those with a meaning here, both of which the view reads itself; problems: the error statuses that a
        client should expect.
        """

        def decorate(view: View) -> View:
            declared = Route(method, rule, view, answers, problems, query, body, forms or {}, headers or {})
            self.routes.append(declared)
            # Who looks after a process may ask for more than there is, as with `/readyz?verbose`.
            answer = _answering(declared, refuse_unknown=bool(self.prefix))
            self.blueprint.add_url_rule(rule, view.__name__, answer, methods=[method])
            return view

        return decorate


def _answering(route: Route, *, refuse_unknown: bool) -> Callable[..., Response]:
    @wraps(route.view)
    def answer(**arguments: Any) -> Response:
        given = request.args.to_dict(flat=False)
        query = read_values(route.query or NoParameters, given, refuse_unknown=refuse_unknown)
        if route.query is not None:
            arguments["query"] = query
        if route.body is not None:
            request.max_content_length = MAX_SMALL_BODY_BYTES
            arguments["body"] = read_json(route.body, json_body(request))
        made = route.view(**arguments)
        return json_response(made) if isinstance(made, Document) else made

    return answer
