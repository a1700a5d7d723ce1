"""Where the site is mounted: the path of a proxy under which it is served, and what addresses begin with for that."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Flask
from werkzeug.wsgi import ClosingIterator

from shared.errors import BadSetting
from shared.settings import variable
from web.http.addresses import set_root

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Mount:
    """WSGI middleware around an application: has its addresses begin with the path under which it is mounted.

    That is the prefix of the settings, which the proxy may have taken off the paths that it passes on or not; without one
    it is what the server says (SCRIPT_NAME, PEP 3333).
    """

    def __init__(self, app: "WSGIApplication", prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if self._prefix:
            path = environ.get("PATH_INFO", "")
            if path == self._prefix or path.startswith(f"{self._prefix}/"):
                environ["PATH_INFO"] = path.removeprefix(self._prefix) or "/"
            environ["SCRIPT_NAME"] = self._prefix
        # As WSGI has it, a byte a character.
        mounted = environ.get("SCRIPT_NAME", "").rstrip("/").encode("latin-1")
        set_root(quote(mounted))
        # Streamed bodies hold addresses too: until they are sent.
        return ClosingIterator(self._app(environ, start_response), lambda: set_root(""))


def check_prefix(app: Flask, prefix: str) -> None:
    """Raises BadSetting for a prefix under which a path with it and one without it could be the same."""
    first = prefix.strip("/").partition("/")[0]
    if first in {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()} - {""}:
        raise BadSetting(
            f"{variable('prefix')} must not begin with /{first}, where Vitrine has addresses of its own."
        )
