"""How long does a prediction take to be answered? A form of the demo predictors, with and without a backlog of uploads."""

import time
from importlib.resources import files
from typing import Any, Final

import httpx

from benchmarks.bench_upload import Photos, pile_up
from benchmarks.report import table
from benchmarks.support import BenchmarkFailed, milliseconds
from tests.support.services import service_folder
from tests.support.stack import QUICK, Stack, finished, running_stack

IDLE_ROUNDS: Final = 200
# Few, so that the backlog outlasts them.
BUSY_ROUNDS: Final = 30
TARGET_MILLISECONDS: Final = 50

# model: table, target, values
QUESTIONS: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {
    "gaussian-naive-bayes": ("species.csv", "species", {"height (cm)": 40, "weight (kg)": 9}),
    "linear-regression": ("houses.csv", "price ($)", {"beds": 3, "baths": 2, "area (sqft)": 1600}),
    "random-forest": ("houses.csv", "price ($)", {"beds": 3, "baths": 2, "area (sqft)": 1600}),
}


def run() -> str:
    """The section of RESULTS.md."""
    as_installed = dict.fromkeys(QUICK, "") | {"VITRINE_WEIGHTS_DOWNLOAD": "false"}
    with (
        service_folder("bench") as data,
        running_stack(data, as_installed) as stack,
        stack.client() as client,
    ):
        for model, (name, target, _) in QUESTIONS.items():
            _train(client, model, name, target)
        idle = {model: _measure(stack, client, model, IDLE_ROUNDS) for model in QUESTIONS}
        photos = Photos()
        busy = {}
        for model in QUESTIONS:
            pile_up(stack.url, photos)
            busy[model] = _measure(stack, client, model, BUSY_ROUNDS)
            if not client.get("/api/v1/jobs?status=queued&limit=1").json()["total"]:
                raise BenchmarkFailed("The workers ran out of work before the measurement ended.")
    head = ("POST of a form, to its answer", "p50 ms", "p95 ms", "p99 ms", "CPU ms", "target")
    target = f"p50 < {TARGET_MILLISECONDS}"
    rows = [
        *((f"{model}, workers idle", *shown, target) for model, shown in idle.items()),
        *((f"{model}, behind a backlog of uploads", *shown, target) for model, shown in busy.items()),
    ]
    return (
        "How long does a prediction take, with all of `make run` on the machine?\n\n"
        f"{table(head, rows)}\n\n"
        f"{IDLE_ROUNDS} and {BUSY_ROUNDS} of each, one at a time over a kept connection, the model warm. CPU: of the front end "
        "and the process that predicts, for one answer."
    )


def _train(client: httpx.Client, model: str, name: str, target: str) -> None:
    data = files("shared").joinpath("data", name).read_bytes()
    answer = client.post(
        "/api/v1/predictors",
        data={"name": model, "target": target, "model": model},
        files={"data": (name, data, "text/csv")},
    )
    job = finished(client, answer.json()["job"]["id"])
    if job["status"] != "succeeded":
        raise BenchmarkFailed(f"{model} could not be trained: {job['error']}")


def _measure(stack: Stack, client: httpx.Client, model: str, rounds: int) -> tuple[str, ...]:
    values = QUESTIONS[model][2]
    _ask(client, model, values)  # reads the model
    before = _cpu_seconds(stack)
    seconds = [_ask(client, model, values) for _ in range(rounds)]
    cpu = 1000 * (_cpu_seconds(stack) - before) / rounds
    return (*(milliseconds(seconds, percent) for percent in (50, 95, 99)), f"{cpu:.1f}")


def _ask(client: httpx.Client, model: str, values: dict[str, Any]) -> float:
    start = time.perf_counter()
    answer = client.post(f"/api/v1/predictors/{model}/predict", json=values)
    seconds = time.perf_counter() - start
    if answer.status_code != httpx.codes.OK:
        raise BenchmarkFailed(f"{model} answered {answer.status_code}: {answer.text}")
    return seconds


def _cpu_seconds(stack: Stack) -> float:
    watched = [*stack.processes("gunicorn"), *stack.processes("--queues", "predict")]
    times = [process.cpu_times() for process in watched]
    return sum(each.user + each.system for each in times)
