-- An empty stage for the next pull on this connection. Nothing here is seen by any reader. TRUNCATE makes a new file and forgets plans,
-- which is dear where there are a few rows, and cheap where there are many.
DO $$
DECLARE
    tab pg_catalog.regclass;
BEGIN
    FOREACH tab IN ARRAY ARRAY['stage_posting', 'stage_balance', 'stage_range', 'stage_change', 'stage_gone_voucher', 'stage_month',
                               'stage_saldo', 'stage_opening', 'stage_opening_year', 'stage_delta']::pg_catalog.regclass[] LOOP
        IF pg_catalog.pg_relation_size(tab) > 262144 THEN
            EXECUTE pg_catalog.format('TRUNCATE %s', tab);
        ELSIF pg_catalog.pg_relation_size(tab) > 0 THEN
            EXECUTE pg_catalog.format('DELETE FROM %s', tab);
        END IF;
    END LOOP;
END
$$
