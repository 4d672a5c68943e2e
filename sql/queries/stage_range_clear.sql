-- A range is read again: forget what was staged of it.
DELETE FROM stage_posting WHERE posting_date >= $1::date AND posting_date < $2::date
