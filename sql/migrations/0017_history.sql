-- What figures were before they changed: every version of what readers see, each from one publication to another.
--
-- A publication is a transaction of the daemon that changes what readers see of a client. It takes the client's lock first,
-- then a number, and notes the clock as its last act. Numbers of a client therefore rise with their moments, and a version
-- carries the number of the publication that made it; nothing is written twice to say when that was.
SET LOCAL ROLE saldod_daemon;

CREATE SEQUENCE mirror.publication_number AS bigint CACHE 1;
COMMENT ON SEQUENCE mirror.publication_number IS 'Numbers of publications; gaps mean nothing.';

CREATE TABLE mirror.publication (
    client_id    bigint NOT NULL,
    publication  bigint NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, publication)
);
CREATE INDEX publication_moment_idx ON mirror.publication (client_id, published_at);
COMMENT ON TABLE mirror.publication IS 'When what readers see of a client changed.';
COMMENT ON COLUMN mirror.publication.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.publication.publication IS 'Its number; rises with published_at within a client.';
COMMENT ON COLUMN mirror.publication.published_at IS 'The clock at the last act before its commit, under the client''s lock; strictly rising within a client.';

-- The publication of this transaction, which must hold the client's lock (sync.client_state FOR UPDATE).
CREATE FUNCTION mirror.begin_publication() RETURNS bigint
    LANGUAGE sql VOLATILE SET search_path = ''
RETURN pg_catalog.set_config('saldod.publication', pg_catalog.nextval('mirror.publication_number'::pg_catalog.regclass)::text, true)::bigint;
COMMENT ON FUNCTION mirror.begin_publication() IS 'Gives this transaction the next number; the client''s lock must be held.';

-- Notes the moment, or moves it: whatever comes last in the transaction counts.
CREATE FUNCTION mirror.note_publication(client_id bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = ''
AS $$
DECLARE
    number bigint := nullif(pg_catalog.current_setting('saldod.publication', true), '')::bigint;
    last   timestamptz;
BEGIN
    IF number IS NULL THEN
        PERFORM FROM sync.client_state s WHERE s.client_id = note_publication.client_id FOR UPDATE;
        number := mirror.begin_publication();
    END IF;
    SELECT p.published_at INTO last
      FROM mirror.publication p
     WHERE p.client_id = note_publication.client_id AND p.publication <> number
     ORDER BY p.published_at DESC
     LIMIT 1;
    INSERT INTO mirror.publication AS p (client_id, publication, published_at)
    VALUES (note_publication.client_id, number,
            greatest(pg_catalog.clock_timestamp(), last + interval '1 microsecond'))
    ON CONFLICT ON CONSTRAINT publication_pkey DO UPDATE SET published_at = excluded.published_at;
END
$$;
COMMENT ON FUNCTION mirror.note_publication(bigint) IS 'The last act of a publication before its commit: notes the moment.';

-- Triggers of every table that has a history. A version that was made by this publication itself was seen by nobody.
CREATE FUNCTION mirror.mark_version() RETURNS trigger
    LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    IF coalesce(pg_catalog.current_setting('saldod.publication', true), '') = '' THEN
        PERFORM mirror.note_publication(NEW.client_id);
    END IF;
    NEW.valid_from := pg_catalog.current_setting('saldod.publication')::bigint;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION mirror.mark_version() IS 'Trigger: a changed row is a new version.';

CREATE FUNCTION mirror.keep_version() RETURNS trigger
    LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    client bigint;
BEGIN
    IF pg_catalog.current_setting('saldod.is_purge', true) = 'on' THEN
        RETURN NULL;
    END IF;
    FOR client IN EXECUTE 'SELECT DISTINCT client_id FROM gone' LOOP
        PERFORM mirror.note_publication(client);
    END LOOP;
    IF client IS NOT NULL THEN
        EXECUTE TG_ARGV[0] USING pg_catalog.current_setting('saldod.publication')::bigint,
                                 (pg_catalog.clock_timestamp() AT TIME ZONE 'UTC')::date;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION mirror.keep_version() IS 'Trigger: what changed or went is kept as it was; its argument is the statement.';

-- Partitions of a year, for every history; those before are dropped by hand (sql/README.md).
CREATE FUNCTION mirror.make_partitions(first_year integer, last_year integer) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = ''
AS $$
DECLARE
    history record;
BEGIN
    FOR history IN
        SELECT r.relname, y.year
          FROM pg_catalog.pg_class r
         CROSS JOIN pg_catalog.generate_series(first_year, last_year) AS y (year)
         WHERE r.relnamespace = 'mirror'::pg_catalog.regnamespace AND r.relkind = 'p' AND r.relname ~ '_history$'
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_class p
                            WHERE p.relnamespace = r.relnamespace AND p.relname = r.relname || '_' || y.year)
    LOOP
        EXECUTE pg_catalog.format('CREATE TABLE mirror.%I PARTITION OF mirror.%I FOR VALUES FROM (%L) TO (%L)',
                                  history.relname || '_' || history.year, history.relname,
                                  pg_catalog.make_date(history.year, 1, 1), pg_catalog.make_date(history.year + 1, 1, 1));
        EXECUTE pg_catalog.format('COMMENT ON TABLE mirror.%I IS %L', history.relname || '_' || history.year,
                                  'Versions that ended in ' || history.year || '.');
    END LOOP;
