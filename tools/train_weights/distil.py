"""Trains `layer4.1` on cached views."""

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tools.train_weights.metrics import RetrievalScore, retrieval
from tools.train_weights.photos import DEVELOPMENT
from tools.train_weights.progress import progress, say
from tools.train_weights.start import whitening_block
from tools.train_weights.views import Views, read_shard
from worker.embedding.algorithms.embedder import normalise_rows
from worker.embedding.algorithms.resnet import build_resnet18

_BATCH = 64
# The heads are thrown away. They start near their places and must keep up with the block.
_HEAD_RATES = {"block": 1.0, "proxies": 10.0, "classifier": 3.0}
_RIDGE = 0.05


@dataclass(frozen=True)
class Recipe:
    """What a training run depends on.

    label_weight: of the loss on cosines to class proxies. teacher_weight: of the KL divergence to the teacher's logits
    at `temperature`. decay: of the moving average of the weights, a step; the average is what comes out.
    """

    epochs: int = 5
    learning_rate: float = 2e-4
    label_weight: float = 1.0
    teacher_weight: float = 0.2
    temperature: float = 2.0
    proxy_scale: float = 16.0
    batch: int = 32
    decay: float = 0.98
    seed: int = 0


@dataclass(frozen=True)
class Classes:
    """What is trained on: the number of each class, and (c,) which data set it is of (0 Caltech, 1 Tiny-ImageNet)."""

    numbers: dict[str, int]
    sources: Tensor


class Student(nn.Module):
    """The block and, in training only, a proxy for each class and a linear classifier to compare with the teacher."""

    def __init__(self, block: dict[str, Tensor]) -> None:
        super().__init__()
        self.block: nn.Module = build_resnet18().layer4[1]  # type: ignore[index,assignment]
        self.block.load_state_dict(block, strict=False)
        # The statistics are folded: BatchNorm is a scale and a bias here, in training too.
        self.block.eval()
        self.proxies = nn.Parameter(torch.zeros(0))
        self.classifier = nn.Parameter(torch.zeros(0))

    def features(self, maps: NDArray[np.float16]) -> Tensor:
        """(n, 512, s, s) -> (n, 512), as ResNet18 pools them."""
        answer: Tensor = self.block(torch.from_numpy(maps).float()).mean(dim=(2, 3))
        return answer

    def fit_heads(self, shards: list[Views], classes: Classes) -> None:
        """Proxies to the mean direction of their class, the classifier to the teacher's logits by ridge regression."""
        with torch.inference_mode():
            features = torch.cat([self.features(views.maps) for views in shards])
        logits = torch.from_numpy(np.concatenate([views.logits for views in shards])).float()
        labels = torch.tensor([classes.numbers[label] for views in shards for label in views.labels])
        directions = functional.normalize(features)
        sums = torch.zeros(len(classes.numbers), 512).index_add_(0, labels, directions)
        inputs = _with_one(features)
        ridge = _RIDGE * len(features) * features.var() * torch.eye(inputs.shape[1])
        self.proxies = nn.Parameter(functional.normalize(sums).clone())
        self.classifier = nn.Parameter(torch.linalg.solve(inputs.T @ inputs + ridge, inputs.T @ logits))

    def loss(self, views: Views, classes: Classes, recipe: Recipe) -> Tensor:
        """The weighted sum of both losses over `views`."""
        features = self.features(views.maps)
        loss = torch.zeros(())
        if recipe.label_weight:
            target = torch.tensor([classes.numbers[label] for label in views.labels])
            cosines = functional.normalize(features) @ functional.normalize(self.proxies).T
            # Classes of the other data set may be of the same things: they are no rivals.
            rivals = classes.sources[target][:, None] == classes.sources[None, :]
            scores = (cosines * recipe.proxy_scale).masked_fill(~rivals, -1e4)
            loss = loss + recipe.label_weight * functional.cross_entropy(scores, target)
        if recipe.teacher_weight:
            heat = recipe.temperature
            teacher = torch.from_numpy(views.logits).float().div(heat).softmax(dim=1)
            answer = (_with_one(features) @ self.classifier).div(heat).log_softmax(dim=1)
            divergence = functional.kl_div(answer, teacher, reduction="batchmean") * heat**2
            loss = loss + recipe.teacher_weight * divergence
        return loss


