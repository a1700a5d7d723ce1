"""Which weights the network gets: an explicit file, the cache, torchvision's download, or those that are shipped.

Files are read as tensors only, never as pickled objects, and those of the chain only after a look at their hash.
"""

import hashlib
import os
import pickle
import re
import struct
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Final, Literal

import numpy as np
import safetensors
import safetensors.numpy
import structlog
from numpy.typing import NDArray

from shared.errors import BadSetting, VitrineError
from shared.settings import Settings, variable
from worker.embedding.algorithms.resnet_state import State, WrongState, checked_state
from worker.embedding.weights.download import MOST_BYTES, DownloadFailed, Report, download

log = structlog.get_logger(__name__)

Fetch = Callable[[str, Report], bytes]

# Named, not imported: they bring torch.
_READ_PTH: Final = "worker.embedding.weights.torch_files:read_pth"
_READ_SAFETENSORS: Final = "worker.embedding.weights.torch_files:read_safetensors"


def _log(sentence: str) -> None:
    log.info(sentence)


class BadWeightsFile(BadSetting):
    """A weights file that has to be used cannot be."""

    code = "bad_weights_file"


class WeightsUnavailable(VitrineError):
    """These weights are not available."""

    code = "weights_unavailable"


class UnreadableWeights(WeightsUnavailable):
    """The file does not hold the weights of a ResNet18."""

    code = "unreadable_weights"


@dataclass(frozen=True)
class Weights:
    """Values for a ResNet18 and where they are from.

    state: what `resnet.load_state` takes. sha256: of the file in hex.
    """

    model_id: str
    source: Literal["explicit", "cache", "download", "bundled"]
    description: str
    sha256: str
    state: State = field(repr=False)


@dataclass(frozen=True)
class OfficialFile:
    """A published file. Its name ends in the first digits of its SHA-256, as torchvision's do: name-0123abcd.pth."""

    url: str
    model_id: str
    description: str

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]

    def is_this(self, sha256: str) -> bool:
        """Whether a file of this hash is the one that was published."""
        digits = re.search(r"-([0-9a-f]{8,64})\.", self.name)
        return digits is not None and sha256.startswith(digits[1])


TORCHVISION: Final = OfficialFile(
    url="https://download.pytorch.org/models/resnet18-f37072fd.pth",
    model_id="resnet18/imagenet1k-v1",
    description="torchvision's ResNet18, trained on ImageNet (IMAGENET1K_V1)",
)


@dataclass(frozen=True)
class BundledFile:
    """A weights file that lies beside this module, and the SHA-256 (in hex) that it must have."""

    path: Path
    sha256: str
    model_id: str
    description: str


BUNDLED: Final = BundledFile(
    path=Path(__file__).with_name("vitrine-resnet18-v1.safetensors"),
    sha256="0975b9eb88d514738cd008e43b8c5888884a17419193a11faacbf89df419a642",
    model_id="resnet18/vitrine-1",
    description="Vitrine's own ResNet18, distilled on torchvision's trunk (no download needed)",
)


def load_weights(settings: Settings, report: Report = _log) -> Weights:
    """The weights that `settings` ask for. Raises BadWeightsFile as `resolve_weights` does."""
    return resolve_weights(
        settings.weights, settings.cache_dir, may_download=settings.weights_download, report=report
    )


def resolve_weights(
    explicit: Path | None,
    cache_dir: Path,
    *,
    may_download: bool = True,
    report: Report = _log,
    official: OfficialFile = TORCHVISION,
    fetch: Fetch = download,
    bundled: BundledFile = BUNDLED,
) -> Weights:
    """The first weights that are available: from `explicit`, the cache, a download, or the file that is shipped.

    A file that was named, or is shipped, is used or refused, never passed over: raises BadWeightsFile. `report` is told
    in sentences why each other step was passed over, and how far a download is.
    """
    if explicit is not None:
        return explicit_weights(explicit, official)
    cached = cache_dir / official.name
    steps: list[Callable[[], Weights]] = [partial(cached_weights, cached, official)]
    if may_download:
        steps.append(partial(downloaded_weights, official, cached, fetch, report))
    for step in steps:
        try:
            return step()
        except WeightsUnavailable as error:
            report(error.message)
    report(
        f"{bundled.description} is used. It is nearly as good as the official weights; to have those,"
        f" put {official.url} at {cached}, or name a weights file in {variable('weights')}."
    )
    return bundled_weights(bundled)


