-- What would disappear now and is held back, beside what was confirmed before. What has come back is forgotten.
WITH gone AS (
    SELECT c.posting_id, c.voucher_id FROM stage_change c WHERE c.new_date IS NULL
), back AS (
    DELETE FROM sync.held_posting h
     WHERE h.client_id = $1::bigint
       AND NOT EXISTS (SELECT FROM gone g WHERE g.posting_id = h.posting_id)
)
INSERT INTO sync.held_posting (client_id, posting_id, voucher_id)
SELECT $1::bigint, g.posting_id, g.voucher_id
  FROM gone g
ON CONFLICT (client_id, posting_id) DO NOTHING
