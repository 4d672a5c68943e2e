-- The ranges read, as disjoint intervals of days: $1 is a JSON array of {f, t}.
INSERT INTO stage_range (date_from, date_to)
SELECT r.f, r.t FROM pg_catalog.jsonb_to_recordset($1::jsonb) AS r (f date, t date)
