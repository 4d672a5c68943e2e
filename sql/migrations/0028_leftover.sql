-- What a client that is gone leaves at Tripletex: subscriptions to events, until they are removed there too.
SET LOCAL ROLE saldod_daemon;

-- No column is called client_id: a purge walks those, and this is what it leaves.
CREATE TABLE sync.leftover (
    company_id      text NOT NULL,
    subscription_id bigint NOT NULL,
    bureau_id       bigint,
    holder          bigint NOT NULL,
    employee_token  text,
    forget_at       timestamptz NOT NULL DEFAULT pg_catalog.now() + interval '7 days',
    PRIMARY KEY (company_id, subscription_id),
    CHECK ((bureau_id IS NULL) = (employee_token IS NOT NULL))
);
COMMENT ON TABLE sync.leftover IS
    'Subscriptions to events of clients that are gone, which the daemon removes at Tripletex; a row goes with its subscription, or after seven days.';
COMMENT ON COLUMN sync.leftover.company_id IS 'User name of Basic authentication for the company, without which Tripletex removes nothing.';
COMMENT ON COLUMN sync.leftover.subscription_id IS 'Tripletex''s id of the subscription.';
COMMENT ON COLUMN sync.leftover.bureau_id IS 'The bureau whose token removes it, bureau.bureau.bureau_id; null where that token has no other place than here.';
COMMENT ON COLUMN sync.leftover.holder IS 'Number that the client had; the daemon knows a token that stands here by it.';
COMMENT ON COLUMN sync.leftover.employee_token IS 'The token that removes it, where its bureau or client is gone: sealed, or credential:NAME, never in the clear.';
COMMENT ON COLUMN sync.leftover.forget_at IS 'Moment it is given up, whatever became of it.';

CREATE FUNCTION sync.client_leaves() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    DELETE FROM sync.leftover l WHERE l.forget_at <= pg_catalog.clock_timestamp();
    -- With a token that was never sealed nothing was subscribed to.
    INSERT INTO sync.leftover (company_id, subscription_id, bureau_id, holder, employee_token)
    SELECT s.company_id, w.subscription_id,
           CASE WHEN OLD.employee_token IS NULL THEN OLD.bureau_id END, OLD.client_id, OLD.employee_token
      FROM sync.webhook w
      JOIN sync.client_state s ON s.client_id = w.client_id
     WHERE w.client_id = OLD.client_id
       AND s.company_id IS NOT NULL
       AND bureau.token_kind(OLD.employee_token) IS DISTINCT FROM 'clear'
    ON CONFLICT DO NOTHING;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION sync.client_leaves() IS 'Trigger: remembers the subscriptions of a client that is deleted, so that they can be removed at Tripletex.';
REVOKE ALL ON FUNCTION sync.client_leaves() FROM PUBLIC;
-- By name before client_gone, which removes what it reads.
CREATE TRIGGER client_ends BEFORE DELETE ON bureau.client
    FOR EACH ROW EXECUTE FUNCTION sync.client_leaves();

CREATE FUNCTION sync.bureau_leaves() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    DELETE FROM sync.leftover l
     WHERE l.bureau_id = OLD.bureau_id AND bureau.token_kind(OLD.employee_token) = 'clear';
    UPDATE sync.leftover l
       SET bureau_id = NULL, employee_token = OLD.employee_token,
           holder = (SELECT pg_catalog.min(o.holder) FROM sync.leftover o WHERE o.bureau_id = OLD.bureau_id)
     WHERE l.bureau_id = OLD.bureau_id;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION sync.bureau_leaves() IS 'Trigger: keeps the token of a bureau that is deleted for what its clients left at Tripletex.';
REVOKE ALL ON FUNCTION sync.bureau_leaves() FROM PUBLIC;
-- By name after bureau_keep, which may refuse first.
CREATE TRIGGER bureau_leaves BEFORE DELETE ON bureau.bureau
    FOR EACH ROW EXECUTE FUNCTION sync.bureau_leaves();

COMMENT ON FUNCTION bureau.purge_client(text) IS
    'Removes a client and everything mirrored or remembered of it, for off-boarding. Of Tripletex it touches our own subscriptions alone, which the daemon removes there soon after.';
