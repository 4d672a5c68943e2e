-- Clocks that were wrong for a while.
SET LOCAL ROLE saldod_daemon;

CREATE FUNCTION sync.moment_of(told_us bigint) RETURNS timestamptz
    LANGUAGE sql VOLATILE PARALLEL SAFE STRICT SET search_path = ''
    RETURN least(pg_catalog.to_timestamp(told_us / 1000000.0), pg_catalog.clock_timestamp());
COMMENT ON FUNCTION sync.moment_of(bigint) IS
    'A moment by the clock of a daemon, in microseconds since 1970, but never later than now by the database''s: what a clock that was ahead has confirmed would look fresh until that moment is reached.';
REVOKE ALL ON FUNCTION sync.moment_of(bigint) FROM PUBLIC;