@dataclass(frozen=True)
class _Run:
    """What a checkpoint holds."""

    recipe: Recipe
    student: Student
    optimiser: torch.optim.Optimizer
    average: dict[str, Tensor]

    def save(self, checkpoint: Path, epoch: int) -> None:
        """Put everything at `checkpoint`, whole or not at all."""
        temporary = checkpoint.with_suffix(".part")
        states = {"student": self.student.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save(
            {"recipe": vars(self.recipe), "epoch": epoch, "average": self.average, **states}, temporary
        )
        temporary.replace(checkpoint)

    def resume(self, checkpoint: Path) -> int:
        """Epochs that `checkpoint` has behind it; 0 where there is none."""
        if not checkpoint.exists():
            return 0
        saved: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        if saved["recipe"] != vars(self.recipe):
            raise ValueError(
                f"{checkpoint} is of another recipe: {saved['recipe']}. Name another, or remove it."
            )
        self.student.load_state_dict(saved["student"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.average.update(saved["average"])
        say(f"going on after epoch {saved['epoch']}")
        return int(saved["epoch"])


def train_block(cache: Path, rounds: int, recipe: Recipe, checkpoint: Path) -> dict[str, Tensor]:
    """The values of `layer4.1` after `recipe`. Goes on from `checkpoint` where a run was broken off.

    Development classes are not trained on; their photos are looked up among all cached centre views after each epoch.
    """
    torch.manual_seed(recipe.seed)
    centre = [read_shard(path) for path in sorted(cache.glob("centre-*.npz"))]
    paths = [path for number in range(rounds) for path in sorted(cache.glob(f"round{number:02}-*.npz"))]
    shards = [_trained_on(read_shard(path)) for path in paths]
    classes = _classes(shards, [int("tiny" in path.name) for path in paths])
    student = Student(whitening_block(shards))
    student.fit_heads(shards, classes)
    average = {name: value.clone() for name, value in student.block.state_dict().items()}
    rates = [recipe.learning_rate * rate for rate in _HEAD_RATES.values()]
    groups: list[dict[str, Any]] = [
        {"params": student.block.parameters()},
        {"params": [student.proxies]},
        {"params": [student.classifier]},
    ]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0)
    run = _Run(recipe, student, optimiser, average)
    first = run.resume(checkpoint)
    if not first:
        say(f"whitening alone: {_development_score(student, centre)}")
    for epoch in range(first, recipe.epochs):
        order = random.Random(f"{recipe.seed} {epoch}").sample(range(len(shards)), len(shards))  # noqa: S311 - an order
        for number, place in enumerate(progress(order, f"epoch {epoch + 1} of {recipe.epochs}")):
            scale = _rate((epoch + number / len(order)) / recipe.epochs)
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * scale
            shuffled = np.random.default_rng([recipe.seed, epoch, place]).permutation(
                len(shards[place].labels)
            )
            for start in range(0, len(shuffled), recipe.batch):
                views = _take(shards[place], np.sort(shuffled[start : start + recipe.batch]))
                optimiser.zero_grad()
                student.loss(views, classes, recipe).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                for name, value in student.block.state_dict().items():
                    if value.is_floating_point():
                        average[name].lerp_(value, 1 - recipe.decay)
        run.save(checkpoint, epoch + 1)
        trained = {name: value.clone() for name, value in student.block.state_dict().items()}
        student.block.load_state_dict(average)
        say(f"epoch {epoch + 1}: {_development_score(student, centre)}")
        student.block.load_state_dict(trained)
    return {name: value for name, value in average.items() if value.is_floating_point()}


def _rate(done: float) -> float:
    """Share of the full learning rate when `done` of all steps are done: a short rise, then half a cosine."""
    return min(1.0, 0.1 + done / 0.05) * (0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2)


def _with_one(features: Tensor) -> Tensor:
    return torch.cat([features, torch.ones(len(features), 1)], dim=1)


def _trained_on(views: Views) -> Views:
    return _take(views, np.flatnonzero(~np.isin(views.labels, DEVELOPMENT)))


def _take(views: Views, places: NDArray[np.int64]) -> Views:
    return Views(views.maps[places], views.logits[places], views.labels[places])


def _classes(shards: list[Views], sources: list[int]) -> Classes:
    source = {
        label: number
        for views, number in zip(shards, sources, strict=True)
        for label in views.labels.tolist()
    }
    names = sorted(source)
    return Classes(
        {name: number for number, name in enumerate(names)}, torch.tensor([source[name] for name in names])
    )


def _development_score(student: Student, centre: list[Views]) -> RetrievalScore:
    """How well the development classes find their own kind among all classes but the held-out ones."""
    with torch.inference_mode():
        features = [
            student.features(views.maps[start : start + _BATCH]).numpy()
            for views in centre
            for start in range(0, len(views.maps), _BATCH)
        ]
    labels = np.concatenate([views.labels for views in centre])
    return retrieval(normalise_rows(np.concatenate(features)), labels, np.isin(labels, DEVELOPMENT))
