SELECT pg_catalog.pg_notify('finale_changed', $1)
