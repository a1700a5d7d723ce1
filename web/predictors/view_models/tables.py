"""The page on which a predictor answers a whole table."""

from dataclasses import dataclass

from flask import url_for

from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.predictors.predictors import VersionRow
from shared.limits import MAX_FILE_MEBIBYTES
from web.layout import words
from web.predictors.documents import Batch, batch_result
from web.predictors.view_models.figures import listed
from web.predictors.view_models.head import Head, make_head, version_shown
from web.predictors.view_models.work import WorkView, work_view


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """facts: sentences about the rows."""

    href: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    head: Head
    action: str
    columns: tuple[str, ...]
    max_mebibytes: int
    problem: str | None
    work: WorkView | None
    outcome: BatchSummary | None


def tables_view(row: VersionRow, problem: str | None, job: JobRow | None) -> Tables:
    """problem: why a table was not taken. job: the one that answers a table."""
    work = None if job is None else work_view(job, "Answering row by row")
    return Tables(
        head=make_head(row, "predictor_tables.show"),
        action=url_for("predictor_tables.send", name=row.name, version=version_shown(row)),
        columns=tuple(feature.name for feature in row.features),
        max_mebibytes=MAX_FILE_MEBIBYTES,
        problem=problem,
        work=work,
        outcome=_outcome(batch_result(job)) if job is not None and work and work.done else None,
    )


def _outcome(result: Batch) -> BatchSummary:
    answered = result.rows - result.failed
    facts = [f"{words.count(answered, 'row has', 'rows have')} an answer."]
    if result.failed:
        facts.append(f"{words.count(result.failed, 'row has', 'rows have')} none: its last column says why.")
    if result.warned:
        facts.append(f"{words.count(result.warned, 'row comes', 'rows come')} with a warning.")
    if result.ignored_columns:
        facts.append(
            f"Columns that it does not know were left as they are: {listed(result.ignored_columns)}."
        )
    return BatchSummary(result.links.csv, tuple(facts))
