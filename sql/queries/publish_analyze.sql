-- A first load fills tables that the planner believes to be empty until autovacuum comes by; readers would wait meanwhile.
DO $$
BEGIN
    IF (SELECT c.reltuples FROM pg_catalog.pg_class c WHERE c.oid = 'mirror.posting'::pg_catalog.regclass)
       < 5 * (SELECT pg_catalog.count(*) FROM stage_posting) THEN
        ANALYZE mirror.posting, mirror.voucher, mirror.saldo, mirror.opening, mirror.account;
    END IF;
END
$$
