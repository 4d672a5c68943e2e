-- A slice is read again: forget what was staged of it. $1 to before $2 are its days; $3 to before $4 its accounts, and
-- $5 to before $6 its voucher numbers, where the upper bound is not 0.
DELETE FROM stage_posting s
 WHERE s.posting_date >= $1::date AND s.posting_date < $2::date
   AND ($4::integer = 0
        OR (CASE WHEN s.account_number ~ '^[0-9]{1,9}$' THEN s.account_number::integer ELSE 0 END >= $3::integer
            AND CASE WHEN s.account_number ~ '^[0-9]{1,9}$' THEN s.account_number::integer ELSE 0 END < $4::integer))
   AND ($6::integer = 0
        OR (coalesce(s.voucher_number, 0) >= $5::integer AND coalesce(s.voucher_number, 0) < $6::integer))
