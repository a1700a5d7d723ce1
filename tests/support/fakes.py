"""Stand-ins at protocols, for tests of what stands behind them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from shared.db.unit_of_work import Message
from shared.errors import BrokerUnavailable, StorageUnavailable
from shared.jobs.kinds import RULES, JobKind, Queue
from shared.storage import DirectoryBlobStore


@dataclass
class RecordingDispatcher:
    """A broker that keeps what it is sent in a list, until it is told to be away."""

    sent: list[tuple[JobKind, UUID]] = field(default_factory=list)
    away: bool = False

    def send(self, kind: JobKind, job_id: UUID) -> None:
        self.check()
        self.sent.append((kind, job_id))

    def backlog(self, queue: Queue) -> int:
        self.check()
        return sum(RULES[kind].queue is queue for kind, _ in self.sent)

    def check(self) -> None:
        if self.away:
            raise BrokerUnavailable

    def take(self) -> tuple[JobKind, UUID] | None:
        """The oldest message, no longer waiting."""
        return self.sent.pop(0) if self.sent else None


class SwitchableStore(DirectoryBlobStore):
    """A store whose photos cannot be read while it is away."""

    away = False

    def get(self, key: str) -> bytes:
        if self.away:
            raise StorageUnavailable
        return super().get(key)


class PixelEmbedder:
    """An embedder of 512 means of pixels: deterministic, quick, and near for pictures that look alike."""

    def __init__(self, model_id: str = "pixels/1") -> None:
        self.model_id = model_id
        self.dimensions = 512
        self.device = "cpu"

    def embed(self, views: NDArray[np.uint8]) -> NDArray[np.float32]:
        """views: (n, 224, 224, 3) uint8; returns (n, 512) float32, L2-normalised."""
        blocks = views.reshape(len(views), 16, 14, 16, 14, 3).mean(axis=(2, 4), dtype=np.float32)
        rows = blocks.reshape(len(views), -1)[:, :512] + 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def ignore_messages(_messages: Sequence[Message]) -> None:
    """For a unit of work whose messages nobody waits for."""
