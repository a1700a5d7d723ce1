"""The OpenAPI document (3.1), made from the declarations of routes, parameters and documents."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from inspect import cleandoc
from typing import Any, Final

import msgspec

from web.http.documents import Document
from web.http.parameter_sets import Field, Parameters, fields_of
from web.http.routing import JSON_TYPE, Answer, Resource, Route

_SCHEMAS: Final = "#/components/schemas/"
_PLACE: Final = re.compile(r"<(?:(\w+):)?(\w+)>")


def openapi_document(resources: Sequence[Resource], about: str) -> dict[str, Any]:
    """The document about the routes of these resources."""
    routes = [(resource, route) for resource in resources for route in resource.routes]
    paths: dict[str, dict[str, Any]] = {}
    for resource, route in routes:
        rule = f"{resource.prefix}{route.rule}"
        path = paths.setdefault(_PLACE.sub(r"{\2}", rule), _path_parameters(rule))
        path[route.method.lower()] = _operation(resource, route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vitrine", "version": "v1", "description": about},
        "tags": [{"name": each.name, "description": each.description} for each in resources],
        "security": [{}, {"apiKey": []}],
        "paths": paths,
        "components": {
            "schemas": _components([route for _, route in routes]),
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Needed for writes where VITRINE_API_KEYS is set.",
                }
            },
        },
    }


def _path_parameters(rule: str) -> dict[str, Any]:
    types = {"int": {"type": "integer", "minimum": 0}}
    found = [
        {
            "in": "path",
            "name": name,
            "required": True,
            "schema": types.get(kind, {"type": "string", "minLength": 1}),
        }
        for kind, name in _PLACE.findall(rule)
    ]
    return {"parameters": found} if found else {}


def _operation(resource: Resource, route: Route) -> dict[str, Any]:
    summary, _, description = cleandoc(route.view.__doc__ or "").partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": route.view.__name__,
        "tags": [resource.name],
        "summary": " ".join(summary.split()),
    }
    if description:
        operation["description"] = " ".join(description.split())
    parameters = [_parameter(field) for field in fields_of(route.query)] if route.query else []
    parameters += [{"in": "header", "name": name, **_text(about)} for name, about in route.headers.items()]
    if parameters:
        operation["parameters"] = parameters
    if route.bodies:
        content = {kind: {"schema": _reference(declared)} for kind, declared in route.bodies.items()}
        operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] = {
        str(status): _response(status, answer) for status, answer in sorted(route.all_answers.items())
    }
    return operation


def _parameter(field: Field) -> dict[str, Any]:
    return {
        "in": "query",
        "name": field.name,
        "description": field.kind.about,
        "required": field.required,
        "schema": field.schema(),
    }


def _text(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _response(status: int, answer: Answer) -> dict[str, Any]:
    response: dict[str, Any] = {"description": answer.description or HTTPStatus(status).phrase}
    if answer.headers:
        response["headers"] = {name: _text(about) for name, about in answer.headers.items()}
    kinds = answer.content_types or ((JSON_TYPE,) if answer.document else ())
    schema = _reference(answer.document) if answer.document else {"type": "string", "format": "binary"}
    if kinds:
        response["content"] = {kind: {"schema": schema} for kind in kinds}
    return response


def _reference(declared: type[Document] | type[Parameters]) -> dict[str, str]:
    return {"$ref": f"{_SCHEMAS}{declared.__name__}"}


def _components(routes: Sequence[Route]) -> dict[str, Any]:
    documents = {
        answer.document for route in routes for answer in route.all_answers.values() if answer.document
    }
    _, components = msgspec.json.schema_components(
        sorted(documents, key=lambda each: each.__name__), ref_template=_SCHEMAS + "{name}"
    )
    bodies = {(kind, declared) for route in routes for kind, declared in route.bodies.items()}
    in_json = {declared for kind, declared in bodies if kind == JSON_TYPE}
    described = {each.__name__: _body(each, in_json=each in in_json) for _, each in bodies}
    return dict(sorted({**components, **described}.items()))


def _body(declared: type[Parameters], *, in_json: bool) -> dict[str, Any]:
    properties = {
        field.name: {"description": field.kind.about, **field.schema(in_json=in_json)}
        for field in fields_of(declared)
    }
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    required = [field.name for field in fields_of(declared) if field.required]
    if declared.__doc__ and not declared.__doc__.startswith(f"{declared.__name__}("):
        schema["description"] = cleandoc(declared.__doc__)
    if required:
        schema["required"] = required
    if declared.open:
        schema["additionalProperties"] = True
    return schema
