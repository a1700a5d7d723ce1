"""An S3 service that is dead, frozen, strict or mad: always StorageUnavailable, within seconds, and nothing else."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from shared.errors import BadSetting, BlobNotFound, StorageUnavailable
from shared.settings import load_settings
from shared.storage import BlobStore, S3BlobStore, make_blob_store
from tests.support.s3 import S3Server, new_bucket, start_ministack, start_rclone

# A client without its short timeouts would wait for minutes.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]

_MIB = 1 << 20

_OPERATIONS: dict[str, Callable[[BlobStore], object]] = {
    "put": lambda store: store.put("a/new", b"1", "text/plain"),
    "large put": lambda store: store.put("a/new", bytes(20 * _MIB), "text/plain"),
    "get": lambda store: store.get("a/b"),
    "open": lambda store: store.open("a/b").__enter__(),
    "stat": lambda store: store.stat("a/b"),
    "exists": lambda store: store.exists("a/b"),
    "delete": lambda store: store.delete("a/b"),
    "list": lambda store: list(store.list()),
    "check": lambda store: store.check(),
}


@pytest.fixture(params=[start_ministack, start_rclone], ids=["ministack", "rclone"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[S3Server]:
    """A service of this test's own, to kill and freeze."""
    start: Callable[[Path], AbstractContextManager[S3Server]] = request.param
    with start(tmp_path) as running:
        yield running


def test_a_dead_store_is_unavailable(server: S3Server) -> None:
    store = server.store(new_bucket())
    store.put("a/b", b"1", "text/plain")
    server.kill()
    for name, operation in _OPERATIONS.items():
        with pytest.raises(StorageUnavailable):
            pytest.fail(f"{name} gave {operation(store)}")


def test_a_frozen_store_is_unavailable_until_it_moves_again(server: S3Server) -> None:
    bucket = new_bucket()
    patient = server.store(bucket, read_seconds=30)
    patient.put("a/b", b"1", "text/plain")
    store = server.store(bucket, connect_seconds=0.3, read_seconds=0.6)
    server.freeze()
    for name, operation in _OPERATIONS.items():
        with pytest.raises(StorageUnavailable):
            pytest.fail(f"{name} gave {operation(store)}")
    server.thaw()
    patient.put("a/c", b"2", "text/plain")
    assert patient.get("a/c") == b"2"


def test_a_frozen_store_is_known_with_the_timeouts_of_the_service(tmp_path: Path) -> None:
    with start_rclone(tmp_path) as server:
        store = make_blob_store(load_settings(server.environ(new_bucket())))
        store.put("a/b", b"1", "text/plain")
        server.freeze()
        with pytest.raises(StorageUnavailable):
            store.put("a/new", bytes(20 * _MIB), "text/plain")


def test_a_store_that_dies_in_mid_read_is_unavailable(server: S3Server) -> None:
    store = server.store(new_bucket(), read_seconds=30)
    store.put("a/b", bytes(64 * _MIB), "text/plain")
    with store.open("a/b") as blob:
        assert blob.read(1000) == bytes(1000)
        server.kill()
        with pytest.raises(StorageUnavailable):
            blob.read()


def test_a_store_that_freezes_in_mid_read_is_unavailable(server: S3Server) -> None:
    bucket = new_bucket()
    server.store(bucket, read_seconds=30).put("a/b", bytes(64 * _MIB), "text/plain")
    with server.store(bucket, read_seconds=3).open("a/b") as blob:
        assert blob.read(1000) == bytes(1000)
        server.freeze()
        with pytest.raises(StorageUnavailable):
            _read_in_pieces(blob)


def test_wrong_credentials_are_named_as_such(server: S3Server) -> None:
    bucket = new_bucket()
    server.store(bucket).put("a/b", b"1", "text/plain")
    for access_key, secret_key in (
        (server.access_key, "not-the-secret"),
        ("AKIANOBODYKNOWSIT", server.secret_key),
    ):
        store = S3BlobStore(server.endpoint, access_key, secret_key, bucket, secure=False)
        for name, operation in _OPERATIONS.items():
            with pytest.raises(StorageUnavailable, match="credentials"):
                pytest.fail(f"{name} gave {operation(store)}")
    assert list(server.store(bucket).keys()) == ["a/b"]


def test_a_port_that_nobody_listens_on_is_unavailable() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        store = _store(unheard.getsockname()[1])
        with pytest.raises(StorageUnavailable):
            store.check()


def test_tls_needs_a_certificate_that_someone_vouches_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl to make a certificate")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=store"
    subject = "subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [openssl, *command.split(), "-addext", subject, "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    with start_rclone(tmp_path, "--cert", str(certificate), "--key", str(key)) as server:
        environ = server.environ(new_bucket()) | {"VITRINE_S3_SECURE": "true"}
        stranger = make_blob_store(load_settings(environ))
        with pytest.raises(StorageUnavailable):
            stranger.check()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        store = make_blob_store(load_settings(environ))
        data = bytes(range(256)) * 4096
        store.put("a/b", data, "text/plain")
        assert store.get("a/b") == data