def explicit_weights(path: Path, official: OfficialFile = TORCHVISION) -> Weights:
    """The weights in the file that the user named. Raises BadWeightsFile."""
    try:
        data = _read(path)
        sha256 = hashlib.sha256(data).hexdigest()
        state = read_state(data, path.suffix)
    except WeightsUnavailable as error:
        raise BadWeightsFile(
            f"{variable('weights')} names {path}, which cannot be used: {error.message}"
        ) from error
    if official.is_this(sha256):
        return Weights(official.model_id, "explicit", official.description, sha256, state)
    return Weights(f"resnet18/{sha256[:12]}", "explicit", f"the weights file {path.name}", sha256, state)


def cached_weights(path: Path, official: OfficialFile) -> Weights:
    """The official weights from the cache. A file of another hash is removed. Raises WeightsUnavailable."""
    data = _read(path)
    sha256 = hashlib.sha256(data).hexdigest()
    if not official.is_this(sha256):
        _remove(path)
        raise WeightsUnavailable(f"{path} had been damaged (wrong SHA-256) and was removed.")
    return Weights(official.model_id, "cache", official.description, sha256, read_state(data, path.suffix))


def downloaded_weights(official: OfficialFile, cached: Path, fetch: Fetch, report: Report) -> Weights:
    """The official weights from their publisher, kept at `cached` for the next time. Raises WeightsUnavailable."""
    try:
        data = fetch(official.url, report)
    except DownloadFailed as error:
        raise WeightsUnavailable(error.message) from error
    sha256 = hashlib.sha256(data).hexdigest()
    if not official.is_this(sha256):
        raise WeightsUnavailable(f"What {official.url} answered with is not the file (wrong SHA-256).")
    state = read_state(data, cached.suffix)
    try:
        _write_whole(cached, data)
    except OSError as error:
        report(f"The weights could not be kept in the cache: {error}.")
    return Weights(official.model_id, "download", official.description, sha256, state)


def bundled_weights(bundled: BundledFile = BUNDLED) -> Weights:
    """The weights that are shipped. Raises BadWeightsFile for a file that is missing or not as it was shipped."""
    try:
        data = _read(bundled.path)
        sha256 = _checked_sha256(data, bundled)
        state = read_state(data, bundled.path.suffix)
    except WeightsUnavailable as error:
        raise BadWeightsFile(
            f"Vitrine's own weights, {bundled.path}, cannot be used: {error.message} Install Vitrine again."
        ) from error
    return Weights(bundled.model_id, "bundled", bundled.description, sha256, state)


def read_state(data: bytes, suffix: str) -> dict[str, NDArray[np.float32]]:
    """The values in a weights file of the given suffix (.pth, .pt or .safetensors). Raises UnreadableWeights."""
    try:
        if suffix == ".safetensors":
            state = _read_safetensors(data)
        elif suffix in {".pth", ".pt"}:
            state = resolve_name(_READ_PTH)(data)
        else:
            raise UnreadableWeights("Weights files end in .pth, .pt or .safetensors.")
    except _READ_ERRORS as error:
        raise UnreadableWeights("The file is damaged, or holds more than tensors.") from error
    if not isinstance(state, Mapping) or not all(isinstance(name, str) for name in state):
        raise UnreadableWeights("The file holds no table of weights.")
    try:
        return checked_state(state)
    except WrongState as error:
        raise UnreadableWeights(str(error)) from error


def _read_safetensors(data: bytes) -> Mapping[str, object]:
    try:
        return safetensors.numpy.load(data)
    except KeyError:  # a type that numpy lacks: bfloat16
        state: Mapping[str, object] = resolve_name(_READ_SAFETENSORS)(data)
        return state


def _checked_sha256(data: bytes, bundled: BundledFile) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != bundled.sha256:
        raise WeightsUnavailable("It is not the file that was shipped (wrong SHA-256).")
    return sha256


# What torch's and safetensors' readers raise on files that are not theirs.
_READ_ERRORS: Final = (
    pickle.UnpicklingError,
    safetensors.SafetensorError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableWeights(f"{path} is too large for a ResNet18.")
        return path.read_bytes()
    except FileNotFoundError:
        raise WeightsUnavailable(f"There is no {path}.") from None
    except OSError as error:
        raise WeightsUnavailable(f"{path} cannot be read: {error.strerror}.") from error


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise WeightsUnavailable(
            f"{path} is damaged (wrong SHA-256) and cannot be removed: {error}."
        ) from error


def _write_whole(path: Path, data: bytes) -> None:
    """All of `data` at `path`, or nothing: readers never see a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
