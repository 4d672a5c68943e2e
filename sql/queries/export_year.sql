-- What is to be exported ($1 organisation number, $2 fiscal year), or why it is not there.
SELECT c.name, c.state, y.year, y.start_date, y.end_date, y.verified, y.differences,
       pg_catalog.to_char(y.fresh_as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS fresh_as_of,
       (pg_catalog.date_part('year', y.end_date) - pg_catalog.date_part('year', y.start_date)) * 12
       + pg_catalog.date_part('month', y.end_date) - pg_catalog.date_part('month', y.start_date) + 1 AS periods,
       (SELECT pg_catalog.string_agg(o.year::text, ', ' ORDER BY o.year)
          FROM finale.year o WHERE o.org_nr = $1) AS years,
       (pg_catalog.now() AT TIME ZONE 'Europe/Oslo')::date AS today
  FROM finale.client c
  LEFT JOIN finale.year y ON y.org_nr = c.org_nr AND y.year = $2::integer
 WHERE c.org_nr = $1
