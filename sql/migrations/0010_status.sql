-- The state of each client: in short for readers, in full and with remedies for administrators.
SET LOCAL ROLE saldod_daemon;

-- The rules of `state`, in the order in which they apply. Read with the rights of whoever asks, like finale.
CREATE VIEW sync.client_condition WITH (security_invoker = true) AS
SELECT c.client_id,
       CASE
           WHEN NOT c.enabled OR b.enabled IS FALSE THEN 'disabled'
           WHEN s.no_access THEN 'no_access'
           WHEN s.held_since IS NOT NULL THEN 'held'
           WHEN s.first_pull_at IS NULL THEN 'waiting'
           WHEN h.years = 0 OR h.complete < h.years THEN 'loading'
           WHEN s.failures >= 3 OR s.refused THEN 'failing'
           WHEN r.overdue IS NOT FALSE THEN 'stale'
           ELSE 'fresh'
       END AS state,
       f.fresh_as_of,
       coalesce(f.verified, false) AS verified,
       h.years,
       h.complete AS complete_years,
       coalesce(f.differences, 0) AS differences,
       r.overdue_since
  FROM bureau.client c
  JOIN sync.client_state s ON s.client_id = c.client_id
  LEFT JOIN bureau.bureau b ON b.bureau_id = c.bureau_id
 CROSS JOIN LATERAL (
       SELECT pg_catalog.count(*) AS years, pg_catalog.count(*) FILTER (WHERE y.complete) AS complete
         FROM mirror.year y
        WHERE y.client_id = c.client_id) h
 CROSS JOIN LATERAL (
       SELECT CASE WHEN pg_catalog.count(*) = pg_catalog.count(v.fresh_as_of) THEN pg_catalog.min(v.fresh_as_of) END AS fresh_as_of,
              pg_catalog.bool_and(v.verified) AS verified,
              pg_catalog.sum(v.differences) AS differences
         FROM finale.year v
        WHERE v.client_id = c.client_id) f
 CROSS JOIN LATERAL (
       SELECT pg_catalog.bool_or(t.confirmed_at IS NULL
                                 OR pg_catalog.now() - (t.confirmed_at + t.due_interval)
                                    > greatest(interval '60 seconds', 2 * t.due_interval)) AS overdue,
              pg_catalog.min(t.confirmed_at + t.due_interval) AS overdue_since
         FROM sync.range t
        WHERE t.client_id = c.client_id AND t.is_top) r;
COMMENT ON VIEW sync.client_condition IS 'State, freshness and proof of each client, for finale.client and bureau.status.';
COMMENT ON COLUMN sync.client_condition.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN sync.client_condition.state IS 'disabled, no_access, held, waiting, loading, failing, stale or fresh: the first that applies.';
COMMENT ON COLUMN sync.client_condition.fresh_as_of IS 'Oldest moment of its visible years; null without any.';
COMMENT ON COLUMN sync.client_condition.verified IS 'True where all its visible years are; false without any.';
COMMENT ON COLUMN sync.client_condition.years IS 'Number of fiscal years in its horizon.';
COMMENT ON COLUMN sync.client_condition.complete_years IS 'Number of those that are complete.';
COMMENT ON COLUMN sync.client_condition.differences IS 'Number of differences in its visible years.';
COMMENT ON COLUMN sync.client_condition.overdue_since IS 'When the most overdue of its top ranges was, or will be, due.';
GRANT SELECT ON sync.client_condition TO saldod_reader, saldod_admin;

CREATE VIEW finale.client WITH (security_invoker = true) AS
SELECT c.org_nr,
       c.client_id,
       c.name,
       b.name AS bureau,
       k.state,
       k.fresh_as_of,
       k.verified
  FROM bureau.client c
  JOIN sync.client_condition k ON k.client_id = c.client_id
  LEFT JOIN bureau.bureau b ON b.bureau_id = c.bureau_id;
