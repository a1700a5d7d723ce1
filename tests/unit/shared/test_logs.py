"""What a line of the log looks like, in services and on a terminal."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from shared.logs import configure_logs
from shared.settings import Settings


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    structlog.contextvars.clear_contextvars()
    yield
    root.handlers, root.level = handlers, level
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_service_writes_a_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_format="json"), "web")
    structlog.get_logger("web.somewhere").info("uploaded", bytes=17)
    (line,) = lines(capsys)
    assert line | {"timestamp": ""} == {
        "event": "uploaded",
        "bytes": 17,
        "level": "info",
        "logger": "web.somewhere",
        "service": "web",
        "timestamp": "",
    }
    assert str(line["timestamp"]).endswith("Z")


def test_auto_is_json_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_format="auto"), "web")
    structlog.get_logger().info("hello")
    assert lines(capsys)[0]["event"] == "hello"


def test_ids_that_are_bound_are_on_every_line_also_on_those_of_libraries(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs(Settings(log_format="json"), "cpu")
    structlog.contextvars.bind_contextvars(request_id="r1", job_id="j1", image_id=7, attempt=2)
    structlog.get_logger().info("ours")
    logging.getLogger("a.library").warning("%s of theirs", "one")
    ours, theirs = lines(capsys)
    assert theirs["event"] == "one of theirs"
    for line in (ours, theirs):
        assert (line["request_id"], line["job_id"], line["image_id"], line["attempt"]) == ("r1", "j1", 7, 2)
        assert line["service"] == "cpu"


def test_an_exception_is_written_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_format="json"), "web")
    error = ZeroDivisionError("by zero")
    structlog.get_logger().error("request_failed", exc_info=error)
    assert "ZeroDivisionError: by zero" in str(lines(capsys)[0]["exception"])


def test_lines_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_format="json", log_level="WARNING"), "web")
    structlog.get_logger().info("chatter")
    logging.getLogger("a.library").info("chatter")
    structlog.get_logger().warning("trouble")
    assert [line["event"] for line in lines(capsys)] == ["trouble"]


def test_text_is_a_plain_line_without_colour_codes(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_format="text"), "web")
    structlog.get_logger().info("uploaded", bytes=17)
    written = capsys.readouterr().err
    assert "uploaded" in written
    assert "bytes=17" in written
    assert "\x1b" not in written
    assert written.count("\n") == 1