END
$$;
COMMENT ON FUNCTION mirror.make_partitions(integer, integer) IS 'Makes the partitions of these years where they are missing.';

-- Gives a table of mirror its history, or the columns that its history lacks: to be called again by a migration that adds one.
CREATE FUNCTION mirror.keep_history(tab text) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = ''
AS $$
DECLARE
    its     oid  := pg_catalog.format('mirror.%I', tab)::pg_catalog.regclass;
    history text := tab || '_history';
    col     record;
    columns text;
    keys    text;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY k.position) INTO keys
      FROM pg_catalog.pg_index i
     CROSS JOIN LATERAL pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = its AND a.attnum = k.attnum
     WHERE i.indrelid = its AND i.indisprimary;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = its AND a.attname = 'valid_from' AND NOT a.attisdropped) THEN
        -- What is there already counts as there since ever: a constant, so that nothing is written anew.
        EXECUTE pg_catalog.format('ALTER TABLE mirror.%I ADD COLUMN valid_from bigint NOT NULL DEFAULT 0', tab);
        EXECUTE pg_catalog.format('ALTER TABLE mirror.%I ALTER COLUMN valid_from SET DEFAULT '
                                  'coalesce(nullif(pg_catalog.current_setting(''saldod.publication'', true), ''''), ''0'')::bigint', tab);
        EXECUTE pg_catalog.format('COMMENT ON COLUMN mirror.%I.valid_from IS %L', tab,
                                  'Number of the publication since which the row is as it is, mirror.publication; 0 = since before versions were kept.');
        EXECUTE pg_catalog.format('CREATE TABLE mirror.%I (LIKE mirror.%I, valid_to bigint NOT NULL, ended_on date NOT NULL, '
                                  'PRIMARY KEY (%s, valid_to, ended_on)) PARTITION BY RANGE (ended_on)', history, tab, keys);
        EXECUTE pg_catalog.format('CREATE TABLE mirror.%I PARTITION OF mirror.%I DEFAULT', history || '_other', history);
        EXECUTE pg_catalog.format('COMMENT ON TABLE mirror.%I IS ''Versions that ended in a year without a partition.''', history || '_other');
        EXECUTE pg_catalog.format('COMMENT ON TABLE mirror.%I IS %L', history, 'Rows of mirror.' || tab || ' as they were before they changed or went.');
        EXECUTE pg_catalog.format('COMMENT ON COLUMN mirror.%I.valid_to IS %L', history, 'Number of the publication with which this version ended, mirror.publication.');
        EXECUTE pg_catalog.format('COMMENT ON COLUMN mirror.%I.ended_on IS %L', history, 'Day (UTC) of that publication; decides the partition.');
        EXECUTE pg_catalog.format('ALTER TABLE mirror.%I ENABLE ROW LEVEL SECURITY', history);
        EXECUTE pg_catalog.format('CREATE POLICY reader ON mirror.%I FOR SELECT USING ((SELECT bureau.sees_all(current_user, session_user)) '
                                  'OR client_id IN (SELECT bureau.seen_clients(current_user, session_user)))', history);
        EXECUTE pg_catalog.format('GRANT SELECT ON mirror.%I TO saldod_reader, saldod_admin', history);
    END IF;
    FOR col IN
        SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, pg_catalog.col_description(its, a.attnum) AS said
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = its AND a.attnum > 0 AND NOT a.attisdropped
         ORDER BY a.attnum
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute h
                        WHERE h.attrelid = pg_catalog.format('mirror.%I', history)::pg_catalog.regclass
                          AND h.attname = col.attname AND NOT h.attisdropped) THEN
            EXECUTE pg_catalog.format('ALTER TABLE mirror.%I ADD COLUMN %I %s', history, col.attname, col.type);
        END IF;
        EXECUTE pg_catalog.format('COMMENT ON COLUMN mirror.%I.%I IS %L', history, col.attname, col.said);
        columns := pg_catalog.concat_ws(', ', columns, pg_catalog.quote_ident(col.attname));
    END LOOP;
    EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER mark_version BEFORE UPDATE ON mirror.%I '
                              'FOR EACH ROW EXECUTE FUNCTION mirror.mark_version()', tab);
    EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER keep_updated AFTER UPDATE ON mirror.%1$I '
                              'REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mirror.keep_version(%2$L)', tab,
                              pg_catalog.format('INSERT INTO mirror.%1$I (%2$s, valid_to, ended_on) SELECT %2$s, $1, $2 FROM gone WHERE valid_from <> $1',
                                                history, columns));
    EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER keep_deleted AFTER DELETE ON mirror.%1$I '
                              'REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mirror.keep_version(%2$L)', tab,
                              pg_catalog.format('INSERT INTO mirror.%1$I (%2$s, valid_to, ended_on) SELECT %2$s, $1, $2 FROM gone WHERE valid_from <> $1',
                                                history, columns));
