SELECT coalesce(pg_catalog.max(version), 0) AS version FROM sync.migration
