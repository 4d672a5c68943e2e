-- Days outside the ranges read where the mirror still has a posting that was read elsewhere now: what holds them has
-- changed too, and is published together.
SELECT DISTINCT c.old_date AS day
  FROM stage_change c
 WHERE c.old_date IS NOT NULL
   AND NOT EXISTS (SELECT FROM stage_range r WHERE c.old_date >= r.date_from AND c.old_date < r.date_to)
 LIMIT 200
