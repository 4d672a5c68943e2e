-- The staged matches become what is mirrored: of all reconciliations, or (part $2) of one.
WITH gone AS (
    DELETE FROM mirror.bank_match m
     WHERE m.client_id = $1::bigint
       AND ($2::text = '' OR m.bank_reconciliation_id = $2::text::bigint)
       AND NOT EXISTS (SELECT FROM stage_bank_match s WHERE s.bank_match_id = m.bank_match_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.bank_match AS m (client_id, bank_match_id, version, bank_reconciliation_id, type,
                                        bank_transaction_ids, posting_ids)
    SELECT $1::bigint, s.bank_match_id, coalesce(s.version, 0), s.bank_reconciliation_id, s.type,
           coalesce(pg_catalog.string_to_array(s.transaction_ids, ',')::bigint[], '{}'),
           coalesce(pg_catalog.string_to_array(s.posting_ids, ',')::bigint[], '{}')
      FROM stage_bank_match s
    ON CONFLICT (client_id, bank_match_id) DO UPDATE
       SET (version, bank_reconciliation_id, type, bank_transaction_ids, posting_ids)
         = (excluded.version, excluded.bank_reconciliation_id, excluded.type, excluded.bank_transaction_ids,
            excluded.posting_ids)
     WHERE (m.version, m.bank_reconciliation_id, m.type, m.bank_transaction_ids, m.posting_ids)
           IS DISTINCT FROM
           (excluded.version, excluded.bank_reconciliation_id, excluded.type, excluded.bank_transaction_ids,
            excluded.posting_ids)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
