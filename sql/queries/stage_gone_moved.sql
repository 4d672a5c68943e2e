-- Vouchers that Tripletex still has ($1, its answer), with all their postings before the horizon ($2) or from its end ($3) on:
-- they left it, and were not deleted. One whose postings are not told may be hidden.
UPDATE stage_gone_voucher g
   SET is_moved = true
  FROM (SELECT a.id, CASE WHEN pg_catalog.jsonb_typeof(a.postings) = 'array' THEN a.postings ELSE '[]' END AS postings
          FROM pg_catalog.jsonb_to_recordset($1::jsonb -> 'values') AS a (id text, postings jsonb)) v
 WHERE g.voucher_id::text = v.id
   AND pg_catalog.jsonb_array_length(v.postings) > 0
   AND NOT EXISTS (SELECT FROM pg_catalog.jsonb_array_elements(v.postings) AS p (posting)
                    WHERE coalesce(p.posting ->> 'date', $2::text) COLLATE "C" >= $2::text
                      AND coalesce(p.posting ->> 'date', $2::text) COLLATE "C" < $3::text)
