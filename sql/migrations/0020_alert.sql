-- What is amiss with a client for long enough that somebody should be told: one row for each incident.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE sync.alert (
    client_id     bigint NOT NULL REFERENCES bureau.client ON DELETE CASCADE,
    kind          text NOT NULL CONSTRAINT alert_kind
                  CHECK (kind IN ('no_proven_state', 'held', 'no_access', 'difference')),
    began_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    ended_at      timestamptz,
    reason        text,
    remedy        text,
    began_told_at timestamptz,
    ended_told_at timestamptz,
    claimed_until timestamptz,
    tries         integer NOT NULL DEFAULT 0,
    PRIMARY KEY (client_id, kind, began_at)
);
CREATE UNIQUE INDEX alert_open_idx ON sync.alert (client_id, kind) WHERE ended_at IS NULL;
CREATE INDEX alert_untold_idx ON sync.alert (began_at) WHERE began_told_at IS NULL OR ended_told_at IS NULL;
COMMENT ON TABLE sync.alert IS 'Incidents of clients: each is told once when it begins and once when it is over.';
COMMENT ON COLUMN sync.alert.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN sync.alert.kind IS
    'no_proven_state: for longer than [alert] after; held; no_access; difference: between saldo and postings.';
COMMENT ON COLUMN sync.alert.began_at IS 'Moment it was found.';
COMMENT ON COLUMN sync.alert.ended_at IS 'Moment it was found to be over; null while it lasts.';
COMMENT ON COLUMN sync.alert.reason IS 'Why, as bureau.status said when it began.';
COMMENT ON COLUMN sync.alert.remedy IS 'What to do about it, as bureau.status said when it began.';
COMMENT ON COLUMN sync.alert.began_told_at IS 'Moment [alert] command was told that it began; null before, or without a command.';
COMMENT ON COLUMN sync.alert.ended_told_at IS 'Moment [alert] command was told that it is over.';
COMMENT ON COLUMN sync.alert.claimed_until IS 'A daemon runs the command for it; after that moment another one may.';
COMMENT ON COLUMN sync.alert.tries IS 'How often the command was run for what is to be told, without success.';

CREATE FUNCTION sync.alert_document(client_id bigint, kind text, event text, began_at timestamptz, ended_at timestamptz,
                                    reason text, remedy text) RETURNS text
    LANGUAGE sql STABLE SET search_path = ''
BEGIN ATOMIC
    SELECT pg_catalog.jsonb_build_object(
               'event', alert_document.event, 'kind', alert_document.kind, 'org_nr', c.org_nr,
               'name', pg_catalog.left(c.name, 200), 'bureau', pg_catalog.left(b.name, 200),
               'began_at', alert_document.began_at, 'ended_at', alert_document.ended_at,
               'reason', pg_catalog.left(alert_document.reason, 1000),
               'remedy', pg_catalog.left(alert_document.remedy, 1000))::text
      FROM bureau.client c
      LEFT JOIN bureau.bureau b ON b.bureau_id = c.bureau_id
     WHERE c.client_id = alert_document.client_id;
END;
COMMENT ON FUNCTION sync.alert_document(bigint, text, text, timestamptz, timestamptz, text, text) IS
    'An incident in JSON, as it is told: event is begun or over. Short enough for a notification.';
REVOKE EXECUTE ON FUNCTION sync.alert_document(bigint, text, text, timestamptz, timestamptz, text, text) FROM PUBLIC;
