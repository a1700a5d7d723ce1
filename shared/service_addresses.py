"""Addresses of the services that Vitrine needs, as people write them in its settings.

Checked before anything starts: a client that is given a misspelt one fails later, in words of its own, or takes a part of
the password for a port. What is raised is a ValueError that begins with "must" and never shows a password.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_PLACE: Final = re.compile(r"(?P<host>[\w.,-]*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[^:]*))?")
# Of an address that was meant to begin with http:// or https://.
_HALF_A_SCHEME: Final = re.compile(r"https?(?::?/|:(?![0-9]))|/", re.IGNORECASE)
_PREFIX: Final = re.compile(r"(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._~-]+)+")
# What would end the password, or the whole address, too early.
_ESCAPES: Final = {"#": "%23", "/": "%2F", "?": "%3F", "@": "%40", "[": "%5B", "]": "%5D"}

_POSTGRES: Final = {
    "postgresql": "postgresql+psycopg2",
    "postgres": "postgresql+psycopg2",
    "postgresql+psycopg2": "postgresql+psycopg2",
}
_REDIS: Final = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
_REDIS_SOCKET: Final = "redis+socket://"


def database_url(raw: str) -> str:
    """An address of PostgreSQL as SQLAlchemy reads it, with the driver that Vitrine has."""
    text, url = _split(raw, _POSTGRES, "postgresql://vitrine:password@127.0.0.1:5432/vitrine", several=True)
    name = url.path.removeprefix("/")
    if not name or "/" in name:
        raise ValueError("must end with the name of a database, as in postgresql://127.0.0.1:5432/vitrine")
    return text


def broker_url(raw: str) -> str:
    """An address of Redis or Valkey as Celery reads it; or several, with `;` between them, for when one is away."""
    return ";".join(_one_broker(each) for each in _unquoted(raw).split(";"))


def _one_broker(raw: str) -> str:
    if raw.startswith(_REDIS_SOCKET):
        if not raw.removeprefix(_REDIS_SOCKET).startswith("/"):
            raise ValueError("must name the socket by its whole path, as in redis+socket:///run/valkey.sock")
        return raw
    text, url = _split(raw, _REDIS, "redis://:password@127.0.0.1:6379/0")
    number = url.path.removeprefix("/")
    if number and not (number.isascii() and number.isdigit()):
        raise ValueError("must end with the number of a database, as in redis://127.0.0.1:6379/0")
    return text


def s3_endpoint(raw: str) -> str:
    """`host` or `host:port`, with `http://` or `https://` before it where that was written (see `split_endpoint`)."""
    text = _unquoted(raw)
    scheme, found, rest = text.partition("://") if "://" in text else ("", "", text)
    scheme = scheme.lower()
    if (found and scheme not in {"http", "https"}) or _HALF_A_SCHEME.match(rest):
        raise ValueError("must be host:port, or begin with http:// or https://")
    place = rest.removesuffix("/")
    if "@" in place:
        raise ValueError("must hold no keys: those go into VITRINE_S3_ACCESS_KEY and VITRINE_S3_SECRET_KEY")
    if re.search("[/?#]", place):
        raise ValueError("must hold no path: the name of a bucket goes into VITRINE_S3_BUCKET")
    _check_place(place, needed=True)
    return f"{scheme}{found}{place}"


def split_endpoint(endpoint: str) -> tuple[str, bool | None]:
    """The place that an endpoint names, and whether TLS is spoken there, where it says so."""
    scheme, found, place = endpoint.partition("://")
    return (place, scheme == "https") if found else (endpoint, None)


def host_names(raw: str) -> tuple[str, ...]:
    """Names of hosts, separated by commas; one with a leading point stands for all below it as well."""
    names = tuple(name.strip() for name in raw.split(",") if name.strip())
    for name in names:
        if "*" in name:
            raise ValueError(
                "must be without *: .example.org stands for all below example.org, an empty one for any"
            )
        try:
            _check_place(name, needed=True)
        except ValueError as error:
            raise ValueError("must hold names of hosts alone, as in example.org,localhost") from error
    return names


def path_prefix(raw: str) -> str:
    """The path under which a proxy serves the site, without a slash at its end; `/` alone is none."""
    prefix = raw.strip().rstrip("/")
    if prefix and not _PREFIX.fullmatch(prefix):
        raise ValueError("must be a path such as /photos, of letters, digits and -._~")
    return prefix


def _unquoted(raw: str) -> str:
    text = raw.strip()
    if text.startswith(("'", '"')) or text.endswith(("'", '"')):
        raise ValueError("must stand without quotes around it")
    return text


def _split(
    raw: str, schemes: Mapping[str, str], example: str, *, several: bool = False
) -> tuple[str, SplitResult]:
    """The address, under the scheme that its own stands for, as a whole and in parts. several: it may name several hosts."""
    text = _unquoted(raw)
    scheme, found, rest = text.partition("://")
    if not found or not _SCHEME.fullmatch(scheme):
        raise ValueError(f"must be an address such as {example}")
    if scheme.lower() not in schemes:
        raise ValueError(f"must be an address such as {example}; it begins with {scheme}://")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    _check_escapes(authority, rest[len(authority) :])
    place = authority.rpartition("@")[2]
    try:
        _check_place(place, several=several)
    except _BadPort as error:
        raise ValueError(
            f"{error}; where they are part of a password, / is written as %2F, ? as %3F and # as %23"
        ) from None
    text = f"{schemes[scheme.lower()]}://{rest}"
    return text, urlsplit(text)


def _check_escapes(authority: str, behind: str) -> None:
    """Whether the password ends where it should. authority: up to the first of / ? #, and what is behind that."""
    path, _, options = behind.partition("?")
    if re.search(r"\s", authority + behind):
        raise ValueError("must be without blanks; where one is part of a password, write %20")
    if "#" in behind:
        early = "#"
    elif "@" in path or ("@" in options and "=" not in options.partition("@")[0]):
        early = behind[0]
    else:
        login = authority.rpartition("@")[0]
        early = next((char for char in "@[]" if char in login), "")
    if early:
        raise ValueError(f"must have {early} written as {_ESCAPES[early]} where it is part of a password")


class _BadPort(ValueError):
    pass


def _check_place(place: str, *, needed: bool = False, several: bool = False) -> None:
    """needed: a host has to be named. several: hosts may be, with commas between them."""
    found = _PLACE.fullmatch(place)
    if not found or (needed and not found["host"]):
        raise ValueError("must name its host as in example.org or 127.0.0.1:5432")
    if "," in found["host"] and not several:
        raise ValueError("must name one host, without a comma")
    port = found["port"]
    if port is not None and not (port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= 65535):
        raise _BadPort("must have a port from 1 to 65535 behind its host")
