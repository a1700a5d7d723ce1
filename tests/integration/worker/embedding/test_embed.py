"""How many photos share a forward pass."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from shared.jobs.kinds import JobKind, JobStatus
from tests.support.fakes import PixelEmbedder
from tests.support.pipeline import Pipeline, picture
from worker.embedding.embed import embed


class CountingEmbedder(PixelEmbedder):
    """Keeps the size of each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def embed(self, views: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.batches.append(len(views))
        return super().embed(views)


def counted(pipeline: Pipeline) -> CountingEmbedder:
    """The embedder that the pipeline's worker has from now on."""
    embedder = CountingEmbedder()
    vars(pipeline.services)["embedder"] = embedder
    return embedder


def next_message(pipeline: Pipeline) -> tuple[JobKind, object]:
    message = pipeline.dispatcher.take()
    assert message is not None
    pipeline.deliver(message)
    return message


def test_a_photo_waits_for_those_that_are_being_analysed_and_they_share_a_batch(pipeline: Pipeline) -> None:
    jobs = [pipeline.add(picture(seed))[1] for seed in range(3)]
    embedder = counted(pipeline)
    next_message(pipeline)

    def analyse_another() -> bool:
        """Stands in for the cpu workers, who go on while the batch is waited for."""
        if pipeline.dispatcher.sent[0][0] is JobKind.ANALYSE:
            next_message(pipeline)
        return False

    embed(pipeline.services, pipeline.lifecycle, analyse_another)
    assert embedder.batches == [3]
    assert [pipeline.job(job).status for job in jobs] == [JobStatus.SUCCEEDED] * 3


def test_a_full_batch_waits_for_nothing(pipeline: Pipeline) -> None:
    pipeline.services = replace(pipeline.services, settings=replace(pipeline.settings, embed_batch=2))
    embedder = counted(pipeline)
    for seed in range(3):
        pipeline.add(picture(seed))
    for _ in range(2):
        next_message(pipeline)
    asked: list[int] = []

    def stopping() -> bool:
        asked.append(len(embedder.batches))
        return False

    embed(pipeline.services, pipeline.lifecycle, stopping)
    assert embedder.batches == [2]
    assert asked == [0, 1]  # before the batch and after it, not while waiting for one


def test_photos_whose_company_never_comes_are_embedded_all_the_same(pipeline: Pipeline) -> None:
    _, first = pipeline.add(picture(1))
    _, stuck = pipeline.add(picture(2))
    embedder = counted(pipeline)
    next_message(pipeline)
    embed(pipeline.services, pipeline.lifecycle, lambda: False)
    assert embedder.batches == [1]
    assert pipeline.job(first).status is JobStatus.SUCCEEDED
    assert pipeline.job(stuck).status is JobStatus.QUEUED


def test_a_drain_that_is_cut_short_says_that_there_may_be_more(pipeline: Pipeline) -> None:
    _, job = pipeline.add(picture(1))
    embedder = counted(pipeline)
    next_message(pipeline)
    assert embed(pipeline.services, pipeline.lifecycle, lambda: True)
    assert embedder.batches == []
    assert not embed(pipeline.services, pipeline.lifecycle, lambda: False)
    assert pipeline.job(job).status is JobStatus.SUCCEEDED


def test_a_photo_that_waits_for_another_try_is_not_waited_for(pipeline: Pipeline) -> None:
    pipeline.add(picture(1))
    pipeline.add(picture(2))
    embedder = counted(pipeline)
    next_message(pipeline)
    pipeline.blobs.away = True
    next_message(pipeline)
    pipeline.blobs.away = False
    asked: list[int] = []

    def stopping() -> bool:
        asked.append(len(embedder.batches))
        return False

    embed(pipeline.services, pipeline.lifecycle, stopping)
    assert asked == [0, 1]  # before the batch and after it, not while waiting for one
