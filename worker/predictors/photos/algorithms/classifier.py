"""Photos told apart by their embeddings: logistic regression, calibrated, and measured on photos that it did not see.

Regularisation and temperature are chosen inside each training part, by cross-validation of their own, so that no choice
has seen the photos that it is measured on. Every class counts the same, however many photos it has: what a user collects
seldom has the proportions of what the predictor will meet. So a probability takes the classes to be equally common.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.class_weight import compute_sample_weight

from worker.predictors.photos.algorithms.linear_head import LinearHead, softmax

# Fewer cannot be divided into photos to learn from and photos to be measured on.
FEWEST_A_CLASS: Final = 2
OUTER_FOLDS: Final = 5
INNER_FOLDS: Final = 3

# From almost no trust in the photos to nearly separating them, for features scaled to a mean squared length of 1.
STRENGTHS: Final = (0.3, 3.0, 30.0, 300.0)
# Where too few photos leave nothing to choose by: the second weakest trust.
_DEFAULT_STRENGTH: Final = STRENGTHS[1]
_ITERATIONS: Final = 1000
_TOLERANCE: Final = 1e-4
_SEED: Final = 0

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A head for all photos, and what heads that did not see them say about each.

    held_out: (n, k) float64 probabilities; strength: inverse regularisation C; temperature: what logits were divided by;
    folds: in how many parts the photos were held out.
    """

    head: LinearHead
    held_out: NDArray[np.float64]
    strength: float
    temperature: float
    folds: int


def train(
    embeddings: NDArray[np.float32], classes: NDArray[np.intp], progress: Progress = lambda _: None
) -> Trained:
    """embeddings: (n, d) float32, L2-normalised; classes: (n,), each of 0..k-1 at least twice, k >= 2.

    Raises ValueError otherwise. Takes 2 s for 600 photos of 2 classes on one core.
    """
    counts = np.bincount(classes) if len(classes) else np.zeros(1, np.intp)
    if len(counts) < 2 or counts.min() < FEWEST_A_CLASS:
        raise ValueError("Training takes at least two classes of at least two photos each.")
    folds = int(min(OUTER_FOLDS, counts.min()))
    held_out = np.empty((len(classes), len(counts)))
    splits = StratifiedKFold(folds, shuffle=True, random_state=_SEED).split(embeddings, classes)
    for done, (seen, unseen) in enumerate(splits, start=1):
        fitted = _calibrated_head(embeddings[seen], classes[seen])
        held_out[unseen] = fitted.head.probabilities(embeddings[unseen])
        progress(done / (folds + 1))
    final = _calibrated_head(embeddings, classes)
    return Trained(final.head, held_out, final.strength, final.temperature, folds)


@dataclass(frozen=True, slots=True, eq=False)
class _Calibrated:
    head: LinearHead
    strength: float
    temperature: float


def _calibrated_head(embeddings: NDArray[np.float32], classes: NDArray[np.intp]) -> _Calibrated:
    """A head whose regularisation and temperature are chosen by cross-validation within these photos."""
    space = _Space.of(embeddings, classes)
    features = space.project(embeddings)
    strength, temperature = _choose(features, classes)
    weights, biases = _path(features, classes, (strength,))[0]
    return _Calibrated(space.head(weights / temperature, biases / temperature), strength, temperature)


