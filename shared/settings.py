"""Settings: read once from VITRINE_* variables, frozen, refused early with the name of the variable at fault.

`docs/operations.md` lists every variable in one table; a test holds that table against this file.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, TypeVar

from shared.errors import BadSetting
from shared.limits import DEFAULT_MEGAPIXELS, MOST_MEGAPIXELS
from shared.service_addresses import (
    broker_url,
    database_url,
    host_names,
    path_prefix,
    s3_endpoint,
    split_endpoint,
)

T = TypeVar("T")

PREFIX: Final = "VITRINE_"
NONE: Final[tuple[str, ...]] = ()


def _text(raw: str) -> str:
    return raw


def _path(raw: str) -> Path:
    try:
        return Path(raw).expanduser()
    except RuntimeError:
        raise ValueError("must begin with ~/ or with the ~ and name of a user of this machine") from None


def _flag(raw: str) -> bool:
    if raw.lower() not in {"1", "0", "true", "false", "yes", "no"}:
        raise ValueError("must be true or false")
    return raw.lower() in {"1", "true", "yes"}


def _words(raw: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in raw.split(",") if word.strip())


def _keys(raw: str) -> tuple[str, ...]:
    keys = _words(raw)
    if not keys:
        # Commas alone would leave everything open to all.
        raise ValueError("must hold at least one key")
    return keys


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(raw: str) -> int:
        if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(raw)

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if raw not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return raw

    return parse


def _setting(parse: Callable[[str], T], default: T, meaning: str, *, secret: bool = False) -> Any:
    """secret: the value is never shown."""
    return field(default=default, metadata={"parse": parse, "meaning": meaning, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may differ between two installations.

    The defaults suit a developer's machine. Nothing else in Vitrine reads the environment.
    """

    database_url: str = _setting(
        database_url,
        "postgresql+psycopg2://vitrine@127.0.0.1:5432/vitrine",
        "PostgreSQL with pgvector: `postgresql://name:password@host:port/database`",
        secret=True,
    )
    database_pool: int = _setting(_whole(1, 100), 8, "connections that one process keeps open at most")
    broker_url: str = _setting(
        broker_url,
        "redis://127.0.0.1:6379/0",
        "Redis or Valkey that carries the Celery messages",
        secret=True,
    )

    storage: str = _setting(_one_of("directory", "s3"), "directory", "where photos are kept")
    storage_dir: Path = _setting(_path, Path("var/blobs"), "folder of the directory store")
    s3_endpoint: str = _setting(
        s3_endpoint, "", "host:port of the S3 service; with `http://` before it, without TLS", secret=True
    )
    s3_access_key: str = _setting(_text, "", "S3 access key", secret=True)
    s3_secret_key: str = _setting(_text, "", "S3 secret key", secret=True)
    s3_bucket: str = _setting(_text, "vitrine", "S3 bucket; made when it is missing")
    s3_region: str = _setting(_text, "us-east-1", "S3 region")
    s3_secure: bool = _setting(_flag, True, "whether S3 is spoken over TLS")

    weights: Path | None = _setting(
        _path, None, "ResNet18 weights (.pth or .safetensors) to use instead of torchvision's"
    )
    weights_download: bool = _setting(_flag, True, "whether torchvision's weights may be downloaded")
    cache_dir: Path = _setting(_path, Path("var/cache"), "folder for downloaded weights and compiled code")
    device: str = _setting(_one_of("auto", "cpu", "cuda", "mps"), "auto", "where embeddings are computed")
    engine: str = _setting(
        _one_of("auto", "torch", "torch-bf16", "openvino", "openvino-bf16", "openvino-int8"),
        "auto",
        "what computes embeddings, and in which precision",
    )
    embed_batch: int = _setting(_whole(1, 1024), 32, "photos in one forward pass")
    torch_threads: int = _setting(
        _whole(0, 256), 0, "compute threads of an embedding worker; 0: as many as suit the machine"
    )

    full_run_hour: int = _setting(_whole(0, 23), 3, "hour (UTC) of the nightly full index run")
    index_debounce_seconds: int = _setting(
        _whole(0, 3600), 10, "quiet time before new embeddings are indexed"
    )
    index_max_wait_seconds: int = _setting(
        _whole(1, 3600), 45, "longest that a new embedding waits to be indexed"
    )
    index_tile_rows: int = _setting(
        _whole(64, 1_000_000), 32_768, "images of one part of a full index run; a tile compares two"
    )

    max_megapixels: int = _setting(
        _whole(1, MOST_MEGAPIXELS),
        DEFAULT_MEGAPIXELS,
        "megapixels of a JPEG, which is shrunk while it is read; other photos have at most 50",
    )
    zip_megabytes: int = _setting(
        _whole(1, 1024), 200, "MiB that a zip of photos to train from may have: a thousand scaled to 2048 px"
    )

    lease_seconds: int = _setting(_whole(2, 3600), 60, "how long a worker holds a job without a heartbeat")
    sweep_seconds: int = _setting(_whole(1, 600), 10, "time between two runs of the sweeper")
    resend_seconds: int = _setting(
        _whole(1, 3600), 30, "age at which the message of a waiting job may be sent again"
    )

    hosts: tuple[str, ...] = _setting(
        host_names, NONE, "host names the site answers to (comma-separated); empty: any"
    )
    prefix: str = _setting(
        path_prefix, "", "path under which a proxy serves the site, such as `/photos`; empty: all of the host"
    )
    api_keys: tuple[str, ...] = _setting(
        _keys, NONE, "keys that writes need (comma-separated); empty: open", secret=True
    )
    log_format: str = _setting(
        _one_of("auto", "json", "text"),
        "auto",
        "json for services, text for people; auto looks at the terminal",
    )
    log_level: str = _setting(
        _one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "least level that is logged"
    )

    def __post_init__(self) -> None:
        if self.storage == "s3":
            for name in ("s3_endpoint", "s3_access_key", "s3_secret_key"):
                if not getattr(self, name):
                    raise BadSetting(f"{variable(name)} is needed when {variable('storage')} is s3.")
        if self.index_max_wait_seconds < self.index_debounce_seconds:
            raise BadSetting(
                f"{variable('index_max_wait_seconds')} must not be less than {variable('index_debounce_seconds')}."
            )