END
$$;
COMMENT ON FUNCTION mirror.keep_history(text) IS 'Gives a table of mirror its history, or the columns that its history lacks.';

DO $$
BEGIN
    PERFORM mirror.keep_history(t.name)
       FROM (VALUES ('posting'), ('voucher'), ('account'), ('vat_type'), ('saldo'), ('opening'), ('year')) AS t (name);
    PERFORM mirror.make_partitions(pg_catalog.date_part('year', pg_catalog.now())::integer,
                                   pg_catalog.date_part('year', pg_catalog.now())::integer + 9);
END
$$;
ALTER TABLE mirror.publication ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON mirror.publication FOR SELECT
    USING ((SELECT bureau.sees_all(current_user, session_user))
           OR client_id IN (SELECT bureau.seen_clients(current_user, session_user)));
GRANT SELECT ON mirror.publication TO saldod_reader, saldod_admin;

-- A purge removes what was kept, and keeps nothing.
CREATE OR REPLACE FUNCTION sync.client_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    tokens text[] := ARRAY(SELECT t.token_id FROM sync.token_state t WHERE t.client_id = OLD.client_id);
    tab    pg_catalog.regclass;
BEGIN
    -- A publication in progress holds this row: what it wrote must be there to be removed.
    PERFORM FROM sync.client_state s WHERE s.client_id = OLD.client_id FOR UPDATE;
    PERFORM pg_catalog.set_config('saldod.is_purge', 'on', true);
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
    PERFORM pg_catalog.set_config('saldod.is_purge', '', true);
    PERFORM pg_catalog.pg_notify('finale_changed', OLD.org_nr);
    RETURN OLD;
END
$$;

-- --- as of a moment ---

-- Which publication was the last one by then: what is kept of a client is compared with its number alone.
CREATE FUNCTION finale.publication_at(org_nr text, moment timestamptz)
    RETURNS TABLE (client_id bigint, publication bigint, since date) ROWS 1
    LANGUAGE sql STABLE SET search_path = ''
