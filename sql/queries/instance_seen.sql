INSERT INTO sync.instance AS i (instance, version)
VALUES ($1, $2)
ON CONFLICT (instance) DO UPDATE
   SET version = excluded.version, seen_at = pg_catalog.clock_timestamp()
