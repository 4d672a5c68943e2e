-- The last pulls of each client that changed or failed, for the status page.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE sync.pull_history (
    client_id   bigint NOT NULL REFERENCES bureau.client ON DELETE CASCADE,
    ended_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    duration_ms bigint NOT NULL,
    outcome     text NOT NULL CONSTRAINT pull_history_outcome
                CHECK (outcome IN ('done', 'loaded', 'held', 'no_access', 'failed')),
    requests    integer NOT NULL,
    changes     bigint NOT NULL,
    error       text,
    request_id  text,
    PRIMARY KEY (client_id, ended_at)
);
COMMENT ON TABLE sync.pull_history IS 'The last 50 pulls of each client that changed something or failed; idle ones leave no row.';
COMMENT ON COLUMN sync.pull_history.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN sync.pull_history.ended_at IS 'Moment the pull ended.';
COMMENT ON COLUMN sync.pull_history.duration_ms IS 'How long it took, in milliseconds.';
COMMENT ON COLUMN sync.pull_history.outcome IS 'done, loaded (a year of the first load), held, no_access or failed.';
COMMENT ON COLUMN sync.pull_history.requests IS 'Number of requests to Tripletex.';
COMMENT ON COLUMN sync.pull_history.changes IS 'Number of postings that differed.';
COMMENT ON COLUMN sync.pull_history.error IS 'What went wrong; null where nothing did.';
COMMENT ON COLUMN sync.pull_history.request_id IS 'Tripletex''s request id of the failure, for its support.';