BEGIN ATOMIC
    SELECT c.client_id,
           coalesce((SELECT p.publication
                       FROM mirror.publication p
                      WHERE p.client_id = c.client_id AND p.published_at <= publication_at.moment
                      ORDER BY p.published_at DESC
                      LIMIT 1), 0),
           (publication_at.moment AT TIME ZONE 'UTC')::date - 1
      FROM bureau.client c
     WHERE c.org_nr = publication_at.org_nr;
END;
COMMENT ON FUNCTION finale.publication_at(text, timestamptz) IS
    'The last change of what readers see of the client up to that moment, 0 where it is before all that is kept; and a day before which no version that was there then can have ended.';

-- Compiling a plan over so many partitions takes longer than running it.
CREATE FUNCTION finale.posting_as_of(org_nr text, moment timestamptz) RETURNS SETOF finale.posting
    LANGUAGE sql STABLE SET search_path = '' SET jit = off
BEGIN ATOMIC
    WITH at AS MATERIALIZED (
        SELECT t.client_id, t.publication, t.since FROM finale.publication_at(posting_as_of.org_nr, posting_as_of.moment) t
    ), years AS MATERIALIZED (
        SELECT y.start_date, y.next_start_date FROM at JOIN mirror.year y ON y.client_id = at.client_id AND y.valid_from <= at.publication AND y.complete
        UNION ALL
        SELECT y.start_date, y.next_start_date FROM at JOIN mirror.year_history y ON y.client_id = at.client_id AND y.valid_from <= at.publication
           AND y.valid_to > at.publication AND y.ended_on >= at.since AND y.complete
    ), vouchers AS (
        SELECT v.voucher_id, v.year, v.number FROM at JOIN mirror.voucher v ON v.client_id = at.client_id AND v.valid_from <= at.publication
        UNION ALL
        SELECT v.voucher_id, v.year, v.number FROM at JOIN mirror.voucher_history v ON v.client_id = at.client_id AND v.valid_from <= at.publication
           AND v.valid_to > at.publication AND v.ended_on >= at.since
    ), accounts AS (
        SELECT a.account_id, a.number, a.name FROM at JOIN mirror.account a ON a.client_id = at.client_id AND a.valid_from <= at.publication
        UNION ALL
        SELECT a.account_id, a.number, a.name FROM at JOIN mirror.account_history a ON a.client_id = at.client_id AND a.valid_from <= at.publication
           AND a.valid_to > at.publication AND a.ended_on >= at.since
    ), vat_types AS (
        SELECT t.vat_type_id, t.number FROM at JOIN mirror.vat_type t ON t.client_id = at.client_id AND t.valid_from <= at.publication
        UNION ALL
        SELECT t.vat_type_id, t.number FROM at JOIN mirror.vat_type_history t ON t.client_id = at.client_id AND t.valid_from <= at.publication
           AND t.valid_to > at.publication AND t.ended_on >= at.since
    ), postings AS (
        SELECT p.client_id, p.posting_id, p.version, p.voucher_id, p."row", p.posting_date, p.account_id, p.amount,
               p.amount_currency, p.amount_gross, p.amount_gross_currency, p.currency, p.description, p.vat_type_id,
               p.customer_id, p.supplier_id, p.employee_id, p.department_id, p.project_id, p.product_id,
               p.invoice_number, p.term_of_payment, p.close_group_id, p.posting_type, p.external_ref,
               p.system_generated, p.matched FROM at JOIN mirror.posting p ON p.client_id = at.client_id AND p.valid_from <= at.publication
        UNION ALL
        SELECT p.client_id, p.posting_id, p.version, p.voucher_id, p."row", p.posting_date, p.account_id, p.amount,
               p.amount_currency, p.amount_gross, p.amount_gross_currency, p.currency, p.description, p.vat_type_id,
               p.customer_id, p.supplier_id, p.employee_id, p.department_id, p.project_id, p.product_id,
               p.invoice_number, p.term_of_payment, p.close_group_id, p.posting_type, p.external_ref,
               p.system_generated, p.matched FROM at JOIN mirror.posting_history p ON p.client_id = at.client_id AND p.valid_from <= at.publication
           AND p.valid_to > at.publication AND p.ended_on >= at.since
    )
    SELECT posting_as_of.org_nr, p.client_id, p.posting_id, p.voucher_id, v.year, v.number, p."row", p.posting_date, a.number, a.name,
           p.amount, p.amount_currency, p.amount_gross, p.amount_gross_currency, p.currency, p.description, t.number,
           p.customer_id, p.supplier_id, p.employee_id, p.department_id, p.project_id, p.product_id, p.invoice_number,
           p.term_of_payment, p.close_group_id, p.posting_type, p.external_ref, p.system_generated, p.matched, p.version
      FROM years y
      JOIN postings p ON p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
      LEFT JOIN vouchers v ON v.voucher_id = p.voucher_id
      LEFT JOIN accounts a ON a.account_id = p.account_id
      LEFT JOIN vat_types t ON t.vat_type_id = p.vat_type_id;
