-- The register of bureaus and clients, and the rules that a row must keep.
--
-- The two unique constraints are named for their message: a trigger that looked for duplicates first could say it
-- at more length, but would refuse INSERT ... ON CONFLICT too, which scripts and the daemon need.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE bureau.bureau (
    bureau_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text NOT NULL CONSTRAINT "bureau.bureau.name registered already: update that row" UNIQUE,
    employee_token text NOT NULL,
    org_nr         text NOT NULL DEFAULT '%ORGNR%',
    enabled        boolean NOT NULL DEFAULT true,
    source         text NOT NULL DEFAULT 'sql',
    owner          text
);
COMMENT ON TABLE bureau.bureau IS 'Accounting bureaus ("Byråopplysninger"): one token that serves many clients.';
COMMENT ON COLUMN bureau.bureau.bureau_id IS 'Our number of the bureau.';
COMMENT ON COLUMN bureau.bureau.name IS 'Name of the bureau, unique; clients are added to it by this name.';
COMMENT ON COLUMN bureau.bureau.employee_token IS
    'Employee token of the bureau: the token itself, until the daemon has replaced it by its sealed form, or credential:NAME. Only the daemon reads it.';
COMMENT ON COLUMN bureau.bureau.org_nr IS
    'How its clients are found in Tripletex: %ORGNR% = by the registered number of each client; an organisation number = always that company; empty = the token''s own company.';
COMMENT ON COLUMN bureau.bureau.enabled IS 'False: no client of the bureau is pulled; what is mirrored stays visible.';
COMMENT ON COLUMN bureau.bureau.source IS 'Who made the row: sql (an administrator) or config (a configuration file).';
COMMENT ON COLUMN bureau.bureau.owner IS 'Instance whose configuration file owns the row; null where source is sql.';

