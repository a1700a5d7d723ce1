"""A real HTTP server on loopback that serves given bytes, or misbehaves."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FileServer:
    """Answers GET /<name> with `files[name]`, else 404. `requests` counts what was asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    breaks_off_after: int | None = None
    tells_length: bool = True
    goes_on: threading.Event = field(default_factory=threading.Event)
    requests: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.lstrip("/")
        self.requests.append(name)
        if name == "silent":
            self.goes_on.wait(30)
            return
        if name not in self.files:
            handler.send_error(404)
            return
        body = self.files[name]
        handler.send_response(200)
        if self.tells_length:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: self.breaks_off_after])
        if name == "stalls":
            handler.wfile.flush()
            self.goes_on.wait(30)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that has gone is no news."""


@contextlib.contextmanager
def file_server() -> Iterator[FileServer]:
    state = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *_: Any) -> None:
            """Tests stay quiet."""

    with _Quiet(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            state.goes_on.set()
            server.shutdown()
            thread.join()