END;
COMMENT ON FUNCTION finale.posting_as_of(text, timestamptz) IS
    'finale.posting of a client as it was at that moment, names and codes as they were then.';

-- As finale.saldo_at, from the versions of that moment.
CREATE FUNCTION finale.saldo_as_of(org_nr text, date date, moment timestamptz)
    RETURNS TABLE (account_number text, account_name text, saldo numeric)
    LANGUAGE sql STABLE SET search_path = '' SET jit = off
BEGIN ATOMIC
    WITH at AS MATERIALIZED (
        SELECT t.client_id, t.publication, t.since FROM finale.publication_at(saldo_as_of.org_nr, saldo_as_of.moment) t
    ), years AS (
        SELECT y.client_id, y.year, y.start_date, y.next_start_date
          FROM at JOIN mirror.year y ON y.client_id = at.client_id AND y.valid_from <= at.publication AND y.complete
        UNION ALL
        SELECT y.client_id, y.year, y.start_date, y.next_start_date
          FROM at JOIN mirror.year_history y ON y.client_id = at.client_id AND y.valid_from <= at.publication
           AND y.valid_to > at.publication AND y.ended_on >= at.since AND y.complete
    ), held AS MATERIALIZED (
        SELECT at.client_id, at.publication, at.since AS day, y.year, m.month, greatest(y.start_date, m.month) AS since,
               least(y.next_start_date, (m.month + interval '1 month')::date) - 1 <= saldo_as_of.date AS ended
          FROM at
          JOIN years y ON y.client_id = at.client_id
         CROSS JOIN (SELECT pg_catalog.date_trunc('month', saldo_as_of.date::timestamp)::date AS month) m
         WHERE saldo_as_of.date >= y.start_date AND saldo_as_of.date < y.next_start_date
    ), part AS (
        SELECT o.account_id, o.balance_in AS amount
          FROM held h JOIN mirror.opening o ON o.client_id = h.client_id AND o.year = h.year AND o.valid_from <= h.publication
        UNION ALL
        SELECT o.account_id, o.balance_in
          FROM held h JOIN mirror.opening_history o ON o.client_id = h.client_id AND o.year = h.year AND o.valid_from <= h.publication
           AND o.valid_to > h.publication AND o.ended_on >= h.day
        UNION ALL
        SELECT s.account_id, s.balance_change
          FROM held h JOIN mirror.saldo s ON s.client_id = h.client_id AND s.year = h.year AND s.valid_from <= h.publication
           AND (s.month < h.month OR s.month = h.month AND h.ended)
        UNION ALL
        SELECT s.account_id, s.balance_change
          FROM held h JOIN mirror.saldo_history s ON s.client_id = h.client_id AND s.year = h.year AND s.valid_from <= h.publication
           AND s.valid_to > h.publication AND s.ended_on >= h.day
           AND (s.month < h.month OR s.month = h.month AND h.ended)
        UNION ALL
        SELECT p.account_id, p.amount
          FROM held h JOIN mirror.posting p ON p.client_id = h.client_id AND NOT h.ended AND p.valid_from <= h.publication
           AND p.posting_date >= h.since AND p.posting_date <= saldo_as_of.date
        UNION ALL
        SELECT p.account_id, p.amount
          FROM held h JOIN mirror.posting_history p ON p.client_id = h.client_id AND NOT h.ended AND p.valid_from <= h.publication
           AND p.valid_to > h.publication AND p.ended_on >= h.day
           AND p.posting_date >= h.since AND p.posting_date <= saldo_as_of.date
    ), total AS (
        SELECT part.account_id, pg_catalog.sum(part.amount) AS saldo FROM part GROUP BY part.account_id
    ), accounts AS (
        SELECT a.account_id, a.number, a.name FROM at JOIN mirror.account a ON a.client_id = at.client_id AND a.valid_from <= at.publication
        UNION ALL
        SELECT a.account_id, a.number, a.name FROM at JOIN mirror.account_history a ON a.client_id = at.client_id AND a.valid_from <= at.publication
           AND a.valid_to > at.publication AND a.ended_on >= at.since
    )
    SELECT a.number, a.name, t.saldo
      FROM total t
      LEFT JOIN accounts a ON a.account_id = t.account_id
     WHERE t.saldo <> 0
     ORDER BY a.number;
