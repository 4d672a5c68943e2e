-- A fresh stage is believed to be empty and would be looped over. Counted is what it is joined by: to count its texts takes as long as to
-- copy the rows.
ANALYZE stage_posting (posting_id, voucher_id, posting_date), stage_range
