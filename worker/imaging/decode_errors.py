"""Errors of the decoder as errors of Vitrine."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared import errors
from worker.imaging.algorithms.decode import DecodeError
from worker.imaging.sandbox.parent import DecodeTimeout

BY_CODE = {
    kind.code: kind
    for kind in (errors.Unreadable, errors.TooManyPixels, errors.TooComplex, errors.BadDimensions)
}


@contextmanager
def translated_decode_errors() -> Iterator[None]:
    """Bad pictures raise BadInput, which ends a job as failed. A crash of the decoder passes: it may have been
    the machine's fault, so it is tried again until the attempts are spent."""
    try:
        yield
    except DecodeError as error:
        if error.missing_percent is not None:
            raise errors.Unreadable(
                f"{error.missing_percent} % of the picture is missing. Send it again, from the original file."
            ) from error
        raise BY_CODE.get(error.code, errors.Unreadable) from error
    except DecodeTimeout as error:
        raise errors.TooComplex from error
