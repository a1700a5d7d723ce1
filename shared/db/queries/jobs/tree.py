"""Parents and children: what the state of one means for the others.

Every transaction that ends a job locks the job's parent first, so that two of them never wait for each other.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from shared.db.prepared import PREPARED
from shared.db.unit_of_work import Transaction
from shared.jobs.kinds import JobKind


def settle(transaction: Transaction, parent_ids: Collection[UUID]) -> None:
    """Brings the families of these parents, which are locked, in order after children have ended.

    Children of a later stage are freed (and sent) when all of the earlier ones have succeeded, cancelled when one
    has not; then each parent's count, progress, state, error and result follow from its children's.
    """
    if parent_ids:
        for freed in transaction.connection.execute(SETTLE, {"parents": list(parent_ids)}).all():
            transaction.send(JobKind(freed.kind), freed.id)


# One statement, since every upload passes here twice. All parts of it see the rows as they were before it.
SETTLE = (
    text("""
    WITH child AS MATERIALIZED (
        SELECT id, parent_id, stage, status, error_code, error_message, result,
               blocked AND status = 'queued' AS waiting,
               bool_and(status = 'succeeded') OVER earlier IS NOT FALSE AS ready,
               bool_or(status IN ('failed', 'dead', 'cancelled')) OVER earlier IS TRUE AS unreachable
        FROM jobs WHERE parent_id = ANY(:parents)
        WINDOW earlier AS (
            PARTITION BY parent_id ORDER BY stage GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), freed AS (
        UPDATE jobs AS job SET blocked = false, published_at = now(), run_at = now()
        FROM child WHERE job.id = child.id AND child.waiting AND child.ready
        RETURNING job.id, job.kind
    ), cancelled AS (
        UPDATE jobs AS job SET status = 'cancelled', finished_at = now()
        FROM child WHERE job.id = child.id AND child.waiting AND child.unreachable
    ), settled AS (
        SELECT id, parent_id, stage, error_code, error_message, result,
               CASE WHEN waiting AND unreachable THEN 'cancelled' ELSE status END AS status
        FROM child
    ), family AS (
        SELECT parent_id,
               count(*) AS children,
               count(*) FILTER (WHERE status NOT IN ('queued', 'running')) AS ended,
               count(*) FILTER (WHERE status = 'failed') AS failed,
               count(*) FILTER (WHERE status = 'dead') AS dead,
               count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
               (array_agg(error_code ORDER BY stage, id) FILTER (WHERE error_code IS NOT NULL))[1] AS error_code,
               (array_agg(error_message ORDER BY stage, id) FILTER (WHERE error_code IS NOT NULL))[1] AS error_message
        FROM settled GROUP BY parent_id
    ), derived AS (
        UPDATE jobs AS parent SET
            children = family.children,
            children_finished = family.ended,
            progress = greatest(parent.progress, family.ended::real / family.children),
            status = CASE
                WHEN family.ended < family.children
                    THEN CASE WHEN family.ended > 0 THEN 'running' ELSE parent.status END
                WHEN family.failed > 0 THEN 'failed'
                WHEN family.dead > 0 THEN 'dead'
                WHEN family.cancelled > 0 THEN 'cancelled'
                ELSE 'succeeded' END,
            error_code = CASE WHEN family.failed + family.dead > 0 THEN family.error_code END,
            error_message = CASE WHEN family.failed + family.dead > 0 THEN family.error_message END,
            started_at = coalesce(parent.started_at, now()),
            finished_at = CASE WHEN family.ended = family.children THEN now() END,
            result = CASE WHEN family.ended = family.children THEN (
                SELECT jsonb_object_agg(part.key, part.value ORDER BY settled.stage)
                FROM settled, jsonb_each(settled.result) AS part
                WHERE settled.parent_id = parent.id) END
        FROM family WHERE parent.id = family.parent_id
    )
    SELECT id, kind FROM freed
""")
    .bindparams(bindparam("parents", type_=ARRAY(Uuid(as_uuid=True))))
    .execution_options(**PREPARED)
)