END;
COMMENT ON FUNCTION finale.saldo_as_of(text, date, timestamptz) IS
    'finale.saldo_at of a client as it was at that moment: saldo by account at the end of that day, company currency, debit positive.';

GRANT EXECUTE ON FUNCTION finale.publication_at(text, timestamptz), finale.posting_as_of(text, timestamptz),
    finale.saldo_as_of(text, date, timestamptz) TO saldod_reader, saldod_admin;

-- --- sign-off ---

CREATE TABLE bureau.sign_off (
    client_id   bigint NOT NULL REFERENCES bureau.client ON DELETE CASCADE,
    sign_off_id bigint GENERATED ALWAYS AS IDENTITY,
    year        integer NOT NULL,
    month       date CONSTRAINT sign_off_month_is_first_day CHECK (EXTRACT(day FROM month) = 1),
    note        text,
    signed_at   timestamptz NOT NULL,
    signed_by   text NOT NULL DEFAULT session_user,
    publication bigint NOT NULL,
    PRIMARY KEY (client_id, sign_off_id)
);
COMMENT ON TABLE bureau.sign_off IS 'When somebody said that the figures of a period are final.';
COMMENT ON COLUMN bureau.sign_off.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN bureau.sign_off.sign_off_id IS 'Number of the sign-off.';
COMMENT ON COLUMN bureau.sign_off.year IS 'The fiscal year.';
COMMENT ON COLUMN bureau.sign_off.month IS 'First day of the last month of it that is signed off; null = the whole year.';
COMMENT ON COLUMN bureau.sign_off.note IS 'What for, as given.';
COMMENT ON COLUMN bureau.sign_off.signed_at IS 'The moment; finale.saldo_as_of and finale.posting_as_of give the figures that were signed off.';
COMMENT ON COLUMN bureau.sign_off.signed_by IS 'Login role that signed off.';
COMMENT ON COLUMN bureau.sign_off.publication IS 'The last publication by then, mirror.publication.';
ALTER TABLE bureau.sign_off ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON bureau.sign_off FOR SELECT
    USING ((SELECT bureau.sees_all(current_user, session_user))
           OR client_id IN (SELECT bureau.seen_clients(current_user, session_user)));
GRANT SELECT ON bureau.sign_off TO saldod_reader, saldod_admin;

CREATE FUNCTION bureau.add_sign_off(org_nr text, year integer, note text, month date) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    client bigint := bureau.client_of(add_sign_off.org_nr);
    its    mirror.year;
    moment timestamptz;
