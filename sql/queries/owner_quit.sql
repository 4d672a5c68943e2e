-- It takes no more part in the sharing; what it owns it still owns.
SELECT pg_catalog.pg_advisory_unlock($1::integer, pg_catalog.pg_backend_pid()) AS quitted
