-- Which clients there are, for one who named another.
SELECT pg_catalog.count(*) AS clients,
       pg_catalog.string_agg(c.org_nr, ', ' ORDER BY c.org_nr) FILTER (WHERE c.position <= 10) AS first_ones
  FROM (SELECT o.org_nr, pg_catalog.row_number() OVER (ORDER BY o.org_nr) AS position FROM finale.client o) c
