-- The staged list becomes what is mirrored. An account that is no longer listed is kept and marked, for older rows may
-- name it; one that postings or saldo name now cannot have been deleted: it is hidden from us, and stays.
-- An empty list is not believed where there was one: what is mirrored is kept. An account that is no balance account any more, or
-- became one, opens otherwise in every year: no year is proven before all openings have been read again.
WITH gone AS (
    UPDATE mirror.account m SET gone_at = pg_catalog.clock_timestamp()
     WHERE m.client_id = $1::bigint
       AND m.gone_at IS NULL
       AND EXISTS (SELECT FROM stage_account)
       AND NOT EXISTS (SELECT FROM stage_account s WHERE s.account_id = m.account_id)
       AND NOT EXISTS (SELECT FROM mirror.posting p WHERE p.client_id = m.client_id AND p.account_id = m.account_id)
       AND NOT EXISTS (SELECT FROM mirror.saldo b WHERE b.client_id = m.client_id AND b.account_id = m.account_id)
    RETURNING 1
), reclassed AS MATERIALIZED (
    SELECT m.account_id
      FROM mirror.account m
      JOIN stage_account s ON s.account_id = m.account_id
     WHERE m.client_id = $1::bigint AND (m.number ~ '^[12]') <> (s.number ~ '^[12]')
), forgotten AS (
    DELETE FROM sync.list l
     WHERE l.client_id = $1::bigint AND l.resource = 'opening' AND l.variant = 'all' AND EXISTS (SELECT FROM reclassed)
), unproven AS (
    UPDATE mirror.year y SET differences = y.differences + 1 WHERE y.client_id = $1::bigint AND EXISTS (SELECT FROM reclassed)
), written AS (
    INSERT INTO mirror.account AS m (client_id, account_id, version, number, name, type, ledger_type, is_bank_account,
                                     is_closeable, requires_reconciliation, saft_code, grouping_code, vat_type_id, currency,
                                     is_inactive)
    SELECT $1::bigint, s.account_id, coalesce(s.version, 0), s.number, s.name, s.type, s.ledger_type,
           coalesce(s.is_bank_account, false), coalesce(s.is_closeable, false), coalesce(s.requires_reconciliation, false),
           s.saft_code, s.grouping_code, s.vat_type_id, s.currency, coalesce(s.is_inactive, false)
      FROM stage_account s
    ON CONFLICT (client_id, account_id) DO UPDATE
       SET (version, number, name, type, ledger_type, is_bank_account, is_closeable, requires_reconciliation, saft_code,
            grouping_code, vat_type_id, currency, is_inactive, gone_at)
         = (excluded.version, excluded.number, excluded.name, excluded.type, excluded.ledger_type, excluded.is_bank_account,
            excluded.is_closeable, excluded.requires_reconciliation, excluded.saft_code, excluded.grouping_code,
            excluded.vat_type_id, excluded.currency, excluded.is_inactive, NULL)
     WHERE (m.version, m.number, m.name, m.type, m.ledger_type, m.is_bank_account, m.is_closeable, m.requires_reconciliation,
            m.saft_code, m.grouping_code, m.vat_type_id, m.currency, m.is_inactive, m.gone_at)
           IS DISTINCT FROM
           (excluded.version, excluded.number, excluded.name, excluded.type, excluded.ledger_type, excluded.is_bank_account,
            excluded.is_closeable, excluded.requires_reconciliation, excluded.saft_code, excluded.grouping_code,
            excluded.vat_type_id, excluded.currency, excluded.is_inactive, NULL)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed,
       (SELECT pg_catalog.count(*) FROM mirror.account m
         WHERE m.client_id = $1::bigint AND m.gone_at IS NULL AND NOT EXISTS (SELECT FROM stage_account)) AS kept
