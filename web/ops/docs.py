"""The OpenAPI document and the page that is made from it."""

import json
from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template

from shared.errors import VitrineError
from web.http.addresses import site_root
from web.http.errors import STATUS
from web.http.routing import Answer, Resource

api = Resource("openapi", "This document.")
pages = Blueprint("docs", __name__)

DOCUMENT = "vitrine-openapi"


def register(app: Flask, document: Mapping[str, Any]) -> None:
    """Serves the document, which does not change while the process runs, and the page made from it."""
    app.extensions[DOCUMENT] = document
    app.register_blueprint(pages)


@api.route("GET", "/openapi.json", answers={200: Answer("OpenAPI 3.1", content_types=("application/json",))})
def get_openapi() -> Response:
    """Get the description of this API."""
    document, root = current_app.extensions[DOCUMENT], site_root()
    if root:
        document = {**document, "servers": [{"url": root}]}
    return Response(
        json.dumps(document, ensure_ascii=False, separators=(",", ":")),
        content_type="application/json",
    )


@pages.get("/api/docs")
def docs() -> str:
    """The same description for people."""
    document = current_app.extensions[DOCUMENT]
    return render_template("ops/docs.html", document=document, root=site_root(), errors=_error_codes())


def _error_codes() -> list[dict[str, Any]]:
    meanings = {kind.code: cleandoc(kind.__doc__ or "") for kind in _kinds(VitrineError)}
    return [
        {"code": code, "status": status, "meaning": meanings[code]}
        for code, status in STATUS.items()
        if status < 500 or status == 503
    ]


def _kinds(kind: type[VitrineError]) -> list[type[VitrineError]]:
    """The class and all that come from it, those last that only narrow a code that another has."""
    found = [kind]
    for child in kind.__subclasses__():
        found += _kinds(child)
    return sorted(found, key=lambda each: "code" in vars(each))
