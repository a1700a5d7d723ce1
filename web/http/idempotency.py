"""Idempotency-Key: the same request again gets the first answer again."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Request

from shared.db.queries import idempotency
from shared.db.queries.idempotency import KeptAnswer
from shared.errors import BadParameter
from web.http.security import api_key
from web.services import Services

HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


def answer_once(
    services: Services, asked: Request, said: Mapping[str, Any], make: Callable[[], KeptAnswer]
) -> KeptAnswer:
    """The answer that `make` gives, or gave to the first request with this key. Without a key, simply the former.

    said: what the request says, apart from how it was packed. Only an answer is kept, never an error. Raises
    KeyReused and KeyInUse (see claim_key).
    """
    key = _scoped_key(asked)
    if key is None:
        return make()
    with services.unit_of_work.begin() as transaction:
        kept = idempotency.claim_key(transaction.connection, key, _fingerprint(asked, said))
    if kept is not None:
        return kept
    answered = False
    try:
        answer = make()
        with services.unit_of_work.begin() as transaction:
            idempotency.keep_answer(transaction.connection, key, answer)
        answered = True
    finally:
        if not answered:
            with services.unit_of_work.begin() as transaction:
                idempotency.release_key(transaction.connection, key)
    return answer


def _scoped_key(asked: Request) -> str | None:
    """The key together with who sent it: two clients may hit upon the same one."""
    given = asked.headers.get(HEADER)
    if given is None:
        return None
    if not _KEY.fullmatch(given):
        raise BadParameter(HEADER, f"{HEADER} must be 1 to 200 visible ASCII characters.")
    sender = hashlib.sha256((api_key(asked) or "").encode()).hexdigest()[:16]
    return f"{sender}:{given}"


def _fingerprint(asked: Request, said: Mapping[str, Any]) -> str:
    request = json.dumps([asked.method, asked.path, said], sort_keys=True)
    return hashlib.sha256(request.encode()).hexdigest()
