-- The daemon's memory: state of each client, checksums of what was read, sessions, owners and orders.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE sync.client_state (
    client_id       bigint PRIMARY KEY REFERENCES bureau.client ON DELETE CASCADE,
    company_id      text,
    company_name    text,
    proven_at       timestamptz,
    no_access       boolean NOT NULL DEFAULT false,
    refused         boolean NOT NULL DEFAULT false,
    first_pull_at   timestamptz,
    last_pull_at    timestamptz,
    last_success_at timestamptz,
    next_pull_at    timestamptz,
    failures        integer NOT NULL DEFAULT 0,
    reason          text,
    remedy          text,
    last_error      text,
    last_error_at   timestamptz,
    last_request_id text,
    held_since      timestamptz,
    held_detail     jsonb,
    postings        bigint NOT NULL DEFAULT 0,
    loaded_rows     bigint NOT NULL DEFAULT 0
)
-- Written after every pull, idle ones too; no column of it is indexed but the key.
WITH (fillfactor = 50);
COMMENT ON TABLE sync.client_state IS 'How the pulls of a client go; a row is made with each client.';
COMMENT ON COLUMN sync.client_state.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN sync.client_state.company_id IS 'User name of Basic authentication for this company: 0, or its id in the list of the token.';
COMMENT ON COLUMN sync.client_state.company_name IS 'Name of the company in Tripletex.';
COMMENT ON COLUMN sync.client_state.proven_at IS 'Moment >whoAmI last proved that this is the company meant.';
COMMENT ON COLUMN sync.client_state.no_access IS 'True where the token has no access to the company in Tripletex.';
COMMENT ON COLUMN sync.client_state.refused IS 'True where Tripletex refuses the credentials of the client.';
COMMENT ON COLUMN sync.client_state.first_pull_at IS 'Moment the first pull began; null before.';
COMMENT ON COLUMN sync.client_state.last_pull_at IS 'Moment the last pull began.';
COMMENT ON COLUMN sync.client_state.last_success_at IS 'Moment the last successful pull ended.';
COMMENT ON COLUMN sync.client_state.next_pull_at IS 'When the next pull is due.';
COMMENT ON COLUMN sync.client_state.failures IS 'Pulls failed since the last success.';
COMMENT ON COLUMN sync.client_state.reason IS 'Why the client is in its state, where the daemon knows more than the state says.';
COMMENT ON COLUMN sync.client_state.remedy IS 'What an administrator should do about it.';
COMMENT ON COLUMN sync.client_state.last_error IS 'Message of the last failure; kept after a success.';
COMMENT ON COLUMN sync.client_state.last_error_at IS 'Moment of the last failure.';
COMMENT ON COLUMN sync.client_state.last_request_id IS 'Tripletex''s request id of the last failure, for its support.';
COMMENT ON COLUMN sync.client_state.held_since IS 'Moment a mass disappearance was held back; null where nothing is held.';
COMMENT ON COLUMN sync.client_state.held_detail IS 'What would disappear: numbers by year and examples.';
COMMENT ON COLUMN sync.client_state.postings IS 'Number of mirrored postings.';
COMMENT ON COLUMN sync.client_state.loaded_rows IS 'Rows read so far by the first load, for progress.';

CREATE TABLE sync.range (
    client_id    bigint NOT NULL REFERENCES bureau.client ON DELETE CASCADE,
    date_from    date NOT NULL,
    date_to      date NOT NULL,
    account_from integer NOT NULL DEFAULT 0,
    account_to   integer NOT NULL DEFAULT 0,
    number_from  integer NOT NULL DEFAULT 0,
    number_to    integer NOT NULL DEFAULT 0,
    digest       text,
    row_count    integer,
    is_top       boolean NOT NULL DEFAULT false,
    due_interval interval,
    confirmed_at timestamptz,
    changed_at   timestamptz,
    PRIMARY KEY (client_id, date_from, date_to, account_from, account_to, number_from, number_to),
    CONSTRAINT range_dates CHECK (date_from < date_to),
    CONSTRAINT range_top_is_asked CHECK (NOT is_top OR due_interval IS NOT NULL)
)
-- confirmed_at moves with every answer, also where nothing changed.
WITH (fillfactor = 70);
CREATE INDEX range_top_idx ON sync.range (client_id, date_from) WHERE is_top;
COMMENT ON TABLE sync.range IS 'The tree of date ranges of postings with their checksums.';
COMMENT ON COLUMN sync.range.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN sync.range.date_from IS 'First day.';
COMMENT ON COLUMN sync.range.date_to IS 'The day after the last day.';
COMMENT ON COLUMN sync.range.account_from IS 'First account number; 0 with account_to 0 = all accounts.';
COMMENT ON COLUMN sync.range.account_to IS 'The account number after the last.';
COMMENT ON COLUMN sync.range.number_from IS 'First voucher number; 0 with number_to 0 = all vouchers.';
COMMENT ON COLUMN sync.range.number_to IS 'The voucher number after the last.';
COMMENT ON COLUMN sync.range.digest IS 'Tripletex''s checksum of the list when last read; null = none given, or to be asked unconditionally.';
COMMENT ON COLUMN sync.range.row_count IS 'Number of rows when last read.';
COMMENT ON COLUMN sync.range.is_top IS 'True for the ranges that together cover the horizon and are asked by the schedule.';
COMMENT ON COLUMN sync.range.due_interval IS 'How often a top range is asked.';
COMMENT ON COLUMN sync.range.confirmed_at IS 'Moment the request was sent that last confirmed the range; null = not confirmed yet.';
COMMENT ON COLUMN sync.range.changed_at IS 'Moment the request was sent that last found a change in the range.';

