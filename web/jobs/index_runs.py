"""The use case of updating the look-alike index."""

from dataclasses import replace

from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import JobRow
from shared.db.unit_of_work import UnitOfWork
from shared.jobs.index_runs import full_run, incremental_run


def start_index_run(unit_of_work: UnitOfWork, mode: str, request_id: str | None = None) -> JobRow:
    """Starts a run of this mode, full or incremental, or finds the one that is already running."""
    wanted = full_run() if mode == "full" else incremental_run()
    with unit_of_work.begin() as transaction:
        job_id = jobs.create_job(transaction, replace(wanted, request_id=request_id))
        return jobs.get_job(transaction.connection, job_id)
