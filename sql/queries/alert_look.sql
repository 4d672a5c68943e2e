-- Finds what is amiss now, begins and ends incidents, and notifies of both. $1: after how many ms without a proven
-- state; a client that is pulled seldom has three of its intervals: its own or the general one ($2), or that of clients
-- whose events are heard ($3). Who is held or has no access is told of once, as that. Several daemons may look at once:
-- an incident begins in one of them only.
WITH amiss AS (
    SELECT s.client_id, k.kind, s.state,
           coalesce(s.reason, pg_catalog.format('it was last found equal to Tripletex at %s', s.fresh_as_of)) AS reason,
           coalesce(s.remedy, 'see that saldod runs and what its log says: journalctl -u saldod') AS remedy
      FROM bureau.status s
      JOIN bureau.client c ON c.client_id = s.client_id
     CROSS JOIN LATERAL (VALUES
           ('no_access', s.state = 'no_access'),
           ('held', s.state = 'held'),
           ('difference', s.differences > 0),
           ('no_proven_state', pg_catalog.now() - coalesce(s.fresh_as_of, c.created_at)
                               > greatest($1::bigint * interval '1 millisecond',
                                          3 * coalesce(c.pull_interval, $2::bigint * interval '1 millisecond'),
                                          CASE WHEN EXISTS (SELECT FROM sync.webhook w WHERE w.client_id = s.client_id)
                                               THEN 3 * $3::bigint * interval '1 millisecond' END))) k (kind, is_amiss)
     WHERE s.state <> 'disabled' AND k.is_amiss
), ended AS (
    UPDATE sync.alert a
       SET ended_at = pg_catalog.clock_timestamp(), tries = 0, claimed_until = NULL
     WHERE a.ended_at IS NULL
       AND NOT EXISTS (SELECT FROM amiss m WHERE m.client_id = a.client_id AND m.kind = a.kind)
    RETURNING a.client_id, a.kind, a.began_at, a.ended_at, a.reason, a.remedy
), begun AS (
    INSERT INTO sync.alert (client_id, kind, reason, remedy)
    SELECT m.client_id, m.kind, m.reason, m.remedy
      FROM amiss m
     WHERE m.kind <> 'no_proven_state' OR m.state NOT IN ('held', 'no_access')
    ON CONFLICT (client_id, kind) WHERE ended_at IS NULL DO NOTHING
    RETURNING client_id, kind, began_at, ended_at, reason, remedy
), forgotten AS (
    DELETE FROM sync.alert a WHERE a.ended_at < pg_catalog.now() - interval '90 days'
), told AS (
    SELECT pg_catalog.pg_notify('saldod_alert', sync.alert_document(t.client_id, t.kind, t.event, t.began_at, t.ended_at,
                                                                    t.reason, t.remedy))
      FROM (SELECT b.*, 'begun' AS event FROM begun b UNION ALL SELECT e.*, 'over' FROM ended e) t
)
SELECT pg_catalog.count(*) AS told FROM told
