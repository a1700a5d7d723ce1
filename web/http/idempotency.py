"""Idempotency-Key: the same request again gets the first answer again."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import msgspec
from flask import Request

from shared.db.queries import idempotency
from shared.db.queries.idempotency import KeptAnswer
from shared.errors import BadParameter
from web.http.documents import Document
from web.http.middleware.security import api_key
from web.services import Services

D = TypeVar("D", bound=Document)

HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Answered(Generic[D]):
    """A status of HTTP and the document that comes with it."""

    status: int
    document: D


def answer_once(
    services: Services,
    request: Request,
    content: Mapping[str, Any],
    make: Callable[[], Answered[D]],
    kind: type[D],
) -> Answered[D]:
    """The answer that `make` gives, or gave to the first request with this key. Without a key, simply the former.

    content: what the request says, apart from how it was packed. kind: of the document. Only an answer is kept, never
    an error. Raises KeyReused and KeyInUse (see claim_key).
    """
    key = _scoped_key(request)
    if key is None:
        return make()
    with services.unit_of_work.begin() as transaction:
        kept = idempotency.claim_key(transaction.connection, key, _fingerprint(request, content))
    if kept is not None:
        return Answered(kept.status, msgspec.convert(kept.body, kind))
    answered = False
    try:
        answer = make()
        with services.unit_of_work.begin() as transaction:
            kept = KeptAnswer(answer.status, msgspec.to_builtins(answer.document))
            idempotency.keep_answer(transaction.connection, key, kept)
        answered = True
    finally:
        if not answered:
            with services.unit_of_work.begin() as transaction:
                idempotency.release_key(transaction.connection, key)
    return answer


def _scoped_key(request: Request) -> str | None:
    """The key together with who sent it: two clients may choose the same one."""
    given = request.headers.get(HEADER)
    if given is None:
        return None
    if not _KEY.fullmatch(given):
        raise BadParameter(HEADER, f"{HEADER} must be 1 to 200 visible ASCII characters.")
    sender = hashlib.sha256((api_key(request) or "").encode()).hexdigest()[:16]
    return f"{sender}:{given}"


def _fingerprint(request: Request, content: Mapping[str, Any]) -> str:
    whole = json.dumps([request.method, request.path, content], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()