COMMENT ON VIEW finale.client IS 'The registered clients, one row each in any state.';
COMMENT ON COLUMN finale.client.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.client.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.client.name IS 'Name of the client.';
COMMENT ON COLUMN finale.client.bureau IS 'Name of its bureau; null for a single company.';
COMMENT ON COLUMN finale.client.state IS
    'disabled, no_access, held, waiting, loading, failing, stale or fresh; the figures shown stand whatever the state.';
COMMENT ON COLUMN finale.client.fresh_as_of IS 'All visible years equal Tripletex at this moment, or a later one; null before the first year.';
COMMENT ON COLUMN finale.client.verified IS 'True where all visible years are proven.';
GRANT SELECT ON finale.client TO saldod_reader, saldod_admin;

-- The four views below read with the rights of their owner: they say of a token only how it is kept.
CREATE FUNCTION bureau.token_kind(employee_token text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = ''
BEGIN ATOMIC
    SELECT CASE
               WHEN employee_token LIKE 'sealed:%' THEN 'sealed'
               WHEN employee_token LIKE 'credential:%' THEN 'credential'
               WHEN employee_token IS NOT NULL THEN 'clear'
           END;
END;
COMMENT ON FUNCTION bureau.token_kind(text) IS 'How a token is kept: sealed, credential (outside the database) or clear; null without one.';

CREATE VIEW bureau.bureau_list AS
SELECT b.bureau_id,
       b.name,
       b.org_nr,
       b.enabled,
       b.source,
       b.owner,
       bureau.token_kind(b.employee_token) AS token,
       (SELECT pg_catalog.count(*) FROM bureau.client c WHERE c.bureau_id = b.bureau_id) AS clients
  FROM bureau.bureau b;
COMMENT ON VIEW bureau.bureau_list IS 'The bureaus without their tokens.';
COMMENT ON COLUMN bureau.bureau_list.bureau_id IS 'Our number of the bureau.';
COMMENT ON COLUMN bureau.bureau_list.name IS 'Name of the bureau.';
COMMENT ON COLUMN bureau.bureau_list.org_nr IS 'How its clients are found in Tripletex: %ORGNR%, an organisation number, or empty.';
COMMENT ON COLUMN bureau.bureau_list.enabled IS 'False: no client of the bureau is pulled.';
COMMENT ON COLUMN bureau.bureau_list.source IS 'Who made the row: sql or config.';
COMMENT ON COLUMN bureau.bureau_list.owner IS 'Instance whose configuration file owns the row.';
COMMENT ON COLUMN bureau.bureau_list.token IS 'How its token is kept: sealed, credential or clear.';
COMMENT ON COLUMN bureau.bureau_list.clients IS 'Number of its clients.';

CREATE VIEW bureau.client_list AS
SELECT c.client_id,
       c.org_nr,
       c.name,
       b.name AS bureau,
       c.org_nr_setting,
       c.pull_interval,
       c.history_from,
       c.enabled,
       c.source,
       c.owner,
       bureau.token_kind(c.employee_token) AS token,
       c.created_at
  FROM bureau.client c
  LEFT JOIN bureau.bureau b ON b.bureau_id = c.bureau_id;
COMMENT ON VIEW bureau.client_list IS 'The clients without their tokens.';
COMMENT ON COLUMN bureau.client_list.client_id IS 'Our number of the client.';
COMMENT ON COLUMN bureau.client_list.org_nr IS 'Organisation number.';
COMMENT ON COLUMN bureau.client_list.name IS 'Name of the company.';
COMMENT ON COLUMN bureau.client_list.bureau IS 'Name of its bureau; null for a single company.';
COMMENT ON COLUMN bureau.client_list.org_nr_setting IS 'How it is found in Tripletex; null = as the bureau says.';
COMMENT ON COLUMN bureau.client_list.pull_interval IS 'How often it is pulled; null = as configured.';
COMMENT ON COLUMN bureau.client_list.history_from IS 'Mirrored from the fiscal year that holds this day; null = as configured.';
COMMENT ON COLUMN bureau.client_list.enabled IS 'False: the client is not pulled.';
COMMENT ON COLUMN bureau.client_list.source IS 'Who made the row: sql or config.';
COMMENT ON COLUMN bureau.client_list.owner IS 'Instance whose configuration file owns the row.';
COMMENT ON COLUMN bureau.client_list.token IS 'How its own token is kept: sealed, credential or clear; null where it uses the bureau''s.';
COMMENT ON COLUMN bureau.client_list.created_at IS 'Moment it was registered.';

CREATE VIEW bureau.available_client AS
SELECT DISTINCT ON (a.org_nr, b.name)
       a.org_nr,
       a.name,
       b.name AS bureau,
       EXISTS (SELECT FROM bureau.client c WHERE c.org_nr = a.org_nr) AS registered
  FROM sync.available_client a
  LEFT JOIN bureau.bureau b ON b.bureau_id = a.bureau_id
 ORDER BY a.org_nr, b.name, a.seen_at DESC;
COMMENT ON VIEW bureau.available_client IS 'Companies that the tokens have access to in Tripletex, with or without a row of bureau.client.';
COMMENT ON COLUMN bureau.available_client.org_nr IS 'Organisation number, as Tripletex has it.';
COMMENT ON COLUMN bureau.available_client.name IS 'Name of the company, as Tripletex has it.';
COMMENT ON COLUMN bureau.available_client.bureau IS 'Name of the bureau whose token has access; null for the token of a single company.';
COMMENT ON COLUMN bureau.available_client.registered IS 'True where the company is registered as a client.';

-- Reason and remedy in words: what the daemon left in sync.client_state or sync.token_state, or else what the state
-- itself says. A token in the clear is told in any state, since it is urgent in all of them.
CREATE VIEW bureau.status AS
SELECT c.org_nr,
       c.name,
       b.name AS bureau,
       k.state,
       NULLIF(pg_catalog.concat_ws('; ', said.reason, clear.reason), '') AS reason,
       NULLIF(pg_catalog.concat_ws('; ', said.remedy, clear.remedy), '') AS remedy,
       k.fresh_as_of,
       CASE WHEN k.state <> 'disabled' THEN s.next_pull_at END AS next_pull_at,
       coalesce(s.last_error, t.last_error) AS last_error,
       CASE WHEN s.last_error IS NOT NULL THEN s.last_request_id ELSE t.last_request_id END AS last_request_id,
       s.postings,
       k.verified,
       c.client_id,
       s.failures,
       s.first_pull_at,
       s.last_pull_at,
       s.last_success_at,
       s.last_error_at,
       s.held_since,
       s.held_detail,
       k.years,
       k.complete_years,
       k.differences,
       s.loaded_rows,
       coalesce(t.state, 'new') AS token_state
  FROM bureau.client c
  JOIN sync.client_state s ON s.client_id = c.client_id
  JOIN sync.client_condition k ON k.client_id = c.client_id
  LEFT JOIN bureau.bureau b ON b.bureau_id = c.bureau_id
  LEFT JOIN LATERAL (
       SELECT ts.state, ts.reason, ts.remedy, ts.last_error, ts.last_request_id
         FROM sync.token_state ts
        WHERE CASE WHEN c.employee_token IS NULL THEN ts.bureau_id = c.bureau_id ELSE ts.client_id = c.client_id END
        ORDER BY ts.updated_at DESC
        LIMIT 1) t ON true
 CROSS JOIN LATERAL (
       SELECT CASE WHEN t.state = 'unreadable' THEN coalesce(t.reason, 'the employee token cannot be unsealed')
                   WHEN s.refused OR t.state = 'refused' THEN coalesce(t.reason, s.reason, 'Tripletex refuses the employee token')
              END AS reason,
              CASE WHEN t.state = 'unreadable' THEN coalesce(t.remedy, 'enter the token again')
                   WHEN s.refused OR t.state = 'refused'
                   THEN coalesce(t.remedy, s.remedy, 'see in Tripletex that the key is active, and enter its value (not its id) again')
              END AS remedy,
              CASE WHEN s.failures > 0 THEN pg_catalog.format('%s pull(s) failed in a row, last with: %s', s.failures,
                                                              coalesce(s.last_error, 'no message')) END AS failed) fault
 CROSS JOIN LATERAL (
       SELECT CASE k.state
                  WHEN 'disabled' THEN
                      CASE WHEN NOT c.enabled AND c.source = 'config'
                           THEN pg_catalog.format('switched off: it is disabled, or no longer in, the configuration file of %s', c.owner)
                           WHEN NOT c.enabled THEN 'switched off in bureau.client'
                           ELSE pg_catalog.format('its bureau %s is switched off', b.name) END
                  WHEN 'no_access' THEN coalesce(s.reason, 'the employee token has no access to this company in Tripletex')
                  WHEN 'held' THEN coalesce(s.reason, 'postings vanished in Tripletex; what was mirrored before still stands')
                  WHEN 'waiting' THEN coalesce(fault.reason, s.reason, 'no pull has begun yet')
                  WHEN 'loading' THEN coalesce(fault.reason, s.reason,
                      pg_catalog.concat_ws('; ', pg_catalog.format('first load: %s of %s years complete, %s rows read',
                                                                   k.complete_years, k.years, s.loaded_rows), fault.failed))
                  WHEN 'failing' THEN coalesce(fault.reason, s.reason, fault.failed)
                  WHEN 'stale' THEN coalesce(fault.reason, s.reason,
                      pg_catalog.concat_ws('; ', CASE WHEN k.overdue_since IS NULL THEN 'what is mirrored has not been confirmed'
                                                      ELSE pg_catalog.format('a part of it should have been asked again at %s', k.overdue_since) END,
                                           fault.failed))
                  ELSE coalesce(fault.reason,
                      CASE WHEN k.differences > 0
                           THEN pg_catalog.format('%s difference(s) between saldo and postings', k.differences) END,
                      (SELECT pg_catalog.format('the checksums of Tripletex do not serve (%s): everything is read in full', l.fault)
                         FROM sync.list l WHERE l.client_id = c.client_id AND l.resource = 'digest' AND l.fault IS NOT NULL))
              END AS reason,
              CASE k.state
                  WHEN 'disabled' THEN
                      CASE WHEN NOT c.enabled AND c.source = 'config' THEN 'put it back into that file and reload, if it shall be pulled'
                           WHEN NOT c.enabled
                           THEN pg_catalog.format('UPDATE bureau.client SET enabled = true WHERE org_nr = %L', c.org_nr)
                           ELSE pg_catalog.format('UPDATE bureau.bureau SET enabled = true WHERE name = %L', b.name) END
                  WHEN 'no_access' THEN coalesce(s.remedy, 'in Tripletex, add the key to the client: Klienttilgang - Legg til ansatte, '
                                                           'template "Standardrettigheter for regnskapsførere"')
                  WHEN 'held' THEN coalesce(s.remedy, pg_catalog.format(
                      'see held_detail; have access and modules restored in Tripletex, or, if the postings are really gone: '
                      'SELECT bureau.confirm_vanish(%L)', c.org_nr))
                  WHEN 'waiting' THEN coalesce(fault.remedy, s.remedy,
                      CASE WHEN EXISTS (SELECT FROM sync.instance i WHERE i.seen_at > pg_catalog.now() - interval '2 minutes')
                           THEN 'wait for the daemon' ELSE 'start the daemon: systemctl start saldod' END)
                  WHEN 'loading' THEN coalesce(fault.remedy, s.remedy,
                      CASE WHEN s.failures = 0 THEN 'wait: each year is shown as soon as it is complete'
                           ELSE 'see last_error; it is tried again at next_pull_at' END)
                  WHEN 'failing' THEN coalesce(fault.remedy, s.remedy, 'see last_error; it is tried again at next_pull_at')
                  WHEN 'stale' THEN coalesce(fault.remedy, s.remedy,
                      CASE WHEN EXISTS (SELECT FROM sync.instance i WHERE i.seen_at > pg_catalog.now() - interval '2 minutes')
                           THEN pg_catalog.format('see last_error, or pull at once: SELECT bureau.pull_now(%L)', c.org_nr)
                           ELSE 'see that the daemon runs: systemctl status saldod' END)
                  ELSE coalesce(fault.remedy,
                      CASE WHEN k.differences > 0
                           THEN pg_catalog.format('see finale.saldo_proof and finale.voucher_difference; read again in full: SELECT bureau.resync(%L)', c.org_nr) END)
              END AS remedy) said
 CROSS JOIN LATERAL (
       SELECT CASE WHEN bureau.token_kind(coalesce(c.employee_token, b.employee_token)) = 'clear'
                   THEN 'token is still in the clear: no daemon has sealed it yet' END AS reason,
              CASE WHEN bureau.token_kind(coalesce(c.employee_token, b.employee_token)) = 'clear'
                   THEN 'let the daemon run: it seals the token at once' END AS remedy) clear;
COMMENT ON VIEW bureau.status IS 'How each client stands, why, and what to do: one row each in any state.';
COMMENT ON COLUMN bureau.status.org_nr IS 'Organisation number.';
COMMENT ON COLUMN bureau.status.name IS 'Name of the client.';
COMMENT ON COLUMN bureau.status.bureau IS 'Name of its bureau; null for a single company.';
COMMENT ON COLUMN bureau.status.state IS 'disabled, no_access, held, waiting, loading, failing, stale or fresh: the first that applies.';
COMMENT ON COLUMN bureau.status.reason IS 'Why it is in that state, or what else is amiss; null where all is well.';
COMMENT ON COLUMN bureau.status.remedy IS 'What to do about it; null where there is nothing to do.';
COMMENT ON COLUMN bureau.status.fresh_as_of IS 'All visible years equal Tripletex at this moment, or a later one.';
COMMENT ON COLUMN bureau.status.next_pull_at IS 'When the next pull is due; null while disabled.';
COMMENT ON COLUMN bureau.status.last_error IS 'Message of the last failure of the client, or of its token; kept after a success.';
COMMENT ON COLUMN bureau.status.last_request_id IS 'Tripletex''s request id of that failure, for its support.';
COMMENT ON COLUMN bureau.status.postings IS 'Number of mirrored postings.';
COMMENT ON COLUMN bureau.status.verified IS 'True where all visible years are proven.';
COMMENT ON COLUMN bureau.status.client_id IS 'Our number of the client.';
COMMENT ON COLUMN bureau.status.failures IS 'Pulls failed since the last success.';
COMMENT ON COLUMN bureau.status.first_pull_at IS 'Moment the first pull began.';
COMMENT ON COLUMN bureau.status.last_pull_at IS 'Moment the last pull began.';
COMMENT ON COLUMN bureau.status.last_success_at IS 'Moment the last successful pull ended.';
COMMENT ON COLUMN bureau.status.last_error_at IS 'Moment of the last failure.';
COMMENT ON COLUMN bureau.status.held_since IS 'Moment a mass disappearance was held back; null where nothing is held.';
COMMENT ON COLUMN bureau.status.held_detail IS 'What would disappear: numbers by year and examples.';
COMMENT ON COLUMN bureau.status.years IS 'Number of fiscal years in its horizon.';
COMMENT ON COLUMN bureau.status.complete_years IS 'Number of those that are complete.';
COMMENT ON COLUMN bureau.status.differences IS 'Number of differences in its visible years.';
COMMENT ON COLUMN bureau.status.loaded_rows IS 'Rows read so far by the first load.';
COMMENT ON COLUMN bureau.status.token_state IS 'State of the token it uses: new, ready, refused or unreadable.';

GRANT SELECT ON bureau.bureau_list, bureau.client_list, bureau.available_client, bureau.status TO saldod_admin;
-- A view asks for functions with the rights of who reads it. This one says of a token only how it is kept, and the column
-- itself stays out of reach.
GRANT EXECUTE ON FUNCTION bureau.token_kind(text) TO saldod_admin;