CREATE TABLE bureau.client (
    client_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_nr         text NOT NULL CONSTRAINT "bureau.client.org_nr registered already: update that row" UNIQUE,
    name           text NOT NULL,
    bureau_id      bigint CONSTRAINT client_bureau_id_fkey REFERENCES bureau.bureau,
    employee_token text,
    org_nr_setting text,
    pull_interval  interval,
    history_from   date,
    enabled        boolean NOT NULL DEFAULT true,
    source         text NOT NULL DEFAULT 'sql',
    owner          text,
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX client_bureau_id_idx ON bureau.client (bureau_id);
COMMENT ON TABLE bureau.client IS
    'The companies whose ledgers are mirrored ("Firmaopplysninger"), one row each. Deleting a row removes everything of that client.';
COMMENT ON COLUMN bureau.client.client_id IS 'Our number of the client; first in the primary key of every table that holds its data.';
COMMENT ON COLUMN bureau.client.org_nr IS 'Organisation number, nine digits with a valid control digit, unique.';
COMMENT ON COLUMN bureau.client.name IS 'Name of the company, as shown in status and views.';
COMMENT ON COLUMN bureau.client.bureau_id IS 'The bureau whose token serves the client; null = a single company with its own token.';
COMMENT ON COLUMN bureau.client.employee_token IS
    'The client''s own employee token, used instead of the bureau''s; null = the bureau''s. Sealed like that one; only the daemon reads it.';
COMMENT ON COLUMN bureau.client.org_nr_setting IS
    'How the company is found in Tripletex: null = as the bureau says; empty = the token''s own company; an organisation number, or %ORGNR% for org_nr.';
COMMENT ON COLUMN bureau.client.pull_interval IS 'How often to ask Tripletex for changes, 1 second to 30 days; null = as configured.';
COMMENT ON COLUMN bureau.client.history_from IS 'Mirror from the fiscal year that holds this day; null = as configured by history_years.';
COMMENT ON COLUMN bureau.client.enabled IS 'False: the client is not pulled; what is mirrored stays visible.';
COMMENT ON COLUMN bureau.client.source IS 'Who made the row: sql (an administrator) or config (a configuration file).';
COMMENT ON COLUMN bureau.client.owner IS 'Instance whose configuration file owns the row; null where source is sql.';
COMMENT ON COLUMN bureau.client.created_at IS 'Moment the client was registered.';

-- Which rule of an organisation number `org_nr` breaks, as the end of a sentence that begins with the number.
CREATE FUNCTION bureau.org_nr_fault(org_nr text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
DECLARE
    weights   constant integer[] := ARRAY[3, 2, 7, 6, 5, 4, 3, 2];
    weighed   integer := 0;
    control   integer;
BEGIN
    IF org_nr IS NULL OR org_nr = '' THEN
        RETURN 'is empty: an organisation number has nine digits';
    END IF;
    IF org_nr !~ '^[0-9]{9}$' THEN
        RETURN 'is not nine digits: write the number without spaces, dots or letters';
    END IF;

    FOR i IN 1..8 LOOP
        weighed := weighed + weights[i] * pg_catalog.substr(org_nr, i, 1)::integer;
    END LOOP;
    control := (11 - weighed % 11) % 11;
    IF control = 10 THEN
        RETURN 'has no valid control digit: no organisation number begins with '
               || pg_catalog.substr(org_nr, 1, 8);
    END IF;
    IF pg_catalog.substr(org_nr, 9, 1)::integer <> control THEN
        RETURN pg_catalog.format('has a wrong control digit: the last digit would have to be %s', control);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION bureau.org_nr_fault(text) IS
    'Null for a valid organisation number, otherwise which rule it breaks (nine digits, control digit) in words that follow the number.';

-- As above for a setting that says how a company is found.
CREATE FUNCTION bureau.org_nr_setting_fault(setting text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    IF setting IS NULL OR setting IN ('', '%ORGNR%') THEN
        RETURN NULL;
    END IF;
    RETURN bureau.org_nr_fault(setting);
END
$$;
COMMENT ON FUNCTION bureau.org_nr_setting_fault(text) IS
    'Null for a valid Org.Nr setting (empty, %ORGNR% or an organisation number), otherwise which rule it breaks.';

-- Never repeats any part of the token: what it returns ends up in messages and logs.
CREATE FUNCTION bureau.token_fault(employee_token text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    RETURN CASE
        WHEN employee_token IS NULL THEN NULL
        WHEN employee_token ~ '^\s*$' THEN 'is blank'
        WHEN employee_token ~ '[\u0001-\u001f\u007f-\u009f]' THEN 'contains a control character or a line break'
        WHEN employee_token ~ '^\s|\s$' THEN 'begins or ends with a space'
        WHEN pg_catalog.length(employee_token) > 8192 THEN 'is longer than 8192 characters'
        WHEN employee_token ~ '^credential:' AND employee_token !~ '^credential:[A-Za-z0-9._-]+$'
            THEN 'names no valid credential: after "credential:" come letters, digits, ".", "_" and "-" only'
        WHEN employee_token = 'sealed:' THEN 'is sealed but empty'
    END;
END
$$;
COMMENT ON FUNCTION bureau.token_fault(text) IS
    'Null for a usable employee token, otherwise which rule it breaks; the text never holds any part of the token.';

CREATE FUNCTION bureau.name_fault(name text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    RETURN CASE
        WHEN name IS NULL OR name ~ '^\s*$' THEN 'is blank'
        WHEN name ~ '[\u0001-\u001f\u007f-\u009f]' THEN 'contains a control character or a line break'
        WHEN pg_catalog.length(name) > 200 THEN 'is longer than 200 characters'
    END;
END
$$;
COMMENT ON FUNCTION bureau.name_fault(text) IS 'Null for a usable name, otherwise which rule it breaks.';

-- The one way in which this schema refuses a row: the table and column first, then the value unless it is secret,
-- then the rule; what to do is the hint. Raised before any constraint is checked, since the detail of a failed
-- constraint shows the whole row, token included.
CREATE FUNCTION bureau.refuse(tab text, col text, fault text, remedy text, code text DEFAULT 'check_violation') RETURNS void
    LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = code, MESSAGE = pg_catalog.format('bureau.%s.%s: %s', tab, col, fault), HINT = remedy,
        SCHEMA = 'bureau', TABLE = tab, COLUMN = col;
END
$$;
COMMENT ON FUNCTION bureau.refuse(text, text, text, text, text) IS
    'Raises the error for a row of this schema that breaks a rule: table, column, fault and remedy.';

CREATE FUNCTION bureau.check_origin(tab text, source text, owner text) RETURNS void
    LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    IF source IS NULL OR source NOT IN ('sql', 'config') THEN
        PERFORM bureau.refuse(tab, 'source', pg_catalog.format('%L is neither ''sql'' nor ''config''', source),
                              'Leave the column out: it is ''sql'' by default, and ''config'' is for the daemon.');
    ELSIF (source = 'config') <> (owner IS NOT NULL) THEN
        PERFORM bureau.refuse(tab, 'owner', pg_catalog.format('%L does not fit source %L', owner, source),
                              'Rows of a configuration file name the instance that owns them, rows made by SQL name none.');
    END IF;
END
$$;
COMMENT ON FUNCTION bureau.check_origin(text, text, text) IS 'Refuses a row whose source and owner do not fit each other.';

CREATE FUNCTION bureau.bureau_check() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    fault text;
BEGIN
    fault := bureau.name_fault(NEW.name);
    IF fault IS NOT NULL THEN
        PERFORM bureau.refuse('bureau', 'name', pg_catalog.format('%L %s', NEW.name, fault), 'Give the bureau a name of its own.');
    END IF;

    fault := CASE WHEN NEW.employee_token IS NULL THEN 'is missing' ELSE bureau.token_fault(NEW.employee_token) END;
    IF fault IS NOT NULL THEN
        PERFORM bureau.refuse('bureau', 'employee_token', pg_catalog.format('the token of bureau %L %s', NEW.name, fault),
                              'Enter the value of the key as Tripletex showed it (not its id), or credential:NAME.');
    END IF;

    fault := CASE WHEN NEW.org_nr IS NULL THEN 'is missing' ELSE bureau.org_nr_setting_fault(NEW.org_nr) END;
    IF fault IS NOT NULL THEN
        PERFORM bureau.refuse('bureau', 'org_nr', pg_catalog.format('%L %s', NEW.org_nr, fault),
                              'Use ''%ORGNR%'' for the number of each client, an organisation number, or an empty text.');
    END IF;
    PERFORM bureau.check_origin('bureau', NEW.source, NEW.owner);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION bureau.bureau_check() IS 'Trigger: refuses a bureau that breaks a rule, naming column, rule and remedy.';

CREATE TRIGGER bureau_check BEFORE INSERT OR UPDATE ON bureau.bureau
    FOR EACH ROW EXECUTE FUNCTION bureau.bureau_check();

CREATE FUNCTION bureau.bureau_keep() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    clients bigint := (SELECT pg_catalog.count(*) FROM bureau.client c WHERE c.bureau_id = OLD.bureau_id);
BEGIN
    IF clients > 0 THEN
        PERFORM bureau.refuse('bureau', 'bureau_id', pg_catalog.format('bureau %L still has %s client(s)', OLD.name, clients),
                              'Give them another bureau or a token of their own, or remove them with bureau.purge_client(org_nr); '
                              'to stop pulling only, set enabled = false.', 'foreign_key_violation');
    END IF;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION bureau.bureau_keep() IS 'Trigger: refuses to delete a bureau that has clients.';

CREATE TRIGGER bureau_keep BEFORE DELETE ON bureau.bureau
    FOR EACH ROW EXECUTE FUNCTION bureau.bureau_keep();

CREATE FUNCTION bureau.client_check() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    fault text;
BEGIN
    fault := bureau.org_nr_fault(NEW.org_nr);
    IF fault IS NOT NULL THEN
        PERFORM bureau.refuse('client', 'org_nr', pg_catalog.format('%L %s', NEW.org_nr, fault),
                              'Look the number up at the Brønnøysund Register Centre (brreg.no) and correct it.');
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.org_nr <> OLD.org_nr
       AND EXISTS (SELECT FROM mirror.year y WHERE y.client_id = OLD.client_id) THEN
        PERFORM bureau.refuse('client', 'org_nr', pg_catalog.format('%L has figures already, which are not those of %L', OLD.org_nr, NEW.org_nr),
                              pg_catalog.format('Remove it with bureau.purge_client(%L) and add the other company with bureau.add_client().', OLD.org_nr));
    END IF;

    fault := bureau.name_fault(NEW.name);
    IF fault IS NOT NULL THEN
        PERFORM bureau.refuse('client', 'name', pg_catalog.format('%L %s (client %s)', NEW.name, fault, NEW.org_nr),
                              'Give the name of the company.');
    END IF;

    fault := bureau.token_fault(NEW.employee_token);
    IF fault IS NOT NULL THEN
        PERFORM bureau.refuse('client', 'employee_token', pg_catalog.format('the token of client %s %s', NEW.org_nr, fault),
                              'Enter the value of the key as Tripletex showed it (not its id), credential:NAME, '
                              'or null for the token of the bureau.');
    END IF;
    IF NEW.bureau_id IS NULL AND NEW.employee_token IS NULL THEN
        PERFORM bureau.refuse('client', 'bureau_id', pg_catalog.format('client %s has neither a bureau nor a token of its own', NEW.org_nr),
                              'Set bureau_id to a bureau of bureau.bureau_list, or employee_token to the token of the company.');
    END IF;
    IF NOT EXISTS (SELECT FROM bureau.bureau b WHERE b.bureau_id = NEW.bureau_id) AND NEW.bureau_id IS NOT NULL THEN
        PERFORM bureau.refuse('client', 'bureau_id', pg_catalog.format('there is no bureau %s (client %s)', NEW.bureau_id, NEW.org_nr),
                              'Choose one of SELECT * FROM bureau.bureau_list; or add it with bureau.add_bureau(name, employee_token).',
                              'foreign_key_violation');
    END IF;

    fault := bureau.org_nr_setting_fault(NEW.org_nr_setting);
    IF fault IS NOT NULL THEN
        PERFORM bureau.refuse('client', 'org_nr_setting', pg_catalog.format('%L %s (client %s)', NEW.org_nr_setting, fault, NEW.org_nr),
                              'Use null for the setting of the bureau, an empty text, ''%ORGNR%'' or an organisation number.');
    END IF;
    IF NEW.pull_interval < interval '1 second' OR NEW.pull_interval > interval '30 days' THEN
        PERFORM bureau.refuse('client', 'pull_interval', pg_catalog.format('%L is not between 1 second and 30 days (client %s)', NEW.pull_interval, NEW.org_nr),
                              'Use an interval such as ''5 minutes'', or null for the configured one.');
    END IF;
    PERFORM bureau.check_origin('client', NEW.source, NEW.owner);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION bureau.client_check() IS 'Trigger: refuses a client that breaks a rule, naming column, value, rule and remedy.';

CREATE TRIGGER client_check BEFORE INSERT OR UPDATE ON bureau.client
    FOR EACH ROW EXECUTE FUNCTION bureau.client_check();

-- The daemon listens and reads the register again; what changed is not said, so that nothing can get lost.
CREATE FUNCTION bureau.notify_registry() RETURNS trigger
    LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('saldod_registry', '');
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION bureau.notify_registry() IS 'Trigger: tells the daemon on channel saldod_registry that bureaus or clients changed.';

CREATE TRIGGER bureau_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON bureau.bureau
    FOR EACH STATEMENT EXECUTE FUNCTION bureau.notify_registry();
CREATE TRIGGER client_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON bureau.client
    FOR EACH STATEMENT EXECUTE FUNCTION bureau.notify_registry();

CREATE FUNCTION bureau.add_bureau(name text, employee_token text, org_nr text DEFAULT '%ORGNR%') RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO bureau.bureau AS b (name, employee_token, org_nr)
    VALUES (add_bureau.name, add_bureau.employee_token, add_bureau.org_nr)
    RETURNING b.bureau_id INTO made;
    RETURN made;
EXCEPTION WHEN unique_violation THEN
    PERFORM bureau.refuse('bureau', 'name', pg_catalog.format('%L is registered already', add_bureau.name),
                          'Change that row, or choose another name: SELECT * FROM bureau.bureau_list;', 'unique_violation');
END
$$;
COMMENT ON FUNCTION bureau.add_bureau(text, text, text) IS
    'Registers a bureau with its employee token (or credential:NAME) and returns its bureau_id.';

CREATE FUNCTION bureau.add_client(org_nr text, name text, bureau text DEFAULT NULL, employee_token text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    its_bureau bigint;
    made       bigint;
BEGIN
    IF add_client.bureau IS NOT NULL THEN
        SELECT b.bureau_id INTO its_bureau FROM bureau.bureau b WHERE b.name = add_client.bureau;
        IF NOT FOUND THEN
            PERFORM bureau.refuse('client', 'bureau_id',
                                  pg_catalog.format('there is no bureau named %L (client %s)', add_client.bureau, add_client.org_nr),
                                  'Choose one of SELECT * FROM bureau.bureau_list; or add it with bureau.add_bureau(name, employee_token).',
                                  'foreign_key_violation');
        END IF;
    END IF;
    INSERT INTO bureau.client AS c (org_nr, name, bureau_id, employee_token)
    VALUES (add_client.org_nr, add_client.name, its_bureau, add_client.employee_token)
    RETURNING c.client_id INTO made;
    RETURN made;
EXCEPTION WHEN unique_violation THEN
    PERFORM bureau.refuse('client', 'org_nr', pg_catalog.format('%L is registered already', add_client.org_nr),
                          'Change that row instead of adding another: SELECT * FROM bureau.client_list;', 'unique_violation');
END
$$;
COMMENT ON FUNCTION bureau.add_client(text, text, text, text) IS
    'Registers a client of the named bureau, or a single company with its own token, and returns its client_id.';

-- An administrator writes a token but never reads one.
GRANT SELECT (bureau_id, name, org_nr, enabled, source, owner),
      INSERT (name, employee_token, org_nr, enabled),
      UPDATE (name, employee_token, org_nr, enabled),
      DELETE ON bureau.bureau TO saldod_admin;
GRANT SELECT (client_id, org_nr, name, bureau_id, org_nr_setting, pull_interval, history_from, enabled, source, owner, created_at),
      INSERT (org_nr, name, bureau_id, employee_token, org_nr_setting, pull_interval, history_from, enabled),
      UPDATE (org_nr, name, bureau_id, employee_token, org_nr_setting, pull_interval, history_from, enabled),
      DELETE ON bureau.client TO saldod_admin;
GRANT EXECUTE ON FUNCTION bureau.org_nr_fault(text), bureau.add_bureau(text, text, text),
    bureau.add_client(text, text, text, text) TO saldod_admin;
