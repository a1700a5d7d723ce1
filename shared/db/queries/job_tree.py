"""Parents and children: what the state of one means for the others.

Every transaction that ends a job locks the job's parent first, so that two of them never wait for each other.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from shared.db.models import Job
from shared.db.unit_of_work import Transaction
from shared.jobs import JobKind


def lock_parents(connection: Connection, parent_ids: Collection[UUID]) -> None:
    """Locks the rows in the order of their ids."""
    if parent_ids:
        connection.execute(
            select(Job.id).where(Job.id.in_(parent_ids)).order_by(Job.id).with_for_update()
        ).all()


def settle(transaction: Transaction, parent_ids: Collection[UUID]) -> None:
    """Brings the families of these parents in order after children have ended.

    Children of a later stage are freed (and sent) when all of the earlier ones have succeeded, cancelled when one
    has not; then each parent's count, progress, state, error and result follow from its children's.
    """
    if not parent_ids:
        return
    parents = {"parents": list(parent_ids)}
    connection = transaction.connection
    for freed in connection.execute(FREE_NEXT_STAGE, parents).all():
        transaction.send(JobKind(freed.kind), freed.id)
    connection.execute(CANCEL_HOPELESS, parents)
    connection.execute(DERIVE_PARENTS, parents)


PARENTS = bindparam("parents", type_=ARRAY(Uuid(as_uuid=True)))

FREE_NEXT_STAGE = text("""
    UPDATE jobs AS job SET blocked = false, published_at = now(), run_at = now()
    WHERE job.parent_id = ANY(:parents) AND job.blocked AND job.status = 'queued' AND NOT EXISTS (
        SELECT FROM jobs AS earlier
        WHERE earlier.parent_id = job.parent_id AND earlier.stage < job.stage AND earlier.status <> 'succeeded')
    RETURNING job.id, job.kind
""").bindparams(PARENTS)

CANCEL_HOPELESS = text("""
    UPDATE jobs AS job SET status = 'cancelled', finished_at = now()
    WHERE job.parent_id = ANY(:parents) AND job.blocked AND job.status = 'queued' AND EXISTS (
        SELECT FROM jobs AS earlier
        WHERE earlier.parent_id = job.parent_id AND earlier.stage < job.stage
          AND earlier.status IN ('failed', 'dead', 'cancelled'))
""").bindparams(PARENTS)

DERIVE_PARENTS = text("""
    WITH family AS (
        SELECT parent_id,
               count(*) AS children,
               count(*) FILTER (WHERE status NOT IN ('queued', 'running')) AS ended,
               count(*) FILTER (WHERE status = 'failed') AS failed,
               count(*) FILTER (WHERE status = 'dead') AS dead,
               count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
               (array_agg(error_code ORDER BY stage, id) FILTER (WHERE error_code IS NOT NULL))[1] AS error_code,
               (array_agg(error_message ORDER BY stage, id) FILTER (WHERE error_code IS NOT NULL))[1] AS error_message
        FROM jobs WHERE parent_id = ANY(:parents) GROUP BY parent_id
    )
    UPDATE jobs AS parent SET
        children = family.children,
        children_finished = family.ended,
        progress = greatest(parent.progress, family.ended::real / family.children),
        status = CASE
            WHEN family.ended < family.children THEN CASE WHEN family.ended > 0 THEN 'running' ELSE parent.status END
            WHEN family.failed > 0 THEN 'failed'
            WHEN family.dead > 0 THEN 'dead'
            WHEN family.cancelled > 0 THEN 'cancelled'
            ELSE 'succeeded' END,
        error_code = CASE WHEN family.failed + family.dead > 0 THEN family.error_code END,
        error_message = CASE WHEN family.failed + family.dead > 0 THEN family.error_message END,
        started_at = coalesce(parent.started_at, now()),
        finished_at = CASE WHEN family.ended = family.children THEN now() END,
        result = CASE WHEN family.ended = family.children THEN (
            SELECT jsonb_object_agg(part.key, part.value ORDER BY child.stage)
            FROM jobs AS child, jsonb_each(child.result) AS part
            WHERE child.parent_id = parent.id) END
    FROM family WHERE parent.id = family.parent_id
""").bindparams(PARENTS)
