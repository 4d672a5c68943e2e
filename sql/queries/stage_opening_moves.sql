-- Whether a fiscal year ($1) has any movement by its sheet.
SELECT EXISTS (SELECT FROM stage_opening WHERE year = $1::integer AND balance_change <> 0) AS has_movement
