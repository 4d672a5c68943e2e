-- The staged postings of one asset (part $2) become what is mirrored.
WITH gone AS (
    DELETE FROM mirror.asset_posting m
     WHERE m.client_id = $1::bigint
       AND m.asset_id = $2::text::bigint
       AND NOT EXISTS (SELECT FROM stage_asset_posting s WHERE s.posting_id = m.posting_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.asset_posting AS m (client_id, asset_id, posting_id, version, voucher_id, posting_date, account_id,
                                           amount, description)
    SELECT $1::bigint, $2::text::bigint, s.posting_id, coalesce(s.version, 0), s.voucher_id, s.posting_date, s.account_id,
           s.amount, s.description
      FROM stage_asset_posting s
    ON CONFLICT (client_id, asset_id, posting_id) DO UPDATE
       SET (version, voucher_id, posting_date, account_id, amount, description)
         = (excluded.version, excluded.voucher_id, excluded.posting_date, excluded.account_id, excluded.amount,
            excluded.description)
     WHERE (m.version, m.voucher_id, m.posting_date, m.account_id, m.amount, m.description)
           IS DISTINCT FROM
           (excluded.version, excluded.voucher_id, excluded.posting_date, excluded.account_id, excluded.amount,
            excluded.description)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