BEGIN
    SELECT y.* INTO its FROM mirror.year y WHERE y.client_id = client AND y.year = add_sign_off.year AND y.complete;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = pg_catalog.format('client %s has no complete fiscal year %s', add_sign_off.org_nr, add_sign_off.year),
            HINT = 'What can be signed off: SELECT org_nr, year FROM finale.year;';
    END IF;
    IF add_sign_off.month < pg_catalog.date_trunc('month', its.start_date::timestamp)::date OR add_sign_off.month >= its.next_start_date THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = pg_catalog.format('bureau.sign_off.month: %s is not in fiscal year %s of client %s', add_sign_off.month, add_sign_off.year, add_sign_off.org_nr),
            HINT = pg_catalog.format('That year goes from %s to %s; without a month all of it is signed off.', its.start_date, its.next_start_date - 1);
    END IF;
    -- The client's lock: no publication is between its moment and its commit.
    PERFORM FROM sync.client_state s WHERE s.client_id = client FOR UPDATE;
    moment := greatest(pg_catalog.clock_timestamp(), (SELECT pg_catalog.max(p.published_at) FROM mirror.publication p WHERE p.client_id = client));
    INSERT INTO bureau.sign_off (client_id, year, month, note, signed_at, publication)
    VALUES (client, add_sign_off.year, pg_catalog.date_trunc('month', add_sign_off.month::timestamp)::date, add_sign_off.note, moment,
            (SELECT coalesce(pg_catalog.max(p.publication), 0) FROM mirror.publication p WHERE p.client_id = client));
    RETURN moment;
END
$$;
COMMENT ON FUNCTION bureau.add_sign_off(text, integer, text, date) IS 'What finale.sign_off does.';

CREATE FUNCTION finale.sign_off(org_nr text, year integer, note text, month date DEFAULT NULL) RETURNS timestamptz
    LANGUAGE sql VOLATILE SET search_path = ''
RETURN bureau.add_sign_off(sign_off.org_nr, sign_off.year, sign_off.note, sign_off.month);
COMMENT ON FUNCTION finale.sign_off(text, integer, text, date) IS
    'Signs off a fiscal year of a client, or its months up to and with one: what changes there from now on is in finale.changed_since_sign_off. For administrators; gives the moment.';
GRANT EXECUTE ON FUNCTION bureau.add_sign_off(text, integer, text, date), finale.sign_off(text, integer, text, date) TO saldod_admin;

-- The last sign-off of each period counts. An account of a voucher is listed with all its postings in the period, where some of
-- them are not as they were and the sum is another; an opening balance without a voucher.
CREATE VIEW finale.changed_since_sign_off WITH (security_invoker = true) AS
SELECT c.org_nr, s.client_id, s.year, s.month, s.signed_at, s.signed_by, s.note,
       a.number AS account_number, a.name AS account_name,
       d.voucher_id, v.year AS voucher_year, v.number AS voucher_number, v.voucher_date,
       d.old_amount, d.new_amount, d.new_amount - d.old_amount AS difference,
       (SELECT p.published_at FROM mirror.publication p WHERE p.client_id = s.client_id AND p.publication = d.changed_by) AS changed_at
  FROM bureau.client c
  JOIN LATERAL (
       SELECT DISTINCT ON (o.year, o.month) o.*
         FROM bureau.sign_off o
        WHERE o.client_id = c.client_id
        ORDER BY o.year, o.month, o.sign_off_id DESC) s ON true
  JOIN mirror.year y ON y.client_id = s.client_id AND y.year = s.year AND y.complete
 CROSS JOIN LATERAL (SELECT least(y.next_start_date, (s.month + interval '1 month')::date) AS until) e
 CROSS JOIN LATERAL (
       SELECT x.account_id, x.voucher_id, coalesce(pg_catalog.sum(x.amount) FILTER (WHERE NOT x.is_new), 0) + k.amount AS old_amount,
              coalesce(pg_catalog.sum(x.amount) FILTER (WHERE x.is_new), 0) + k.amount AS new_amount, pg_catalog.max(x.publication) AS changed_by
         FROM (SELECT p.account_id, p.voucher_id, p.amount, true AS is_new, p.valid_from AS publication
                 FROM mirror.posting p
                WHERE p.client_id = s.client_id AND p.posting_date >= y.start_date AND p.posting_date < e.until AND p.valid_from > s.publication
               UNION ALL
               SELECT h.account_id, h.voucher_id, h.amount, false, h.valid_to
                 FROM mirror.posting_history h
                WHERE h.client_id = s.client_id AND h.posting_date >= y.start_date AND h.posting_date < e.until
                  AND h.valid_from <= s.publication AND h.valid_to > s.publication
                  AND h.ended_on >= (s.signed_at AT TIME ZONE 'UTC')::date - 1) x
        CROSS JOIN LATERAL (
              SELECT coalesce(pg_catalog.sum(p.amount), 0) AS amount
                FROM mirror.posting p
               -- by the index of vouchers, never by that of accounts
               WHERE p.client_id = s.client_id AND p.voucher_id = x.voucher_id AND p.account_id IS NOT DISTINCT FROM x.account_id
                 AND p.posting_date >= y.start_date AND p.posting_date < e.until AND p.valid_from <= s.publication) k
        GROUP BY x.account_id, x.voucher_id, k.amount
       UNION ALL
       SELECT x.account_id, NULL, pg_catalog.sum(x.old_in), pg_catalog.sum(x.new_in), pg_catalog.max(x.publication)
         FROM (SELECT o.account_id, 0::numeric AS old_in, o.balance_in AS new_in, o.valid_from AS publication
                 FROM mirror.opening o
                WHERE o.client_id = s.client_id AND o.year = s.year AND o.valid_from > s.publication
               UNION ALL
               SELECT h.account_id, h.balance_in, 0, h.valid_to
                 FROM mirror.opening_history h
                WHERE h.client_id = s.client_id AND h.year = s.year AND h.valid_from <= s.publication AND h.valid_to > s.publication
                  AND h.ended_on >= (s.signed_at AT TIME ZONE 'UTC')::date - 1) x
        GROUP BY x.account_id) d
  LEFT JOIN mirror.account a ON a.client_id = s.client_id AND a.account_id = d.account_id
  LEFT JOIN LATERAL (
       SELECT w.year, w.number, w.voucher_date
         FROM (SELECT o.year, o.number, o.voucher_date, 9223372036854775807 AS valid_to
                 FROM mirror.voucher o WHERE o.client_id = s.client_id AND o.voucher_id = d.voucher_id
               UNION ALL
               SELECT h.year, h.number, h.voucher_date, h.valid_to
                 FROM mirror.voucher_history h WHERE h.client_id = s.client_id AND h.voucher_id = d.voucher_id) w
        ORDER BY w.valid_to DESC
        LIMIT 1) v ON true
 WHERE d.old_amount <> d.new_amount;
