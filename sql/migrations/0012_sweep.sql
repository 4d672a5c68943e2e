-- A token that was entered in the clear leaves no trace in the tables once it is sealed.
--
-- An UPDATE keeps the old row until a vacuum, and even then its bytes stay in the page until something overwrites
-- them. Each token in the clear therefore leaves a mark here, in the transaction that enters it; a daemon rewrites the
-- tables and takes the marks away once no transaction can see the old rows any more. A mark outlives a kill -9.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE sync.sweep (
    sweep_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asked_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE sync.sweep IS
    'Marks of secrets whose old rows are still to be removed from the files of bureau.bureau and bureau.client; empty = nothing to do.';
COMMENT ON COLUMN sync.sweep.sweep_id IS 'Number of the mark.';
COMMENT ON COLUMN sync.sweep.asked_at IS 'Moment of the transaction that made it.';

CREATE FUNCTION sync.token_entered() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    IF bureau.token_kind(NEW.employee_token) = 'clear' THEN
        INSERT INTO sync.sweep DEFAULT VALUES;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION sync.token_entered() IS 'Trigger: marks that a token in the clear has to be swept out of the files of its table.';
CREATE TRIGGER bureau_token_entered AFTER INSERT OR UPDATE OF employee_token ON bureau.bureau
    FOR EACH ROW EXECUTE FUNCTION sync.token_entered();
CREATE TRIGGER client_token_entered AFTER INSERT OR UPDATE OF employee_token ON bureau.client
    FOR EACH ROW EXECUTE FUNCTION sync.token_entered();

-- Nor does ANALYZE copy tokens into pg_statistic.
ALTER TABLE bureau.bureau ALTER COLUMN employee_token SET STATISTICS 0;
ALTER TABLE bureau.client ALTER COLUMN employee_token SET STATISTICS 0;

-- What earlier versions sealed is swept once.
INSERT INTO sync.sweep DEFAULT VALUES;
