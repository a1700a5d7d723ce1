"""Reads infra/docker-compose.yml and infra/Dockerfile as data."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
COMPOSE_FILE: Final = ROOT / "infra" / "docker-compose.yml"
DOCKERFILE: Final = ROOT / "infra" / "Dockerfile"
EXAMPLE: Final = ROOT / "infra" / ".env.example"

# What anyone who deploys must say; the values are as good as any.
DUMMY_ENVIRON: Final = {
    "COMPOSE_PROFILES": "cpu",
    "POSTGRES_PASSWORD": "postgres-dummy",
    "VALKEY_PASSWORD": "valkey-dummy",
    "S3_ACCESS_KEY": "access-dummy",
    "S3_SECRET_KEY": "secret-dummy",
}
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Variable:
    """A place where the file takes something from the environment: `${name}`, `${name:-value}`, `${name:?value}`."""

    name: str
    operator: str
    value: str


@dataclass(frozen=True)
class Service:
    """One service, with its variables filled in from DUMMY_ENVIRON."""

    name: str
    fields: Mapping[str, Any]

    @property
    def command(self) -> list[str]:
        return list(self.fields.get("command", []))

    @property
    def environment(self) -> dict[str, str]:
        return dict(self.fields.get("environment", {}))

    @property
    def profiles(self) -> set[str]:
        return set(self.fields.get("profiles", []))

    @property
    def is_one_shot(self) -> bool:
        return self.fields.get("restart") == "no"

    @property
    def is_ours(self) -> bool:
        return "build" in self.fields

    @property
    def queues(self) -> set[str]:
        """The queues that it consumes: none unless it is a Celery worker."""
        if "--queues" not in self.command:
            return set()
        return set(self.command[self.command.index("--queues") + 1].split(","))

    @property
    def stop_seconds(self) -> int:
        return seconds(self.fields["stop_grace_period"])


class ComposeFile:
    """The deployment on one host."""

    def __init__(self, path: Path = COMPOSE_FILE) -> None:
        self.text = path.read_text()

    @property
    def variables(self) -> Iterator[Variable]:
        """What the file takes from the environment, wherever it does."""
        for match in _VARIABLE.finditer(self.text):
            yield Variable(match["name"], match["operator"] or "", match["value"] or "")

    @cached_property
    def document(self) -> dict[str, Any]:
        document = yaml.safe_load(interpolated(self.text, DUMMY_ENVIRON))
        assert isinstance(document, dict)
        return document

    @cached_property
    def services(self) -> dict[str, Service]:
        return {name: Service(name, fields) for name, fields in self.document["services"].items()}


_VARIABLE: Final = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?:(?P<operator>:[-?])(?P<value>[^}]*))?\}")


def interpolated(text: str, environ: Mapping[str, str]) -> str:
    """The text as Compose reads it. Raises KeyError for a variable that must be set and is not."""

    def fill(match: re.Match[str]) -> str:
        if found := environ.get(match["name"]):
            return found
        if match["operator"] == ":?":
            raise KeyError(match["name"])
        return match["value"] or ""

    return _VARIABLE.sub(fill, text).replace("$$", "$")


def seconds(duration: str) -> int:
    """A duration of Compose, such as `1m30s`, in seconds."""
    parts = re.findall(r"(\d+)([smh])", duration)
    assert "".join(number + unit for number, unit in parts) == duration, duration
    return sum(int(number) * _UNITS[unit] for number, unit in parts)