@dataclass(frozen=True, slots=True, eq=False)
class _Space:
    """The directions that the training photos span, centred and of one scale.

    A penalty on the length of weights keeps them in that span, so nothing is lost, and few photos need few dimensions.
    axes: (r, d) orthonormal.
    """

    centre: NDArray[np.float64]
    axes: NDArray[np.float64]
    scale: float

    @classmethod
    def of(cls, embeddings: NDArray[np.float32], classes: NDArray[np.intp]) -> "_Space":
        wide = embeddings.astype(np.float64)
        centre = np.mean([wide[classes == one].mean(axis=0) for one in range(classes.max() + 1)], axis=0)
        centred = wide - centre
        axes = np.eye(wide.shape[1])
        if len(wide) < wide.shape[1]:
            axes = np.linalg.svd(centred, full_matrices=False)[2]
        # Photos that are all the same have no scale; any will do.
        scale = float(np.sqrt(np.square(centred).sum(axis=1).mean())) or 1.0
        return cls(centre, axes, scale)

    def project(self, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, r)."""
        projected: NDArray[np.float64] = (embeddings - self.centre) @ self.axes.T / self.scale
        return projected

    def head(self, weights: NDArray[np.float64], biases: NDArray[np.float64]) -> LinearHead:
        return LinearHead(self.centre, weights @ self.axes / self.scale, biases)


def _choose(features: NDArray[np.float64], classes: NDArray[np.intp]) -> tuple[float, float]:
    """The strength and temperature under which held-out photos are the least surprising."""
    folds = min(INNER_FOLDS, int(np.bincount(classes).min()))
    if folds < 2:
        return _DEFAULT_STRENGTH, 1.0
    logits = np.empty((len(STRENGTHS), len(classes), classes.max() + 1))
    for seen, unseen in StratifiedKFold(folds, shuffle=True, random_state=_SEED).split(features, classes):
        for at, (weights, biases) in enumerate(_path(features[seen], classes[seen], STRENGTHS)):
            logits[at, unseen] = features[unseen] @ weights.T + biases
    temperatures = [find_temperature(each, classes) for each in logits]
    losses = [
        balanced_log_loss(softmax(each / temperature), classes)
        for each, temperature in zip(logits, temperatures, strict=True)
    ]
    best = int(np.argmin(losses))
    return STRENGTHS[best], temperatures[best]


def _path(
    features: NDArray[np.float64], classes: NDArray[np.intp], strengths: tuple[float, ...]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Weights (k, r) and biases (k,) for each strength, each fit starting from the one before."""
    model = LogisticRegression(class_weight="balanced", warm_start=True, max_iter=_ITERATIONS, tol=_TOLERANCE)
    found = []
    for strength in strengths:
        model.set_params(C=strength).fit(features, classes)
        weights, biases = model.coef_.copy(), model.intercept_.copy()
        if len(weights) == 1:  # of two classes scikit-learn keeps the log odds of the second alone
            weights, biases = np.concatenate([-weights, weights]) / 2, np.concatenate([-biases, biases]) / 2
        found.append((weights, biases))
    return found


def find_temperature(logits: NDArray[np.float64], classes: NDArray[np.intp]) -> float:
    """What to divide held-out `logits` (n, k) by, so that their softmax is calibrated; 0.05 to 20.

    Guo et al., On Calibration of Modern Neural Networks (2017), towards Platt's smoothed targets (1999): n photos of a
    class that were all told right are no proof that the next one will be, only odds of n + 1 to 1.
    """
    targets = _smoothed_targets(classes, logits.shape[1])
    balance = compute_sample_weight("balanced", classes)[:, np.newaxis]
    low, high = np.log(0.05), np.log(20.0)
    # The loss is convex in 1 / temperature: its slope changes its sign once.
    for _ in range(40):
        middle = (low + high) / 2
        slope = (balance * (softmax(logits * np.exp(middle)) - targets) * logits).sum()
        low, high = (middle, high) if slope < 0 else (low, middle)
    return float(np.exp(-(low + high) / 2))


def _smoothed_targets(classes: NDArray[np.intp], k: int) -> NDArray[np.float64]:
    own = (np.bincount(classes, minlength=k) + 1) / (np.bincount(classes, minlength=k) + 2)
    targets = np.repeat((1 - own[classes])[:, np.newaxis] / (k - 1), k, axis=1)
    targets[np.arange(len(classes)), classes] = own[classes]
    return targets


def balanced_log_loss(probabilities: NDArray[np.float64], classes: NDArray[np.intp]) -> float:
    """Mean surprise at the true class, in nats, each class counting the same."""
    surprise = -np.log(np.maximum(probabilities[np.arange(len(classes)), classes], 1e-15))
    return float(np.average(surprise, weights=compute_sample_weight("balanced", classes)))
