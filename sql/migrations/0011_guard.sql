-- What is held back, row by row, and word to readers when the state of a client changes.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE sync.held_posting (
    client_id    bigint NOT NULL REFERENCES bureau.client ON DELETE CASCADE,
    posting_id   bigint NOT NULL,
    voucher_id   bigint NOT NULL,
    is_confirmed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (client_id, posting_id)
);
COMMENT ON TABLE sync.held_posting IS
    'Mirrored postings that are missing in Tripletex and held back; empty where the client is not held.';
COMMENT ON COLUMN sync.held_posting.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN sync.held_posting.posting_id IS 'The posting, mirror.posting.';
COMMENT ON COLUMN sync.held_posting.voucher_id IS 'Its voucher, mirror.voucher.';
COMMENT ON COLUMN sync.held_posting.is_confirmed IS
    'True where bureau.confirm_vanish was called while it was reported: the next pull may remove it.';

-- Confirmed is what is reported at this moment. What vanishes beyond it is held back anew.
CREATE OR REPLACE FUNCTION bureau.confirm_vanish(org_nr text) RETURNS bigint
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
    UPDATE sync.held_posting h SET is_confirmed = true WHERE h.client_id = client AND NOT h.is_confirmed;
    RETURN sync.order_add(client, 'confirm_vanish', detail => reported);
END
$$;

-- The part of `state` that is not a matter of time. Several changes in one transaction are one notification.
CREATE FUNCTION sync.state_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('finale_changed', c.org_nr) FROM bureau.client c WHERE c.client_id = NEW.client_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION sync.state_changed() IS 'Trigger: tells readers that the state of a client in finale.client changed.';
CREATE TRIGGER state_changed AFTER UPDATE ON sync.client_state
    FOR EACH ROW
    WHEN ((OLD.no_access, OLD.held_since IS NULL, OLD.first_pull_at IS NULL, OLD.failures >= 3 OR OLD.refused)
          IS DISTINCT FROM (NEW.no_access, NEW.held_since IS NULL, NEW.first_pull_at IS NULL, NEW.failures >= 3 OR NEW.refused))
    EXECUTE FUNCTION sync.state_changed();
