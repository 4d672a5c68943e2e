-- Products that changed postings name and no list has told of are asked for with the lists beyond the ledger, at once.
UPDATE sync.list l
   SET asked_at = 'epoch'
 WHERE l.client_id = $1::bigint AND l.resource = 'product' AND l.state = 'read'
   AND EXISTS (SELECT
                 FROM stage_change c
                 JOIN stage_posting s ON s.posting_id = c.posting_id
                WHERE s.product_id IS NOT NULL
                  AND NOT EXISTS (SELECT FROM mirror.product p WHERE p.client_id = $1::bigint AND p.product_id = s.product_id))
