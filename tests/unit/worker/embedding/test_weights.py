"""Where the weights come from: every step of the chain, with real files and a real server on loopback."""

import hashlib
import os
import pickle
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor

from tests.support.file_server import FileServer, file_server
from tools.train_weights.untrained import untrained_resnet18
from worker.embedding.algorithms.resnet import OFFICIAL_WEIGHTS
from worker.embedding.algorithms.resnet_state import State
from worker.embedding.weights import (
    BUNDLED,
    TORCHVISION,
    BadWeightsFile,
    OfficialFile,
    read_state,
    resolve_weights,
)

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    return {name: value.half() for name, value in untrained_resnet18(7).state_dict().items()}


@pytest.fixture(scope="module")
def published(state: dict[str, Tensor]) -> bytes:
    """A weights file as a publisher makes it."""
    file = BytesIO()
    torch.save(state, file)
    return file.getvalue()


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as server:
        yield server


@pytest.fixture
def official(server: FileServer, published: bytes) -> OfficialFile:
    """The file on the server, under a name that has its hash."""
    name = f"small-{hashlib.sha256(published).hexdigest()[:8]}.pth"
    server.files[name] = published
    return OfficialFile(server.url + name, "resnet18/official", "the official one")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def quiet(_: str) -> None:
    """Nobody wants to know."""


def assert_same_values(found: State, expected: dict[str, Tensor]) -> None:
    assert found
    for name, value in found.items():
        assert value.dtype == np.float32
        assert np.array_equal(value, expected[name].float().numpy()), name


def test_torchvisions_file_is_known_by_the_hash_in_its_name() -> None:
    assert TORCHVISION.url == OFFICIAL_WEIGHTS.url
    assert TORCHVISION.name == "resnet18-f37072fd.pth"
    assert TORCHVISION.is_this("f37072fd" + "0" * 56)
    assert not TORCHVISION.is_this("f37072fe" + "0" * 56)


def test_a_file_whose_name_bears_no_hash_is_never_trusted() -> None:
    assert not OfficialFile("http://127.0.0.1/weights.pth", "m", "d").is_this("0" * 64)


def test_without_a_cache_the_weights_are_downloaded_and_kept(
    official: OfficialFile, cache: Path, published: bytes, state: dict[str, Tensor]
) -> None:
    reports: list[str] = []
    weights = resolve_weights(None, cache, official=official, report=reports.append)
    assert (weights.model_id, weights.source) == ("resnet18/official", "download")
    assert weights.sha256 == hashlib.sha256(published).hexdigest()
    assert_same_values(weights.state, state)
    assert [path.name for path in cache.iterdir()] == [official.name]
    assert (cache / official.name).read_bytes() == published
    assert any("100 %" in line for line in reports)


def test_the_second_time_nothing_is_downloaded(
    official: OfficialFile, cache: Path, server: FileServer, state: dict[str, Tensor]
) -> None:
    resolve_weights(None, cache, official=official)
    weights = resolve_weights(None, cache, official=official)
    assert (weights.model_id, weights.source) == ("resnet18/official", "cache")
    assert_same_values(weights.state, state)
    assert len(server.requests) == 1


def test_a_damaged_cache_is_removed_and_filled_again(
    official: OfficialFile, cache: Path, published: bytes
) -> None:
    cache.mkdir()
    (cache / official.name).write_bytes(published[:-1])
    reports: list[str] = []
    weights = resolve_weights(None, cache, official=official, report=reports.append)
    assert weights.source == "download"
    assert (cache / official.name).read_bytes() == published
    assert "wrong SHA-256" in reports[0]


def test_a_damaged_cache_is_removed_even_when_nothing_can_replace_it(
    official: OfficialFile, cache: Path
) -> None:
    cache.mkdir()
    (cache / official.name).write_bytes(b"")
    weights = resolve_weights(None, cache, official=official, may_download=False)
    assert weights.source == "bundled"
    assert list(cache.iterdir()) == []


def test_a_download_of_another_hash_is_refused_and_not_kept(
    official: OfficialFile, cache: Path, server: FileServer, published: bytes
) -> None:
    server.files[official.name] = published + b"x"
    reports: list[str] = []
    weights = resolve_weights(None, cache, official=official, report=reports.append)
    assert weights.source == "bundled"
    assert not cache.exists()
    assert any("is not the file (wrong SHA-256)" in line for line in reports)


def test_an_interrupted_download_leaves_nothing_behind(
    official: OfficialFile, cache: Path, server: FileServer
) -> None:
    server.breaks_off_after = 5_000_000
    reports: list[str] = []
    weights = resolve_weights(None, cache, official=official, report=reports.append)
    assert weights.source == "bundled"
    assert not cache.exists()
    assert any("broke off" in line for line in reports)