def variable(name: str) -> str:
    """The environment variable of a field of `Settings`."""
    return PREFIX + name.upper()


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment (or the given mapping).

    An empty variable counts as not set. Raises BadSetting naming the variable: for a value that cannot be used, and
    for a VITRINE_ variable that means nothing here, since a misspelt one would be ignored in silence.
    """
    environ = os.environ if environ is None else environ
    known = {variable(f.name): f for f in fields(Settings)}
    unknown = sorted(
        name for name in environ if name.startswith(PREFIX) and name not in known.keys() | ELSEWHERE
    )
    if unknown:
        raise BadSetting(f"{unknown[0]} is not a setting of Vitrine.")
    values = {}
    for name, setting in known.items():
        raw = environ.get(name, "")
        if not raw:
            continue
        try:
            values[setting.name] = setting.metadata["parse"](raw)
        except ValueError as error:
            seen = "" if setting.metadata["secret"] else f"; it is {raw!r}"
            raise BadSetting(f"{name} {error}{seen}.") from None
    return Settings(**_with_plain_endpoint(values))


def _with_plain_endpoint(values: dict[str, Any]) -> dict[str, Any]:
    """The values with S3's endpoint as its client wants it: without a scheme, which says whether TLS is spoken."""
    place, secure = split_endpoint(values.get("s3_endpoint", ""))
    if secure is None:
        return values
    if values.get("s3_secure", secure) is not secure:
        endpoint, tls = variable("s3_endpoint"), variable("s3_secure")
        raise BadSetting(f"{endpoint} and {tls} say different things about TLS. Leave {tls} out.")
    return {**values, "s3_endpoint": place, "s3_secure": secure}


@contextmanager
def refusing_in_words() -> Iterator[None]:
    """Around the start of a process: a setting that cannot be used ends it with a sentence instead of a traceback."""
    try:
        yield
    except BadSetting as error:
        sys.exit(f"Vitrine cannot start. {error.message}")


# Read by `make run` alone (infra/local/) and by the tests, not by the service.
ELSEWHERE: Final = frozenset({"VITRINE_PORT", "VITRINE_DATA", "VITRINE_TEST_DATA"})
