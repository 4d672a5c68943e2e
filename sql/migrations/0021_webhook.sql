-- Our subscriptions to events at Tripletex, so that they can be told from those of others and removed.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE sync.webhook (
    client_id       bigint NOT NULL REFERENCES bureau.client ON DELETE CASCADE,
    subscription_id bigint NOT NULL,
    event           text NOT NULL,
    made_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
    seen_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (client_id, subscription_id)
);
COMMENT ON TABLE sync.webhook IS 'The subscriptions to events that the daemon made at Tripletex.';
COMMENT ON COLUMN sync.webhook.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN sync.webhook.subscription_id IS 'Tripletex''s id of the subscription.';
COMMENT ON COLUMN sync.webhook.event IS 'Name of the event, such as voucher.update.';
COMMENT ON COLUMN sync.webhook.made_at IS 'Moment the subscription was made, or found.';
COMMENT ON COLUMN sync.webhook.seen_at IS 'Moment it was last seen alive.';
