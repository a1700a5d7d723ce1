"""`flask ...` commands: the database, importing photos, re-indexing, training predictors."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import UUID

import click
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy import make_url

from shared.db import migrate
from shared.db.engine import make_engine
from shared.db.provision import ensure_database
from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import JobRow
from shared.db.unit_of_work import UnitOfWork
from shared.errors import DatabaseUnavailable, VitrineError
from shared.jobs.kinds import JobStatus
from shared.jobs.reanalysis import reanalysis
from shared.jobs.results import DemoResult, ReanalysisResult
from shared.settings import Settings
from web.http.waiting import job_states
from web.jobs.index_runs import start_index_run
from web.photos.bulk_import import ImportStatus, import_photo, import_source
from web.photos.demo import start_demo, unindexed_photos
from web.photos.folder import in_words
from web.predictors.demo import start_demos
from web.predictors.train_images import train_from_folder
from web.services import current_services

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

# An index run over a million photos takes minutes; this is only to end at all.
_LONGEST_WAIT_SECONDS = 24 * 60 * 60
# Seconds where a worker runs; where none does, the command says that the job is queued.
_LONGEST_TRAINING_SECONDS = 120
# As long as any one thing takes where workers and beat run: the index waits up to 45 s for more photos.
_LONGEST_STANDSTILL_SECONDS = 180


def register(app: Flask) -> None:
    """Adds the commands to the application."""
    for command in (
        create_db,
        drop_db,
        import_photos,
        reindex,
        reanalyse,
        train_images,
        demo,
        demo_predictors,
    ):
        app.cli.add_command(command)


def _in_words(command: Callable[P, R]) -> Callable[P, R]:
    """Has the command say what went wrong in a sentence instead of a traceback."""

    @wraps(command)
    def run(*args: P.args, **options: P.kwargs) -> R:
        try:
            return command(*args, **options)
        except VitrineError as error:
            raise click.ClickException(f"{error.message}{_reason(error)}") from error

    return run


def _reason(error: VitrineError) -> str:
    """What the database said, for whoever has to put it right: a wrong password does not mend itself in a moment."""
    said = getattr(error.__cause__, "orig", None) if isinstance(error, DatabaseUnavailable) else None
    return "" if said is None else f" What it says: {' '.join(str(said).split())}"


@click.command("create-db")
@with_appcontext
@_in_words
def create_db() -> None:
    """Make the database if it is missing, and bring its schema up to date."""
    settings = _settings()
    ensure_database(settings)
    engine = make_engine(settings, "vitrine-cli")
    migrate.upgrade(engine)
    engine.dispose()
    click.echo(f"The database {_name(settings)} is up to date.")


@click.command("drop-db")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
@_in_words
def drop_db(*, yes: bool) -> None:
    """Take every table of Vitrine away, and with them all that was recorded."""
    settings = _settings()
    if not yes:
        click.confirm(
            f"All photos, palettes and jobs recorded in {_name(settings)} will be lost. Go on?", abort=True
        )
    engine = make_engine(settings, "vitrine-cli")
    migrate.drop(engine)
    engine.dispose()
    click.echo(f"The database {_name(settings)} is empty.")


@click.command("import")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@with_appcontext
@_in_words
def import_photos(source: Path) -> None:
    """Import the photos of a folder (label: name of its subfolder) or of a CSV file.

    The CSV file has a column named file, and may have caption, tags and label. Says how many photos were added, were
    there already, were refused, and what was passed over. Exits with 1 if a photo was refused.
    """
    services = current_services()
    found = import_source(source)
    counts: Counter[ImportStatus] = Counter()
    merged = 0
    with click.progressbar(found.entries, label="Photos", show_pos=True) as progress:
        for entry in progress:
            outcome = import_photo(services, entry)
            counts[outcome.status] += 1
            merged += bool(outcome.merged)
            if outcome.status is ImportStatus.REFUSED:
                click.echo(f"\n{click.format_filename(outcome.path)}: {outcome.reason}", err=True)
    click.echo(", ".join(f"{counts[status]} {status.value}" for status in ImportStatus) + ".")
    if merged:
        click.echo(f"Of the duplicates, {merged} got tags, a caption or a label that they had not.")
    _say_passed_over(found.passed_over)
    if counts[ImportStatus.REFUSED]:
        raise click.exceptions.Exit(1)


@click.command("reindex")
@click.option("--incremental", is_flag=True, help="Take in only what has changed.")
@click.option("--wait", is_flag=True, help="Wait for it to end; exits with 1 unless it succeeds.")
@with_appcontext
@_in_words
def reindex(*, incremental: bool, wait: bool) -> None:
    """Rebuild the look-alike index."""
    services = current_services()
    job_id = start_index_run(services.unit_of_work, "incremental" if incremental else "full").id
    click.echo(str(job_id))
    if not wait:
        return
    status = JobStatus.QUEUED
    for job in job_states(services.unit_of_work, job_id, _LONGEST_WAIT_SECONDS):
        if job.status is not status:
            status = job.status
            click.echo(status.value)
    if status is not JobStatus.SUCCEEDED:
        raise click.exceptions.Exit(1)


@click.command("reanalyse")
@click.option("--fact", help="Only photos that lack this one, by the name of its column.")
@click.option("--palettes", is_flag=True, help="Not facts, but the palettes that an older version has found.")
@click.option("--wait", is_flag=True, help="Show how far it is, and exit with 1 unless it succeeds.")
@with_appcontext
@_in_words
def reanalyse(*, fact: str | None, palettes: bool, wait: bool) -> None:
    """Have the facts of photos computed that were analysed before the facts were known, in the background."""
    if fact is not None and palettes:
        raise click.UsageError("--fact and --palettes are two jobs: ask for one.")
    unit_of_work = current_services().unit_of_work
    with unit_of_work.begin() as transaction:
        wanted = reanalysis(transaction.connection, fact, palettes=palettes)
        if wanted is None:
            click.echo("No photo needs it.")
            return
        job_id = jobs.create_job(transaction, wanted)
    click.echo(str(job_id))
    if not wait:
        return
    ended = _watched(unit_of_work, job_id, "Palettes" if palettes else "Facts")
    result = ended.result_as(ReanalysisResult)
    if ended.status is not JobStatus.SUCCEEDED or result is None:
        raise click.ClickException(ended.error_message or f"The job is {ended.status.value}.")
    click.echo(f"{result.images} photos have new {'palettes' if palettes else 'facts'}.")


@click.command("train-images")
@click.argument("name")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@with_appcontext
@_in_words
def train_images(name: str, folder: Path) -> None:
    """Train a predictor of photos from a folder that has a folder of photos for each label.

    Waits for it, says how good it is on photos that it did not see, and exits with 1 unless it was trained.
    """
    services = current_services()
    started, passed_over = train_from_folder(services, name, folder)
    _say_passed_over(passed_over)
    with click.progressbar(length=100, label="Training") as progress:
        for job in job_states(services.unit_of_work, started.id, _LONGEST_WAIT_SECONDS):
            progress.update(round(job.progress * 100) - progress.pos)
            ended = job
    if ended.status is not JobStatus.SUCCEEDED or ended.result is None:
        raise click.ClickException(ended.error_message or f"The training is {ended.status.value}.")
    metrics = ended.result["metrics"]
    click.echo(
        f"{name} is trained. On photos that it did not see: balanced accuracy {metrics['balanced_accuracy']:.3f}, "
        f"where guessing has {metrics['baseline']['balanced_accuracy']:.3f}."
    )


@click.command("demo")
@with_appcontext
@_in_words
def demo() -> None:
    """Fill the gallery with about a hundred drawn pictures, and wait until their look-alikes are known."""
    unit_of_work = current_services().unit_of_work
    job_id = start_demo(unit_of_work)
    ended = _watched(unit_of_work, job_id, "Drawing")
    result = ended.result_as(DemoResult)
    if ended.status is not JobStatus.SUCCEEDED or result is None:
        raise click.ClickException(ended.error_message or f"The drawing is {ended.status.value}.")
    pending = unindexed_photos(unit_of_work)
    total = next(pending)
    with click.progressbar(length=max(total, 1), label="Look-alikes") as progress:
        for left in _moving(pending, lambda left: left):
            progress.update(total - left - progress.pos)
    click.echo(f"{result.images} pictures added. Click one in the gallery to see its look-alikes.")


def _watched(unit_of_work: UnitOfWork, job_id: UUID, label: str) -> JobRow:
    """Waits for the job behind a progress bar. Raises ClickException where it stands still."""
    with click.progressbar(length=100, label=label) as progress:
        states = job_states(unit_of_work, job_id, _LONGEST_WAIT_SECONDS)
        for job in _moving(states, lambda job: (job.status, job.progress)):
            progress.update(round(job.progress * 100) - progress.pos)
            ended = job
    return ended


def _moving(states: Iterator[T], mark: Callable[[T], object]) -> Iterator[T]:
    """The states for as long as their mark changes now and then. Raises ClickException."""
    last, since = None, time.monotonic()
    for state in states:
        if mark(state) != last:
            last, since = mark(state), time.monotonic()
        if time.monotonic() - since > _LONGEST_STANDSTILL_SECONDS:
            raise click.ClickException("Nothing moves: do a worker and beat run? Their logs say more.")
        yield state


@click.command("demo-predictors")
@with_appcontext
@_in_words
def demo_predictors() -> None:
    """Train two small predictors to try, from invented tables: a species, and the price of a house."""
    services = current_services()
    failed = False
    for name, started in start_demos(services).items():
        for job in job_states(services.unit_of_work, started.id, _LONGEST_TRAINING_SECONDS):
            ended = job
        failed |= ended.status is not JobStatus.SUCCEEDED
        click.echo(f"{name}: {ended.error_message or ended.status.value}")
    if failed:
        raise click.exceptions.Exit(1)


def _say_passed_over(passed_over: Counter[str]) -> None:
    if passed_over:
        click.echo(f"Passed over: {in_words(passed_over)}.")


def _settings() -> Settings:
    return current_services().settings


def _name(settings: Settings) -> str:
    return str(make_url(settings.database_url).database)
