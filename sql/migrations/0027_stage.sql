-- How a stage is emptied, which each list of a pull asks for.
SET LOCAL ROLE saldod_daemon;

CREATE FUNCTION sync.empty_stage(tables pg_catalog.regclass[]) RETURNS void
    LANGUAGE plpgsql SECURITY INVOKER SET search_path = ''
AS $$
DECLARE
    stage pg_catalog.regclass;
    bytes bigint;
BEGIN
    FOREACH stage IN ARRAY tables LOOP
        bytes := pg_catalog.pg_relation_size(stage);
        IF bytes > 262144 THEN
            EXECUTE pg_catalog.format('TRUNCATE %s', stage);
        ELSIF bytes > 0 THEN
            EXECUTE pg_catalog.format('DELETE FROM %s', stage);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION sync.empty_stage(pg_catalog.regclass[]) IS
    'Empties temporary tables of a pull. TRUNCATE makes a new file and forgets plans, which is dear where there are a few rows, and cheap where there are many.';
REVOKE ALL ON FUNCTION sync.empty_stage(pg_catalog.regclass[]) FROM PUBLIC;
