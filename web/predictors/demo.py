"""Two small predictors to try: a species by Gaussian naive Bayes, the price of a house by linear regression.

Their tables are invented (shared/data/README.md).
"""

from importlib.resources import files
from typing import Final

from shared.db.queries.jobs.jobs import JobRow
from shared.predictors.documents import Task
from web.http.bodies.spool import Spool
from web.predictors.requests import TrainingRequest
from web.predictors.use_cases import start_training
from web.services import Services

# name: table, task, target, model
DEMOS: Final = {
    "species": ("species.csv", Task.CLASSIFICATION, "species", "gaussian-naive-bayes"),
    "house-price": ("houses.csv", Task.REGRESSION, "price ($)", "linear-regression"),
}


def start_demos(services: Services) -> dict[str, JobRow]:
    """Has each demo trained; their jobs by name."""
    return {name: _start(services, name) for name in DEMOS}


def _start(services: Services, name: str) -> JobRow:
    table, task, target, model = DEMOS[name]
    with Spool() as spool:
        spool.write(files("shared.data").joinpath(table).read_bytes())
        training = TrainingRequest(name, task.value, target, model, spool)
        return start_training(services, training, request_id=None)
