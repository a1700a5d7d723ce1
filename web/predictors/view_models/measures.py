"""How good a predictor is, in words: one figure for its card, all of them in a table."""

from dataclasses import dataclass
from typing import Final

from msgspec.structs import asdict

from shared.db.queries.predictors.predictors import VersionRow, VersionSummary
from shared.predictors.documents import MODELS, Task
from shared.predictors.metrics import Metrics, RegressionMetrics
from web.predictors.view_models.figures import figure, percent, with_unit

_TITLES: Final = {model.name: model.title for model in MODELS}


@dataclass(frozen=True, slots=True)
class Headline:
    """The figure that says most, beside what needs no predictor.

    part, baseline_part: how far along its track each is, 0 to 1. Of errors the longer one fills it.
    """

    value: str
    words: str
    baseline: str
    part: float
    baseline_part: float


@dataclass(frozen=True, slots=True)
class Measure:
    """A line of the table of figures."""

    name: str
    about: str
    value: str
    baseline: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """form: of the figure, `share` of 1, plain `number`, or an `error` in the unit of what is predicted."""

    key: str
    name: str
    about: str
    form: str


_KINDS: Final = (
    _Kind("accuracy", "Accuracy", "Share of right answers.", "share"),
    _Kind(
        "balanced_accuracy",
        "Balanced accuracy",
        "Share of right answers, each label counting the same.",
        "share",
    ),
    _Kind(
        "roc_auc",
        "ROC AUC",
        "How often a case of a label is ranked before one of another: 0.5 is chance, 1 is always.",
        "number",
    ),
    _Kind("log_loss", "Log loss", "Surprise at the true label, in nats. Less is better.", "number"),
    _Kind(
        "brier",
        "Brier score",
        "Squared distance of the probabilities from the truth. Less is better.",
        "number",
    ),
    _Kind(
        "calibration_error",
        "Calibration error",
        "How far probabilities are from how often they come true. Less is better.",
        "number",
    ),
    _Kind("r2", "R²", "Share of the differences between rows that it explains.", "number"),
    _Kind("mae", "Mean absolute error", "How far off it is on average. Less is better.", "error"),
    _Kind(
        "rmse", "Root mean squared error", "The same, large errors weighing more. Less is better.", "error"
    ),
)


def model_title(name: str) -> str:
    """What people call a model."""
    return _TITLES.get(name, name)


def headline(metrics: Metrics, unit: str | None) -> Headline:
    """The figure of a version: right answers of classes, the average error of numbers."""
    if isinstance(metrics, RegressionMetrics):
        error, guess = metrics.mae, metrics.baseline.mae
        widest = max(error, guess) or 1.0
        return Headline(
            value=with_unit(f"± {figure(error)}", unit),
            words="off on average",
            baseline=f"{with_unit(figure(guess), unit)} by always answering the mean",
            part=error / widest,
            baseline_part=guess / widest,
        )
    right, guess = metrics.accuracy, metrics.baseline.accuracy
    return Headline(
        value=percent(right),
        words="right on what it had not seen",
        baseline=f"{percent(guess)} by always answering the most common",
        part=right,
        baseline_part=guess,
    )


def short_figure(version: VersionSummary, unit: str | None) -> str:
    """The headline of a line of the history."""
    found = headline(version.metrics, unit)
    return found.value if version.task is Task.REGRESSION else f"{found.value} right"


def measures(row: VersionRow) -> list[Measure]:
    """Every figure that the version has, beside the baseline's."""
    scores, baseline = asdict(row.metrics), asdict(row.metrics.baseline)
    unit = target_unit(row)
    return [
        Measure(
            kind.name,
            kind.about,
            _formatted(kind, scores[kind.key], unit),
            _formatted(kind, baseline.get(kind.key), unit),
        )
        for kind in _KINDS
        if scores.get(kind.key) is not None
    ]


def target_unit(row: VersionRow) -> str | None:
    """The unit of what is predicted, where the header of its column says one."""
    return row.card.target.unit


def target_label(row: VersionRow) -> str:
    """What is predicted, without its unit."""
    return row.card.target.label


def _formatted(kind: _Kind, value: float | None, unit: str | None) -> str:
    if value is None:
        return "–"
    if kind.form == "share":
        return f"{100 * value:.1f}\N{NO-BREAK SPACE}%"
    if kind.form == "error":
        return with_unit(figure(value), unit)
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")
