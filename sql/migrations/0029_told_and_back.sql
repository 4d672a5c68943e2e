-- Tripletex that never answers 304 is told of; how far a first load is; a posting that came back is not shown as deleted, nor a
-- voucher with a part beyond the horizon counted as a difference.
SET LOCAL ROLE saldod_daemon;

ALTER TABLE sync.client_state
    ADD COLUMN loading_rows bigint NOT NULL DEFAULT 0,
    ADD COLUMN loading_percent integer NOT NULL DEFAULT 0 CHECK (loading_percent BETWEEN 0 AND 99);
COMMENT ON COLUMN sync.client_state.loading_rows IS 'Rows read so far of the year that is loaded.';
COMMENT ON COLUMN sync.client_state.loading_percent IS 'How far the load of that year is, in per cent.';

CREATE OR REPLACE VIEW bureau.status AS
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
       s.loaded_rows + CASE WHEN k.state = 'loading' THEN s.loading_rows ELSE 0 END AS loaded_rows,
       coalesce(t.state, 'new') AS token_state,
       o.instance AS owner,
       CASE WHEN k.state = 'loading' THEN coalesce((k.complete_years * 100 + s.loading_percent) / nullif(k.years, 0), 0)::integer END AS loading_percent
  FROM bureau.client c
  JOIN sync.client_state s ON s.client_id = c.client_id
  JOIN sync.client_condition k ON k.client_id = c.client_id
  LEFT JOIN bureau.bureau b ON b.bureau_id = c.bureau_id
  LEFT JOIN LATERAL (
       SELECT ts.token_id, ts.state, ts.reason, ts.remedy, ts.last_error, ts.last_request_id, ts.budget_limit,
              ts.budget_remaining, ts.budget_reset_at
         FROM sync.token_state ts
        WHERE CASE WHEN c.employee_token IS NULL THEN ts.bureau_id = c.bureau_id ELSE ts.client_id = c.client_id END
        ORDER BY ts.updated_at DESC
        LIMIT 1) t ON true
  LEFT JOIN LATERAL (
       SELECT w.instance
         FROM sync.owner w
         JOIN sync.instance i ON i.instance = w.instance
        WHERE w.token_id = t.token_id AND w.released_at IS NULL AND i.seen_at > pg_catalog.now() - interval '15 seconds') o ON true
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
       SELECT NULLIF(pg_catalog.concat_ws('; ',
                  CASE WHEN o.instance IS NULL THEN
                      CASE WHEN EXISTS (SELECT FROM sync.instance i WHERE i.seen_at > pg_catalog.now() - interval '15 seconds')
                           THEN 'no daemon uses its token at present' ELSE 'no daemon runs' END END,
                  CASE WHEN t.budget_reset_at > pg_catalog.now() AND t.budget_remaining <= t.budget_limit / 5
                       THEN pg_catalog.format('it waits for the budget of its token: %s of %s requests are left until %s',
                                              t.budget_remaining, t.budget_limit, t.budget_reset_at) END), '') AS reason) waits
 CROSS JOIN LATERAL (
       SELECT pg_catalog.string_agg(DISTINCT l.resource || ' (' || l.state || ')', ', ') AS not_read
         FROM sync.list l
        WHERE l.client_id = c.client_id AND l.state IN ('refused', 'failing', 'held')
          AND l.resource NOT IN ('digest', 'opening')) lists
 CROSS JOIN LATERAL (
       SELECT CASE k.state
                  WHEN 'disabled' THEN
                      CASE WHEN NOT c.enabled AND c.source = 'config'
                           THEN pg_catalog.format('switched off: it is disabled, or no longer in, the configuration file of %s', c.owner)
                           WHEN NOT c.enabled THEN 'switched off in bureau.client'
                           ELSE pg_catalog.format('its bureau %s is switched off', b.name) END
                  WHEN 'no_access' THEN coalesce(s.reason, 'the employee token has no access to this company in Tripletex')
                  WHEN 'held' THEN coalesce(s.reason, 'postings vanished in Tripletex; what was mirrored before still stands')
                  WHEN 'waiting' THEN coalesce(fault.reason, s.reason,
                      pg_catalog.concat_ws('; ', 'no pull has begun yet', waits.reason))
                  WHEN 'loading' THEN coalesce(fault.reason, s.reason,
                      pg_catalog.concat_ws('; ', pg_catalog.format('first load: %s of %s years complete, %s %% of the next, %s rows read',
                                                                   k.complete_years, k.years, s.loading_percent,
                                                                   s.loaded_rows + s.loading_rows), waits.reason, fault.failed))
                  WHEN 'failing' THEN coalesce(fault.reason, s.reason, fault.failed)
                  WHEN 'stale' THEN coalesce(fault.reason, s.reason,
                      pg_catalog.concat_ws('; ', CASE WHEN k.overdue_since IS NULL THEN 'what is mirrored has not been confirmed'
                                                      ELSE pg_catalog.format('a part of it should have been asked again at %s', k.overdue_since) END,
                                           waits.reason, fault.failed))
                  ELSE coalesce(fault.reason, NULLIF(pg_catalog.concat_ws('; ',
                      CASE WHEN k.differences > 0
                           THEN pg_catalog.format('%s difference(s) between saldo and postings', k.differences) END,
                      (SELECT pg_catalog.string_agg(CASE WHEN l.variant = '' THEN pg_catalog.format(
                                  'the checksums of Tripletex do not serve (%s): everything is read in full', l.fault)
                              ELSE l.fault END, '; ' ORDER BY l.variant)
                         FROM sync.list l WHERE l.client_id = c.client_id AND l.resource = 'digest' AND l.fault IS NOT NULL),
                      'not read: ' || lists.not_read), ''))
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
                  ELSE coalesce(fault.remedy, NULLIF(pg_catalog.concat_ws('; ',
                      CASE WHEN k.differences > 0
                           THEN pg_catalog.format('see finale.saldo_proof, finale.voucher_difference and finale.opening_difference; '
                                                  'read again in full: SELECT bureau.resync(%L)', c.org_nr) END,
                      CASE WHEN lists.not_read IS NOT NULL
                           THEN pg_catalog.format('see why: SELECT * FROM bureau.resource WHERE org_nr = %L AND fault IS NOT NULL', c.org_nr) END), ''))
              END AS remedy) said
 CROSS JOIN LATERAL (
       SELECT CASE WHEN bureau.token_kind(coalesce(c.employee_token, b.employee_token)) = 'clear'
                   THEN 'token is still in the clear: no daemon has sealed it yet' END AS reason,
              CASE WHEN bureau.token_kind(coalesce(c.employee_token, b.employee_token)) = 'clear'
                   THEN 'let the daemon run: it seals the token at once' END AS remedy) clear;

