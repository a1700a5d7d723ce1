"""How every process logs: one event a line, JSON for services and readable on a terminal.

What is bound with `structlog.contextvars` (request_id, job_id, image_id, attempt) is on every line until it is cleared;
lines of libraries that use the standard library's logging look the same.
"""

import logging
import sys
from typing import Final, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.settings import Settings

# Libraries that tell again what Vitrine's own lines tell, or every ten seconds that all is well.
QUIET: Final = {
    "celery.worker.strategy": logging.WARNING,
    "celery.app.trace": logging.WARNING,
    "celery.beat": logging.WARNING,
    "gunicorn.error": logging.WARNING,
    "alembic.runtime.plugins": logging.WARNING,
    "urllib3": logging.ERROR,
}


def configure_logs(settings: Settings, service: str) -> None:
    """Sends everything that is logged from now on to standard error. service: the name of this process, such as "web"."""

    def name_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    level = logging.getLevelNamesMapping()[settings.log_level]
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        name_service,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Vitrine's own lines are written as they are: by way of the standard library a line would cost three times as much.
    structlog.configure(
        processors=[*common, *_rendering(settings)],
        logger_factory=lambda *names: NamedLogger(sys.stderr, *names),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(settings)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)


class NamedLogger(structlog.WriteLogger):
    """Writes lines for the module of that name."""

    def __init__(self, file: TextIO, name: str | None = None) -> None:
        super().__init__(file)
        self.name = name


def _json(event: EventDict, **_options: object) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


def _rendering(settings: Settings) -> list[Processor]:
    terminal = sys.stderr.isatty()
    if settings.log_format == "json" or (settings.log_format == "auto" and not terminal):
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_json),
        ]
    # Rich tracebacks with every local variable would bury the line that they belong to.
    return [
        structlog.dev.ConsoleRenderer(
            colors=terminal, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
        )
    ]
