-- Whether the vacuum before it could remove every dead row: one that some transaction can still see would be copied.
SELECT pg_catalog.pg_stat_get_dead_tuples('bureau.bureau'::pg_catalog.regclass) = 0
   AND pg_catalog.pg_stat_get_dead_tuples('bureau.client'::pg_catalog.regclass) = 0 AS is_clean
