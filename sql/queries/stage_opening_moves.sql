-- Whether a fiscal year ($1) of a client ($2) has any movement by its sheet, and whether postings of it are mirrored: the
-- digests of its ranges may outlive its saldo, where a year left the horizon and came back.
SELECT EXISTS (SELECT FROM stage_opening WHERE year = $1::integer AND balance_change <> 0) AS has_movement,
       EXISTS (SELECT FROM mirror.year y
                 JOIN mirror.posting p ON p.client_id = y.client_id AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
                WHERE y.client_id = $2::bigint AND y.year = $1::integer) AS has_postings
