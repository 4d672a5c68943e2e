-- Orders of administrators. Each function writes one order and announces it; the daemon that owns the token of the
-- client takes it up, and leaves in the same row what came of it.
SET LOCAL ROLE saldod_daemon;

CREATE FUNCTION sync.order_add(client bigint, kind text, year integer DEFAULT NULL, account text DEFAULT NULL, detail jsonb DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO sync."order" AS o (client_id, kind, year, account, detail)
    VALUES (order_add.client, order_add.kind, order_add.year, order_add.account, order_add.detail)
    RETURNING o.order_id INTO made;
    PERFORM pg_catalog.pg_notify('saldod_order', order_add.client::text);
    RETURN made;
END
$$;
COMMENT ON FUNCTION sync.order_add(bigint, text, integer, text, jsonb) IS
    'Writes an order, announces it on channel saldod_order with the client_id, and returns its order_id.';

-- Orders for a client that is not pulled would wait for ever.
CREATE FUNCTION sync.client_to_order(org_nr text) RETURNS bigint
    LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
DECLARE
    client bigint := bureau.client_of(client_to_order.org_nr);
    off    text   := (SELECT CASE WHEN NOT c.enabled THEN 'client' WHEN NOT b.enabled THEN 'bureau' END
                        FROM bureau.client c
                        LEFT JOIN bureau.bureau b ON b.bureau_id = c.bureau_id
                       WHERE c.client_id = client);
BEGIN
    IF off IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state', SCHEMA = 'bureau', TABLE = off, COLUMN = 'enabled',
            MESSAGE = pg_catalog.format('bureau.%s.enabled: client %s is not pulled, since its %s is disabled',
                                        off, client_to_order.org_nr,
                                        CASE off WHEN 'client' THEN 'row' ELSE 'bureau' END),
            HINT = pg_catalog.format('Enable it first: UPDATE bureau.%s SET enabled = true WHERE ...;', off);
    END IF;
    RETURN client;
END
$$;
COMMENT ON FUNCTION sync.client_to_order(text) IS 'The client_id of a client that can be given orders; an error with a hint where it cannot.';

CREATE FUNCTION bureau.pull_now(org_nr text) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
    SELECT sync.order_add(sync.client_to_order(pull_now.org_nr), 'pull');
END;
COMMENT ON FUNCTION bureau.pull_now(text) IS 'Pulls the client as soon as the budget allows; returns the number of the order.';

CREATE FUNCTION bureau.resync(org_nr text, year integer DEFAULT NULL, account text DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    client bigint := sync.client_to_order(resync.org_nr);
    years  text;
BEGIN
    IF resync.year IS NOT NULL AND NOT EXISTS (
        SELECT FROM mirror.year y WHERE y.client_id = client AND y.year = resync.year) THEN
        SELECT pg_catalog.string_agg(y.year::text, ', ' ORDER BY y.year) INTO years
          FROM mirror.year y WHERE y.client_id = client;
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = pg_catalog.format('mirror.year.year: %s is no fiscal year of client %s that is mirrored', resync.year, resync.org_nr),
            HINT = pg_catalog.format('Choose one of %s, or leave the year out to read all of them.', coalesce(years, 'none yet'));
    END IF;
    IF resync.account IS NOT NULL AND NOT EXISTS (
        SELECT FROM mirror.account a WHERE a.client_id = client AND a.number = resync.account) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = pg_catalog.format('mirror.account.number: client %s has no account %L', resync.org_nr, resync.account),
            HINT = 'Accounts are listed in finale.account; leave the account out to read all of them.';
    END IF;
    RETURN sync.order_add(client, 'resync', resync.year, resync.account);
END
$$;
COMMENT ON FUNCTION bureau.resync(text, integer, text) IS
    'Reads the client, one fiscal year or one account of it, again in full, beside what is visible; returns the number of the order.';

CREATE FUNCTION bureau.confirm_vanish(org_nr text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    client   bigint := sync.client_to_order(confirm_vanish.org_nr);
    reported jsonb;
BEGIN
    SELECT pg_catalog.jsonb_build_object('held_since', s.held_since, 'held_detail', s.held_detail) INTO reported
      FROM sync.client_state s WHERE s.client_id = client AND s.held_since IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = pg_catalog.format('nothing is held back for client %s, so there is nothing to confirm', confirm_vanish.org_nr),
            HINT = 'What is held back is shown by: SELECT org_nr, state, reason, held_detail FROM bureau.status;';
    END IF;
    RETURN sync.order_add(client, 'confirm_vanish', detail => reported);
END
$$;
COMMENT ON FUNCTION bureau.confirm_vanish(text) IS
    'Confirms that the postings reported as held back are really gone from Tripletex; returns the number of the order. An error where nothing is held.';

CREATE FUNCTION bureau.purge_client(org_nr text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    client   bigint := bureau.client_of(purge_client.org_nr);
    its_file text;
BEGIN
    DELETE FROM bureau.client c WHERE c.client_id = client RETURNING c.owner INTO its_file;
    IF its_file IS NOT NULL THEN
        RAISE WARNING USING
            MESSAGE = pg_catalog.format('client %s comes from the configuration file of %L and is mirrored again at its next start or reload',
                                        purge_client.org_nr, its_file),
            HINT = pg_catalog.format('Remove the section [client %s] there.', purge_client.org_nr);
    END IF;
END
$$;
COMMENT ON FUNCTION bureau.purge_client(text) IS
    'Removes a client and everything mirrored or remembered of it, for off-boarding. Tripletex is not touched.';

GRANT EXECUTE ON FUNCTION bureau.pull_now(text), bureau.resync(text, integer, text), bureau.confirm_vanish(text),
    bureau.purge_client(text) TO saldod_admin;
