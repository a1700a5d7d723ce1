"""Having the look-alike index brought up to date."""

from dataclasses import replace

from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import JobRow
from shared.db.unit_of_work import UnitOfWork
from shared.jobs.index_runs import full_run, incremental_run


def start_index_run(unit_of_work: UnitOfWork, mode: str, request_id: str | None) -> JobRow:
    """A run of this mode, full or incremental; while one is under way, it is that one."""
    wanted = full_run() if mode == "full" else incremental_run()
    with unit_of_work.begin() as transaction:
        job_id = jobs.create_job(transaction, replace(wanted, request_id=request_id))
        return jobs.get_job(transaction.connection, job_id)
