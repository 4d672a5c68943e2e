-- What the vouchers asked for ($2, ids joined by commas) have dated before the horizon ($4) or from its end ($5) on, by the answer of
-- Tripletex ($3, JSON; null = it gave none).
WITH said AS (
    SELECT v.id, pg_catalog.sum((p.posting ->> 'amount')::numeric) AS amount
      FROM pg_catalog.jsonb_to_recordset($3::jsonb -> 'values') AS v (id text, postings jsonb)
     CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(CASE WHEN pg_catalog.jsonb_typeof(v.postings) = 'array'
                                                             THEN v.postings ELSE '[]' END) AS p (posting)
     WHERE (p.posting ->> 'date') COLLATE "C" < $4::text OR (p.posting ->> 'date') COLLATE "C" >= $5::text
     GROUP BY v.id
)
UPDATE mirror.voucher_difference d
   SET outside = coalesce(said.amount, 0)
  FROM pg_catalog.unnest(pg_catalog.string_to_array($2, ',')) AS asked (id)
  LEFT JOIN said ON said.id = asked.id
 WHERE d.client_id = $1::bigint AND d.voucher_id = asked.id::bigint