COMMENT ON COLUMN bureau.status.loading_percent IS 'How far a first load is, all years together; null in any other state.';

CREATE OR REPLACE VIEW finale.deleted_posting WITH (security_invoker = true) AS
SELECT c.org_nr,
       p.client_id,
       p.posting_id,
       p.voucher_id,
       p.voucher_year,
       p.voucher_number,
       p."row",
       p.posting_date,
       p.account_number,
       p.account_name,
       p.amount,
       p.amount_currency,
       p.amount_gross,
       p.amount_gross_currency,
       p.currency,
       p.description,
       p.vat_code,
       p.customer_id,
       p.supplier_id,
       p.employee_id,
       p.department_id,
       p.project_id,
       p.product_id,
       p.invoice_number,
       p.term_of_payment,
       p.close_group_id,
       p.posting_type,
       p.external_ref,
       p.system_generated,
       p.matched,
       p.version,
       p.seen_gone_at,
       p.reason,
       p.dimension1_id,
       p.dimension2_id,
       p.dimension3_id,
       p.asset_id
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.deleted_posting p ON p.client_id = y.client_id AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
 WHERE NOT EXISTS (SELECT FROM mirror.posting b WHERE b.client_id = p.client_id AND b.posting_id = p.posting_id);
COMMENT ON VIEW finale.deleted_posting IS
    'Postings of complete years that are gone from Tripletex, as they were last; one row for each time a posting went, none where it is back. Example: SELECT * FROM finale.deleted_posting WHERE org_nr = ''974760673'' AND seen_gone_at > now() - interval ''7 days'';';
COMMENT ON COLUMN finale.deleted_posting.reason IS
    'voucher_deleted: its voucher is gone too; voucher_edited: the voucher lives on without it, or is dated beyond the horizon by now.';
COMMENT ON COLUMN mirror.deleted_posting.reason IS
    'voucher_deleted: its voucher is gone too; voucher_edited: the voucher lives on without it, or is dated beyond the horizon by now.';

ALTER TABLE mirror.voucher_difference ADD COLUMN outside numeric;
COMMENT ON COLUMN mirror.voucher_difference.outside IS
    'Sum of its postings that are dated beyond the horizon, where nothing is mirrored; null = not asked for yet.';
COMMENT ON COLUMN mirror.voucher_difference.counted IS
    'False where it is no difference of the year: an opening balance, which need not sum to 0, and a voucher whose rest lies beyond the horizon.';
CREATE OR REPLACE VIEW finale.voucher_difference WITH (security_invoker = true) AS
SELECT c.org_nr,
       d.client_id,
       d.year,
       d.voucher_id,
       v.year AS voucher_year,
       v.number AS voucher_number,
       v.voucher_date,
       d.difference,
       d.counted,
       d.outside
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.voucher_difference d ON d.client_id = y.client_id AND d.year = y.year
  LEFT JOIN mirror.voucher v ON v.client_id = d.client_id AND v.voucher_id = d.voucher_id;
COMMENT ON COLUMN finale.voucher_difference.counted IS
    'False where it is no difference of the year: an opening balance, which need not sum to 0, and a voucher whose rest lies beyond the horizon.';
COMMENT ON COLUMN finale.voucher_difference.outside IS
    'Sum of its postings that are dated beyond the horizon, where nothing is mirrored, company currency; null = not known.';