COMMENT ON VIEW finale.changed_since_sign_off IS
    'What changed in a period after it was signed off, by account and voucher; against the last sign-off of each period.';
COMMENT ON COLUMN finale.changed_since_sign_off.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.changed_since_sign_off.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.changed_since_sign_off.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN finale.changed_since_sign_off.month IS 'First day of the last month signed off; null = the whole year.';
COMMENT ON COLUMN finale.changed_since_sign_off.signed_at IS 'Moment of the sign-off.';
COMMENT ON COLUMN finale.changed_since_sign_off.signed_by IS 'Login role that signed off.';
COMMENT ON COLUMN finale.changed_since_sign_off.note IS 'Note of the sign-off.';
COMMENT ON COLUMN finale.changed_since_sign_off.account_number IS 'Account number, as text.';
COMMENT ON COLUMN finale.changed_since_sign_off.account_name IS 'Name of the account, as it is now.';
COMMENT ON COLUMN finale.changed_since_sign_off.voucher_id IS 'Tripletex''s id of the voucher; null where the opening balance changed.';
COMMENT ON COLUMN finale.changed_since_sign_off.voucher_year IS 'Year of the voucher number.';
COMMENT ON COLUMN finale.changed_since_sign_off.voucher_number IS 'Number of the voucher within its year, the last it had.';
COMMENT ON COLUMN finale.changed_since_sign_off.voucher_date IS 'Date of the voucher, the last it had.';
COMMENT ON COLUMN finale.changed_since_sign_off.old_amount IS 'Sum of its postings in the period when it was signed off, company currency; debit positive.';
COMMENT ON COLUMN finale.changed_since_sign_off.new_amount IS 'Sum of them now, company currency; debit positive.';
COMMENT ON COLUMN finale.changed_since_sign_off.difference IS 'The second less the first.';
COMMENT ON COLUMN finale.changed_since_sign_off.changed_at IS 'Moment of the last change.';
GRANT SELECT ON finale.changed_since_sign_off TO saldod_reader, saldod_admin;
