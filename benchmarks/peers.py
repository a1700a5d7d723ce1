"""The peers of the front end: Flask routes that do the least that could do, under the same gunicorn settings.

`gunicorn --config python:web.gunicorn_config "benchmarks.peers:make_app()"`; the folder that uploads go to is named by
BENCHMARK_FOLDER, the database as for Vitrine.
"""

import json
import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg2
from flask import Flask, Response, request

from shared.settings import load_settings

FOLDER: Final = "BENCHMARK_FOLDER"

_JOB: Final = """
    SELECT id, kind, status, progress, attempt, image_id, created_at, started_at, finished_at FROM jobs WHERE id = %s
"""
_IMAGES: Final = """
    SELECT image.id, image.sha256, image.name, image.width, image.height, image.bytes, image.created_at, palette.swatches
    FROM images AS image LEFT JOIN palettes AS palette ON palette.image_id = image.id AND palette.colors = image.colors
    WHERE image.deleted_at IS NULL ORDER BY image.id DESC LIMIT %s
"""
_COUNT: Final = "SELECT count(*) FROM images WHERE deleted_at IS NULL"


class Connections:
    """A connection a thread, each statement by itself."""

    def __init__(self, database_url: str) -> None:
        # libpq knows no dialects.
        self._url = database_url.replace("+psycopg2", "", 1)
        self._own = threading.local()

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """The rows, each by the names of its columns."""
        if not hasattr(self._own, "connection"):
            self._own.connection = psycopg2.connect(self._url)
            self._own.connection.autocommit = True
        with self._own.connection.cursor() as cursor:
            cursor.execute(statement, values)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def make_app() -> Flask:
    """The application. Connects to nothing before it is asked."""
    app = Flask("peers")
    database = Connections(load_settings().database_url)
    folder = Path(os.environ.get(FOLDER, "."))

    @app.get("/constant")
    def constant() -> Response:
        return _answer({"status": "ok"})

    @app.get("/jobs/<wanted>")
    def job(wanted: str) -> Response:
        return _answer(database.rows(_JOB, wanted)[0])

    @app.get("/images")
    def images() -> Response:
        items = database.rows(_IMAGES, int(request.args["limit"]))
        return _answer({"items": items, "total": database.rows(_COUNT)[0]["count"]})

    @app.post("/images")
    def upload() -> Response:
        with (folder / uuid4().hex).open("wb") as file:
            request.files["file"].save(file)
            file.flush()
            os.fsync(file.fileno())
        return _answer({"status": "ok"}, 202)

    return app


def _answer(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document, default=_text), status, content_type="application/json")


def _text(value: datetime) -> str:
    return value.isoformat()