def test_a_published_file_that_is_no_resnet18_is_passed_over(server: FileServer, cache: Path) -> None:
    file = safetensors.torch.save({"weight": torch.zeros(3)})
    name = f"other-{hashlib.sha256(file).hexdigest()[:8]}.safetensors"
    server.files[name] = file
    reports: list[str] = []
    weights = resolve_weights(
        None, cache, official=OfficialFile(server.url + name, "m", "d"), report=reports.append
    )
    assert weights.source == "bundled"
    assert any("not a ResNet18" in line for line in reports)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_cannot_be_written_does_not_stop_the_download(
    official: OfficialFile, cache: Path
) -> None:
    cache.mkdir(mode=0o500)
    reports: list[str] = []
    assert resolve_weights(None, cache, official=official, report=reports.append).source == "download"
    assert any("could not be kept" in line for line in reports)


def test_a_cache_that_is_a_file_does_not_stop_the_download(official: OfficialFile, cache: Path) -> None:
    cache.write_bytes(b"")
    reports: list[str] = []
    assert resolve_weights(None, cache, official=official, report=reports.append).source == "download"
    assert any("could not be kept" in line for line in reports)


def test_when_downloads_are_off_nobody_is_asked(
    official: OfficialFile, cache: Path, server: FileServer
) -> None:
    reports: list[str] = []
    weights = resolve_weights(None, cache, official=official, may_download=False, report=reports.append)
    assert (weights.model_id, weights.source, weights.sha256) == (
        "resnet18/vitrine-1",
        "bundled",
        BUNDLED.sha256,
    )
    assert server.requests == []
    assert "is used" in reports[-1]
    assert official.url in reports[-1]


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
def test_an_explicit_file_goes_before_everything_else(
    tmp_path: Path, official: OfficialFile, server: FileServer, state: dict[str, Tensor], suffix: str
) -> None:
    path = tmp_path / f"mine{suffix}"
    if suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(state | {"fc.weight": torch.zeros(2, 512)}, path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    weights = resolve_weights(path, tmp_path, official=official)
    assert (weights.model_id, weights.source, weights.sha256) == (
        f"resnet18/{sha256[:12]}",
        "explicit",
        sha256,
    )
    assert weights.description == f"the weights file mine{suffix}"
    assert_same_values(weights.state, state)
    assert server.requests == []


def test_an_explicit_copy_of_the_official_file_bears_the_official_name(
    tmp_path: Path, official: OfficialFile, published: bytes
) -> None:
    path = tmp_path / "renamed.pth"
    path.write_bytes(published)
    weights = resolve_weights(path, tmp_path, official=official)
    assert (weights.model_id, weights.source) == ("resnet18/official", "explicit")


def test_an_explicit_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        BadWeightsFile, match=r"VITRINE_WEIGHTS names .*gone\.pth, which cannot be used: There is no"
    ):
        resolve_weights(tmp_path / "gone.pth", tmp_path)


def test_an_explicit_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadWeightsFile, match="cannot be read: Is a directory"):
        resolve_weights(tmp_path, tmp_path)


def test_an_explicit_file_of_another_kind_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "weights.onnx"
    path.write_bytes(b"x")
    with pytest.raises(BadWeightsFile, match=r"end in \.pth, \.pt or \.safetensors"):
        resolve_weights(path, tmp_path)


def test_an_explicit_file_far_too_large_is_an_error_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(BadWeightsFile, match="too large for a ResNet18"):
        resolve_weights(path, tmp_path)


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
@pytest.mark.parametrize(
    "data", [b"", b"not weights", b"PK\x03\x04" + bytes(100), bytes(100), b"\x80\x02." * 9]
)
def test_an_explicit_file_of_rubbish_is_an_error(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(data)
    with pytest.raises(BadWeightsFile, match=r"damaged|no table of weights"):
        resolve_weights(path, tmp_path)


def test_half_a_file_is_an_error(tmp_path: Path, published: bytes) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(published[: len(published) // 2])
    with pytest.raises(BadWeightsFile, match="damaged"):
        resolve_weights(path, tmp_path)


def test_weights_of_another_network_are_an_error_that_names_the_keys(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file({"stem.weight": torch.zeros(3)}, path)
    with pytest.raises(BadWeightsFile, match=r"missing: conv1\.weight, .* more; unexpected: stem\.weight\."):
        resolve_weights(path, tmp_path)


@pytest.mark.parametrize("legacy", [True, False])
def test_a_file_with_objects_in_it_is_refused_and_runs_nothing(tmp_path: Path, legacy: bool) -> None:
    path = tmp_path / "weights.pth"
    marker = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (marker,)  # type: ignore[return-value]

    torch.save({"conv1.weight": Trap()}, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(BadWeightsFile, match="damaged, or holds more than tensors"):
        resolve_weights(path, tmp_path)
    assert not marker.exists()


def test_a_plain_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(pickle.dumps({"conv1.weight": Path}, protocol=2))
    with pytest.raises(BadWeightsFile, match="damaged, or holds more than tensors"):
        resolve_weights(path, tmp_path)


def test_the_older_format_of_torch_is_read(state: dict[str, Tensor]) -> None:
    file = BytesIO()
    torch.save(state, file, _use_new_zipfile_serialization=False)
    assert_same_values(read_state(file.getvalue(), ".pth"), state)