CREATE TABLE sync.list (
    client_id    bigint NOT NULL REFERENCES bureau.client ON DELETE CASCADE,
    resource     text NOT NULL,
    variant      text NOT NULL DEFAULT '',
    digest       text,
    confirmed_at timestamptz,
    asked_at     timestamptz,
    fault        text,
    PRIMARY KEY (client_id, resource, variant)
)
WITH (fillfactor = 70);
COMMENT ON TABLE sync.list IS 'Checksums of lists other than postings: master data, and the opening sheet of a year.';
COMMENT ON COLUMN sync.list.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN sync.list.resource IS 'Path of the list in the API.';
COMMENT ON COLUMN sync.list.variant IS 'What tells two lists of one path apart, such as the year; empty where there is one.';
COMMENT ON COLUMN sync.list.digest IS 'Tripletex''s checksum of the list when last read; null = none given, or to be asked unconditionally.';
COMMENT ON COLUMN sync.list.confirmed_at IS 'Moment the request was sent that last confirmed the list.';
COMMENT ON COLUMN sync.list.asked_at IS 'Moment the list was last asked, whatever came of it.';
COMMENT ON COLUMN sync.list.fault IS 'Why the list could not be read last time; null where it could.';

CREATE TABLE sync.session (
    token_id     text PRIMARY KEY,
    sealed_token text NOT NULL,
    expires_at   timestamptz NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE sync.session IS 'The living session of each employee token, sealed, so that a restart makes no new one.';
COMMENT ON COLUMN sync.session.token_id IS 'Fingerprint of the employee token; says nothing about the token itself.';
COMMENT ON COLUMN sync.session.sealed_token IS 'The session token, sealed.';
COMMENT ON COLUMN sync.session.expires_at IS 'Moment the session ends at Tripletex: midnight in Oslo.';
COMMENT ON COLUMN sync.session.made_at IS 'Moment the session was made.';

CREATE TABLE sync.owner (
    token_id    text PRIMARY KEY,
    instance    text NOT NULL,
    epoch       bigint NOT NULL,
    backend_pid integer NOT NULL,
    owned_at    timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE sync.owner IS 'Which daemon uses a token; locked and compared by every publishing transaction.';
COMMENT ON COLUMN sync.owner.token_id IS 'Fingerprint of the employee token.';
COMMENT ON COLUMN sync.owner.instance IS 'The daemon, sync.instance.';
COMMENT ON COLUMN sync.owner.epoch IS 'Grows with each change of owner; an older one may publish nothing.';
COMMENT ON COLUMN sync.owner.backend_pid IS 'Server process of the owner''s listening connection, which holds the advisory lock.';
COMMENT ON COLUMN sync.owner.owned_at IS 'Moment it became the owner.';

CREATE TABLE sync.token_state (
    token_id           text PRIMARY KEY,
    bureau_id          bigint REFERENCES bureau.bureau ON DELETE CASCADE,
    client_id          bigint REFERENCES bureau.client ON DELETE CASCADE,
    state              text NOT NULL DEFAULT 'new' CONSTRAINT token_state_state
                       CHECK (state IN ('new', 'ready', 'refused', 'unreadable')),
    reason             text,
    remedy             text,
    last_error         text,
    last_request_id    text,
    budget_limit       integer,
    budget_remaining   integer,
    budget_reset_at    timestamptz,
    session_expires_at timestamptz,
    updated_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT token_state_holder CHECK (bureau_id IS NULL OR client_id IS NULL)
);
CREATE INDEX token_state_bureau_idx ON sync.token_state (bureau_id);
CREATE INDEX token_state_client_idx ON sync.token_state (client_id);
COMMENT ON TABLE sync.token_state IS 'What is known of an employee token: its session, its budget, its faults.';
COMMENT ON COLUMN sync.token_state.token_id IS 'Fingerprint of the employee token.';
COMMENT ON COLUMN sync.token_state.bureau_id IS 'The bureau whose token it is; null for the token of a single client.';
COMMENT ON COLUMN sync.token_state.client_id IS 'The client whose own token it is; null for the token of a bureau.';
COMMENT ON COLUMN sync.token_state.state IS
    'new: not used yet; ready: Tripletex takes it; refused: Tripletex does not; unreadable: cannot be unsealed, or its credential is missing.';
COMMENT ON COLUMN sync.token_state.reason IS 'Why the token is in its state.';
COMMENT ON COLUMN sync.token_state.remedy IS 'What an administrator should do about it.';
COMMENT ON COLUMN sync.token_state.last_error IS 'Message of the last failure of the token.';
COMMENT ON COLUMN sync.token_state.last_request_id IS 'Tripletex''s request id of that failure.';
COMMENT ON COLUMN sync.token_state.budget_limit IS 'Requests allowed per period, by the last header seen.';
COMMENT ON COLUMN sync.token_state.budget_remaining IS 'Requests left in the period, by the last header seen.';
COMMENT ON COLUMN sync.token_state.budget_reset_at IS 'Moment the period ends.';
COMMENT ON COLUMN sync.token_state.session_expires_at IS 'Moment the present session ends.';
COMMENT ON COLUMN sync.token_state.updated_at IS 'Moment the row was last written.';

CREATE TABLE sync.available_client (
    token_id   text NOT NULL,
    bureau_id  bigint REFERENCES bureau.bureau ON DELETE CASCADE,
    company_id bigint NOT NULL,
    org_nr     text,
    name       text,
    seen_at    timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (token_id, company_id)
);
CREATE INDEX available_client_bureau_idx ON sync.available_client (bureau_id);
COMMENT ON TABLE sync.available_client IS 'Companies that a token has access to in Tripletex, registered or not.';
COMMENT ON COLUMN sync.available_client.token_id IS 'Fingerprint of the employee token.';
COMMENT ON COLUMN sync.available_client.bureau_id IS 'The bureau whose token it is; null for the token of a single client.';
COMMENT ON COLUMN sync.available_client.company_id IS 'Tripletex''s id of the company.';
COMMENT ON COLUMN sync.available_client.org_nr IS 'Organisation number of the company, as Tripletex has it.';
COMMENT ON COLUMN sync.available_client.name IS 'Name of the company, as Tripletex has it.';
COMMENT ON COLUMN sync.available_client.seen_at IS 'Moment it was last listed.';

CREATE TABLE sync.instance (
    instance   text PRIMARY KEY,
    version    text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    seen_at    timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE sync.instance IS 'The daemons that use this database.';
COMMENT ON COLUMN sync.instance.instance IS 'Name of the daemon: [database] instance, by default the host name.';
COMMENT ON COLUMN sync.instance.version IS 'Its version.';
COMMENT ON COLUMN sync.instance.started_at IS 'Moment it was started.';
COMMENT ON COLUMN sync.instance.seen_at IS 'Moment it was last seen alive.';

CREATE TABLE sync."order" (
    order_id   bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    client_id  bigint NOT NULL REFERENCES bureau.client ON DELETE CASCADE,
    kind       text NOT NULL CONSTRAINT order_kind CHECK (kind IN ('pull', 'resync', 'confirm_vanish')),
    year       integer,
    account    text,
    detail     jsonb,
    ordered_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    ordered_by text NOT NULL DEFAULT session_user,
    taken_at   timestamptz,
    done_at    timestamptz,
    outcome    text,
    PRIMARY KEY (client_id, order_id)
);
CREATE INDEX order_open_idx ON sync."order" (order_id) WHERE done_at IS NULL;
COMMENT ON TABLE sync."order" IS 'What administrators asked of the daemon; announced on channel saldod_order with the client_id.';
COMMENT ON COLUMN sync."order".order_id IS 'Number of the order.';
COMMENT ON COLUMN sync."order".client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN sync."order".kind IS 'pull: as soon as the budget allows; resync: read again in full; confirm_vanish: what is held back is really gone.';
COMMENT ON COLUMN sync."order".year IS 'For resync: the fiscal year; null = all.';
COMMENT ON COLUMN sync."order".account IS 'For resync: the account number; null = all.';
COMMENT ON COLUMN sync."order".detail IS 'For confirm_vanish: what was reported when it was confirmed (held_since, held_detail); nothing else is confirmed by it.';
COMMENT ON COLUMN sync."order".ordered_at IS 'Moment of the order.';
COMMENT ON COLUMN sync."order".ordered_by IS 'Login role that gave it.';
COMMENT ON COLUMN sync."order".taken_at IS 'Moment a daemon took it up.';
COMMENT ON COLUMN sync."order".done_at IS 'Moment it was finished; null before.';
COMMENT ON COLUMN sync."order".outcome IS 'How it ended: done, or the message of the failure.';

CREATE FUNCTION sync.client_added() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    INSERT INTO sync.client_state (client_id) VALUES (NEW.client_id);
    PERFORM pg_catalog.pg_notify('finale_changed', NEW.org_nr);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION sync.client_added() IS 'Trigger: gives a new client its row of sync.client_state.';
CREATE TRIGGER client_added AFTER INSERT ON bureau.client
    FOR EACH ROW EXECUTE FUNCTION sync.client_added();

CREATE FUNCTION sync.client_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('finale_changed', OLD.org_nr);
    PERFORM pg_catalog.pg_notify('finale_changed', NEW.org_nr);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION sync.client_changed() IS 'Trigger: tells readers that the row of finale.client changed.';
CREATE TRIGGER client_changed AFTER UPDATE ON bureau.client
    FOR EACH ROW
    WHEN ((OLD.org_nr, OLD.name, OLD.bureau_id, OLD.enabled) IS DISTINCT FROM (NEW.org_nr, NEW.name, NEW.bureau_id, NEW.enabled))
    EXECUTE FUNCTION sync.client_changed();

-- Walks the catalogue, so that a table added later cannot be forgotten. The sessions of the client's own token have
-- no client_id and go by their token.
CREATE FUNCTION sync.client_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    tokens text[] := ARRAY(SELECT t.token_id FROM sync.token_state t WHERE t.client_id = OLD.client_id);
    tab    pg_catalog.regclass;
BEGIN
    -- A publication in progress holds this row: what it wrote must be there to be removed.
    PERFORM FROM sync.client_state s WHERE s.client_id = OLD.client_id FOR UPDATE;
    DELETE FROM sync.session s WHERE s.token_id = ANY (tokens);
    DELETE FROM sync.owner o WHERE o.token_id = ANY (tokens);
    DELETE FROM sync.available_client a WHERE a.token_id = ANY (tokens);
    FOR tab IN
        SELECT r.oid
          FROM pg_catalog.pg_class r
          JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
          JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attname = 'client_id' AND NOT a.attisdropped
         WHERE r.relkind IN ('r', 'p') AND NOT r.relispartition
           AND (n.nspname IN ('mirror', 'sync') OR r.oid = pg_catalog.to_regclass('bureau.reader_grant'))
    LOOP
        EXECUTE pg_catalog.format('DELETE FROM %s WHERE client_id = $1', tab) USING OLD.client_id;
    END LOOP;
    PERFORM pg_catalog.pg_notify('finale_changed', OLD.org_nr);
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION sync.client_gone() IS 'Trigger: removes everything of a client that is deleted, from every table that has a client_id.';
CREATE TRIGGER client_gone BEFORE DELETE ON bureau.client
    FOR EACH ROW EXECUTE FUNCTION sync.client_gone();

CREATE FUNCTION sync.bureau_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    tokens text[] := ARRAY(SELECT t.token_id FROM sync.token_state t WHERE t.bureau_id = OLD.bureau_id);
BEGIN
    DELETE FROM sync.session s WHERE s.token_id = ANY (tokens);
    DELETE FROM sync.owner o WHERE o.token_id = ANY (tokens);
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION sync.bureau_gone() IS 'Trigger: removes sessions and owners of the tokens of a bureau that is deleted.';
-- By name after bureau_keep, which may refuse first.
CREATE TRIGGER bureau_remove BEFORE DELETE ON bureau.bureau
    FOR EACH ROW EXECUTE FUNCTION sync.bureau_gone();
