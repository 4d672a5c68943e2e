-- The staged groups dated in part $2 ("from/to", to excluded) become what is mirrored. What is gone is marked, not removed:
-- the history tells what was open on a past day. Parts that overlap this one, of an earlier cut, are forgotten.
WITH dates AS (
    SELECT pg_catalog.split_part($2::text, '/', 1)::date AS since, pg_catalog.split_part($2::text, '/', 2)::date AS before
), member AS (
    SELECT DISTINCT s.close_group_id, i.id::bigint AS posting_id
      FROM stage_close_group s
     CROSS JOIN pg_catalog.string_to_table(s.posting_ids, ',') AS i (id)
), gone AS (
    UPDATE mirror.close_group m SET gone_at = pg_catalog.clock_timestamp()
      FROM dates d
     WHERE m.client_id = $1::bigint AND m.gone_at IS NULL AND m.close_date >= d.since AND m.close_date < d.before
       AND NOT EXISTS (SELECT FROM stage_close_group s WHERE s.close_group_id = m.close_group_id)
    RETURNING m.close_group_id
), left_out AS (
    UPDATE mirror.close_group_posting m SET gone_at = pg_catalog.clock_timestamp()
     WHERE m.client_id = $1::bigint AND m.gone_at IS NULL
       AND m.close_group_id IN (SELECT g.close_group_id FROM gone g UNION ALL SELECT s.close_group_id FROM stage_close_group s)
       AND NOT EXISTS (SELECT FROM member n WHERE n.close_group_id = m.close_group_id AND n.posting_id = m.posting_id)
    RETURNING 1
), joined AS (
    INSERT INTO mirror.close_group_posting AS m (client_id, posting_id, close_group_id, seen_at)
    SELECT $1::bigint, n.posting_id, n.close_group_id, pg_catalog.clock_timestamp()
      FROM member n
     WHERE NOT EXISTS (SELECT FROM mirror.close_group_posting o
                        WHERE o.client_id = $1::bigint AND o.posting_id = n.posting_id
                          AND o.close_group_id = n.close_group_id AND o.gone_at IS NULL)
    RETURNING 1
), parts AS (
    DELETE FROM sync.list l
     USING dates d
     WHERE l.client_id = $1::bigint AND l.resource = 'close_group' AND l.variant <> $2::text AND l.state <> 'split'
       AND pg_catalog.split_part(l.variant, '/', 1)::date < d.before AND pg_catalog.split_part(l.variant, '/', 2)::date > d.since
), written AS (
    INSERT INTO mirror.close_group AS m (client_id, close_group_id, version, close_date, seen_at)
    SELECT $1::bigint, s.close_group_id, coalesce(s.version, 0), s.close_date, pg_catalog.clock_timestamp()
      FROM stage_close_group s
    ON CONFLICT (client_id, close_group_id) DO UPDATE
       SET (version, close_date, gone_at) = (excluded.version, excluded.close_date, NULL)
     WHERE (m.version, m.close_date, m.gone_at) IS DISTINCT FROM (excluded.version, excluded.close_date, NULL::timestamptz)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM left_out) + (SELECT pg_catalog.count(*) FROM joined)
       + (SELECT pg_catalog.count(*) FROM written) AS changed
