"""Downloads against a real server on loopback: whole, or a plain failure within the time that was given."""

from collections.abc import Iterator

import pytest

from tests.support.file_server import FileServer, file_server
from worker.embedding.weights.download import DownloadFailed, download

BODY = bytes(range(256)) * 8000


def quiet(_: str) -> None:
    """Nobody wants to know."""


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as server:
        server.files = {"file": BODY, "stalls": BODY}
        yield server


@pytest.mark.parametrize("tells_length", [True, False])
def test_a_file_comes_whole(server: FileServer, tells_length: bool) -> None:
    server.tells_length = tells_length
    assert download(server.url + "file", quiet) == BODY


def test_progress_is_told_in_tenths(server: FileServer) -> None:
    reports: list[str] = []
    download(server.url + "file", reports.append)
    assert reports[-1] == f"Downloading {server.url}file: 100 % of 2.0 MB."
    assert 3 <= len(reports) <= 10
    assert reports == sorted(reports, key=lambda line: int(line.split()[2]))


def test_a_file_that_breaks_off_is_refused(server: FileServer) -> None:
    server.breaks_off_after = 300_000
    with pytest.raises(DownloadFailed, match=f"broke off after 300000 of {len(BODY)} bytes"):
        download(server.url + "file", quiet)


def test_a_missing_file_is_named_with_its_status(server: FileServer) -> None:
    with pytest.raises(DownloadFailed, match="nothing answered with status 404"):
        download(server.url + "nothing", quiet)


def test_a_server_that_says_nothing_is_given_up(server: FileServer) -> None:
    with pytest.raises(DownloadFailed, match=r"did not answer within 0\.2 seconds"):
        download(server.url + "silent", quiet, connect_seconds=0.2)


def test_a_server_that_stalls_is_given_up(server: FileServer) -> None:
    server.breaks_off_after = 10
    with pytest.raises(DownloadFailed, match="timed out"):
        download(server.url + "stalls", quiet, stall_seconds=0.2)


def test_a_file_without_end_is_refused(server: FileServer) -> None:
    with pytest.raises(DownloadFailed, match="longer than 1 MiB"):
        download(server.url + "file", quiet, most_bytes=1 << 20)


def test_a_port_where_nobody_listens_is_a_failure() -> None:
    with file_server() as gone:
        url = gone.url
    with pytest.raises(DownloadFailed, match="refused"):
        download(url + "file", quiet)


def test_only_http_is_spoken() -> None:
    with pytest.raises(DownloadFailed, match="not an HTTP address"):
        download("file:///etc/hostname", quiet)
