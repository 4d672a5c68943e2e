-- Subscriptions of a company ($1) that are no more, by their ids ($2). With the last one its token may go, too.
WITH gone AS (
    DELETE FROM sync.leftover l
     WHERE l.company_id = $1 AND l.subscription_id = ANY ($2::bigint[])
    RETURNING l.bureau_id
)
SELECT pg_catalog.pg_notify('saldod_registry', '') FROM gone g WHERE g.bureau_id IS NULL LIMIT 1
