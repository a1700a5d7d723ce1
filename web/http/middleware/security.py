"""Who may ask for what: host names, requests of other sites, API keys, and the headers that bind a browser."""

import base64
import hashlib
import hmac
import ipaddress
import secrets
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, request
from werkzeug.sansio.utils import host_is_trusted

from shared.errors import BadHost, CrossSite, Unauthorized
from shared.settings import Settings
from web.services import current_services

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Asked by address rather than by name, by who looks after the process.
_ANY_HOST: Final = frozenset({"/livez", "/readyz"})
# Stands in every page itself: where any style sheet comes before it, Chromium takes transitions for switched off. Let in
# by its hash and not by a nonce, since a page that a script reads (DOMParser) is held to the policy of the page it is on.
TRANSITIONS: Final = "@view-transition { navigation: auto; }"
_TRANSITIONS_HASH: Final = base64.b64encode(hashlib.sha256(TRANSITIONS.encode()).digest()).decode()
# No view sets them itself.
_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def register(app: Flask) -> None:
    """Has every request checked before anything of it is read, and every answer headed."""
    app.before_request(_check)
    app.after_request(_add_headers)
    app.context_processor(lambda: {"csp_nonce": csp_nonce(), "transitions": TRANSITIONS})


def _check() -> None:
    settings = current_services().settings
    if request.path not in _ANY_HOST:
        _check_host(settings)
    if request.method in _READS:
        return
    if settings.api_keys and has_api_key(request, settings):
        # A key is not something that a browser adds by itself, so other sites cannot make it act.
        return
    if _is_cross_site(request):
        raise CrossSite
    if settings.api_keys:
        raise Unauthorized


def _check_host(settings: Settings) -> None:
    if not host_is_trusted(
        request.headers.get("Host", "").lower(), [host.lower() for host in settings.hosts]
    ):
        raise BadHost


def _is_cross_site(incoming: Request) -> bool:
    """Whether a browser sent this for a page of another site. Programs send neither header."""
    site = incoming.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = incoming.headers.get("Origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != incoming.headers.get("Host", "").lower()
    except ValueError:
        return True


def api_key(incoming: Request) -> str | None:
    """The key that the request has, right or wrong."""
    scheme, _, key = incoming.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def has_api_key(incoming: Request, settings: Settings) -> bool:
    """Whether the request has one of the keys that were set. The time it takes tells nothing about them."""
    given = (api_key(incoming) or "").encode()
    matches = [hmac.compare_digest(given, key.encode()) for key in settings.api_keys]
    return any(matches)


def check_may_see_originals() -> None:
    """Raises Unauthorized unless the request has a key or, where no keys are set, comes from this machine itself."""
    settings = current_services().settings
    if settings.api_keys:
        if not has_api_key(request, settings):
            raise Unauthorized
    elif not _is_from_this_machine(request):
        raise Unauthorized("Originals are given out on this machine only, or to holders of an API key.")


def _is_from_this_machine(incoming: Request) -> bool:
    # A proxy on this machine speaks for others, and says so.
    if any(header in incoming.headers for header in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(incoming.remote_addr or "").is_loopback
    except ValueError:
        return False


def csp_nonce() -> str:
    """The word that this answer's own scripts and styles carry."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.extend(_ALWAYS)
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", _page_policy(csp_nonce()))
        headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        # The nonce is good for one answer.
        headers.setdefault("Cache-Control", "private, no-cache")
    else:
        headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    return response


def _page_policy(nonce: str) -> str:
    return "; ".join(
        (
            "default-src 'self'",
            "img-src 'self' data: blob:",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}' 'sha256-{_TRANSITIONS_HASH}'",
            # The colours of a palette stand in style attributes, which cannot have a nonce.
            "style-src-attr 'unsafe-inline'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
