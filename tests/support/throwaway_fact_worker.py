"""A worker that knows a fact that is declared for a test alone: `python -m tests.support.throwaway_fact_worker URL FOLDER`.

In a process of its own, since a fact and its column are declared once a process. Prints what became of two photos, one
analysed before the fact was declared, as JSON: its values in the analysis, in the rows, and what a direct call computes.
"""

import json
import os
import sys
from pathlib import Path

from sqlalchemy import Float, text
from sqlalchemy.orm import mapped_column

from shared.db.models import Image
from shared.jobs.reanalysis import reanalysis
from shared.photo_facts import Facts
from tests.support.pipeline import Pipeline, picture
from tests.support.throwaway_fact import NAME, declare
from worker.imaging.algorithms import facts
from worker.imaging.sandbox import parent

# What Python imports first in the sandbox's child.
IN_THE_CHILD = "from tests.support import throwaway_fact\nthrowaway_fact.declare()\n"


def main(database_url: str, folder: Path) -> None:
    pipeline = Pipeline(database_url, folder / "store")
    _ = pipeline.services.embedder
    before, _ = pipeline.add(picture(1))
    pipeline.drain()
    pipeline.services.sandbox.close()  # its child knows no fact that is declared later

    declare()
    Image.brightness = mapped_column(Float, nullable=True, info={"fact": True})
    with pipeline.unit_of_work.begin() as transaction:  # the migration
        transaction.connection.execute(text(f"ALTER TABLE images ADD COLUMN {NAME} double precision"))
    (folder / "sitecustomize.py").write_text(IN_THE_CHILD)
    usual = parent._environment
    parent._environment = lambda: usual() | {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}

    after, _ = pipeline.add(picture(2))
    pipeline.drain()
    unknown = values(pipeline)
    with pipeline.unit_of_work.read() as connection:
        job = reanalysis(connection, NAME)
    assert job is not None
    pipeline.start(job)
    pipeline.drain()
    known = values(pipeline)
    sys.stdout.write(
        json.dumps(
            {
                "analysis": float_of(pipeline.services.sandbox.analyse(picture(2), 4).facts),
                "computed": [float_of(facts.facts_from(picture(seed))) for seed in (1, 2)],
                "before_reanalysis": [unknown[before], unknown[after]],
                "after_reanalysis": [known[before], known[after]],
            }
        )
    )
    pipeline.close()


def values(pipeline: Pipeline) -> dict[int, float | None]:
    """The fact of each image, as its row has it."""
    with pipeline.unit_of_work.read() as connection:
        rows = connection.execute(text(f"SELECT id, {NAME} AS value FROM images"))  # noqa: S608 - a constant
        return {row.id: row.value for row in rows}


def float_of(found: Facts) -> float:
    value = found[NAME]
    assert isinstance(value, float)
    return value


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
