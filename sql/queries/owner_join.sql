-- A daemon is there: as long as its listening connection lives it counts where the tokens are shared out. $1 is the same
-- for all daemons.
SELECT pg_catalog.pg_try_advisory_lock($1::integer, pg_catalog.pg_backend_pid()) AS joined
