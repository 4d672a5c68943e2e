-- What became of the orders of administrators, and how long those that wait have waited.
SET LOCAL ROLE saldod_daemon;

CREATE VIEW bureau.order_list AS
SELECT c.org_nr,
       o.order_id,
       o.kind,
       o.year,
       o.account,
       o.ordered_at,
       o.ordered_by,
       o.done_at,
       o.outcome,
       CASE WHEN o.done_at IS NULL THEN pg_catalog.now() - o.ordered_at END AS waiting,
       CASE WHEN o.done_at IS NULL THEN
           CASE WHEN NOT c.enabled OR b.enabled IS FALSE THEN 'the client is not pulled while it or its bureau is disabled'
                WHEN NOT EXISTS (SELECT FROM sync.instance i WHERE i.seen_at > pg_catalog.now() - interval '2 minutes')
                THEN 'no daemon runs'
                WHEN s.failures > 0 THEN pg_catalog.format('pulls fail: %s', s.last_error)
                ELSE 'a pull is under way, or waits for the budget of its token' END
       END AS reason
  FROM sync."order" o
  JOIN bureau.client c ON c.client_id = o.client_id
  JOIN sync.client_state s ON s.client_id = o.client_id
  LEFT JOIN bureau.bureau b ON b.bureau_id = c.bureau_id;
COMMENT ON VIEW bureau.order_list IS 'The orders of administrators: what came of them, or how long they have waited and why.';
COMMENT ON COLUMN bureau.order_list.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN bureau.order_list.order_id IS 'Number of the order, as the function that gave it returned.';
COMMENT ON COLUMN bureau.order_list.kind IS 'pull: bureau.pull_now; resync: bureau.resync; confirm_vanish: bureau.confirm_vanish.';
COMMENT ON COLUMN bureau.order_list.year IS 'For resync: the fiscal year; null = all.';
COMMENT ON COLUMN bureau.order_list.account IS 'For resync: the account number; null = all.';
COMMENT ON COLUMN bureau.order_list.ordered_at IS 'Moment of the order.';
COMMENT ON COLUMN bureau.order_list.ordered_by IS 'Login role that gave it.';
COMMENT ON COLUMN bureau.order_list.done_at IS 'Moment it was finished; null while it waits.';
COMMENT ON COLUMN bureau.order_list.outcome IS 'How it ended: done, held, or the message of the failure.';
COMMENT ON COLUMN bureau.order_list.waiting IS 'How long it has waited; null once it is done.';
COMMENT ON COLUMN bureau.order_list.reason IS 'Why it waits; null once it is done.';
GRANT SELECT ON bureau.order_list TO saldod_admin;