def test_settings_that_s3_cannot_take_are_refused_at_once() -> None:
    good = S3Server("127.0.0.1:1", "key", "secret", process=None).environ("bucket")  # type: ignore[arg-type]
    for name, value in (
        ("VITRINE_S3_ENDPOINT", "https://127.0.0.1:1"),  # which is said not to be secure
        ("VITRINE_S3_ENDPOINT", "127.0.0.1:1/path"),
        ("VITRINE_S3_BUCKET", "No_Bucket"),
        ("VITRINE_S3_BUCKET", "a"),
        ("VITRINE_S3_REGION", "a region"),
    ):
        with pytest.raises(BadSetting, match=name):
            make_blob_store(load_settings({**good, name: value}))


# --- what no real service says on demand ---------------------------------------------------------------------------


def _answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


_XML = "Content-Type: application/xml"
_NONSENSE = {
    "no http": b"220 mail.example.org ESMTP\r\n",
    "nothing": b"",
    "text": _answer("400 Bad Request", b"no", "Content-Type: text/plain"),
    "a missing page": _answer("404 Not Found", b"<html>nginx</html>", "Content-Type: text/html"),
    "an error without a body": _answer("500 Internal Server Error"),
    "an error that is no xml": _answer("500 Internal Server Error", b"<Error><Code>", _XML),
    "an error that is no text": _answer("400 Bad Request", b"\xff\xfe\x00", _XML),
    "an error without a code": _answer("400 Bad Request", b"<Error/>", _XML),
    "a bad gateway": _answer("502 Bad Gateway", b"<html>nginx</html>", "Content-Type: text/html"),
    "a plea for an hour": _answer(
        "503 Slow Down", b"<Error><Code>SlowDown</Code></Error>", _XML, "Retry-After: 3600"
    ),
}


@pytest.mark.parametrize("answer", _NONSENSE.values(), ids=_NONSENSE.keys())
def test_an_answer_that_is_not_s3_is_unavailable(answer: bytes) -> None:
    with _server(lambda _: answer) as port:
        store = _store(port)
        for name in ("put", "get", "list", "delete"):
            with pytest.raises(StorageUnavailable):
                pytest.fail(f"{name} gave {_OPERATIONS[name](store)}")


def test_a_redirect_is_not_followed() -> None:
    asked = []

    def elsewhere(number: int) -> bytes:
        asked.append(number)
        return _answer("200 OK", b"not ours")

    with _server(elsewhere) as other:
        redirect = _answer("307 Temporary Redirect", b"", f"Location: http://127.0.0.1:{other}/a")
        with _server(lambda _: redirect) as port, pytest.raises(StorageUnavailable):
            _store(port).get("a")
    assert asked == []


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"<ListBucketResult><Contents><Key>a</Key><Size>x"]
)
def test_a_listing_that_is_no_listing_is_unavailable(body: bytes) -> None:
    with _server(lambda _: _answer("200 OK", body, _XML)) as port, pytest.raises(StorageUnavailable):
        list(_store(port).list())


def test_a_blob_cut_short_is_unavailable() -> None:
    cut = _answer("200 OK", b"x" * 100_000)[:-1]
    with _server(lambda _: cut) as port:
        with pytest.raises(StorageUnavailable):
            _store(port).get("a")
        with pytest.raises(StorageUnavailable), _store(port).open("a") as blob:
            _read_in_pieces(blob)


def test_a_connection_closed_between_requests_costs_nothing() -> None:
    """The store may close a kept connection at the moment when it is used again."""
    answers = [_answer("200 OK", b"first"), b"", _answer("200 OK", b"second", "Connection: close")]
    with _server(lambda number: answers[number], keep_open=True) as port:
        store = _store(port)
        assert store.get("a") == b"first"
        assert store.get("a") == b"second"


def test_a_missing_blob_is_told_from_a_missing_page() -> None:
    missing = _answer(
        "404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>", "Content-Type: text/xml; charset=utf-8"
    )
    with _server(lambda _: missing) as port, pytest.raises(BlobNotFound):
        _store(port).get("a")


def test_a_slow_upload_that_moves_is_not_cut_off() -> None:
    with _server(lambda _: _answer("200 OK"), seconds_a_mib=0.15) as port:
        store = S3BlobStore(
            f"127.0.0.1:{port}", "k", "s", "bucket", secure=False, connect_seconds=1, read_seconds=2
        )
        store.put("a", bytes(20 * _MIB), "text/plain")


def _read_in_pieces(blob: BinaryIO) -> None:
    while blob.read(30_000):
        pass


def _store(port: int) -> S3BlobStore:
    return S3BlobStore(f"127.0.0.1:{port}", "key", "secret", "bucket", secure=False)


@contextmanager
def _server(
    answer: Callable[[int], bytes], *, keep_open: bool = False, seconds_a_mib: float = 0
) -> Iterator[int]:
    """A port where the n-th request gets `answer(n)`. An empty answer, and any without `keep_open`, ends the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # A small window makes the sender feel how slowly we read.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)

        def serve() -> None:
            number = 0
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, connection.makefile("rb") as requests:
                    while _read_request(requests.readline, requests.read, seconds_a_mib):
                        reply = answer(number)
                        number += 1
                        connection.sendall(reply)
                        if not keep_open or not reply:
                            break

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def _read_request(readline: Callable[[], bytes], read: Callable[[int], bytes], seconds_a_mib: float) -> bool:
    length, line = 0, readline()
    if not line:
        return False
    while line.strip():
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
        line = readline()
    while length > 0:
        got = len(read(min(length, _MIB)))
        if not got:
            return False
        length -= got
        time.sleep(seconds_a_mib)
    return True
