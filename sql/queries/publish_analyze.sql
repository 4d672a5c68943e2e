-- A first load fills tables that the planner believes to be empty until autovacuum comes by; readers would wait meanwhile. Counted is
-- what their plans turn on: texts would cost more than all the rest, and are left to autovacuum.
DO $$
BEGIN
    IF (SELECT c.reltuples FROM pg_catalog.pg_class c WHERE c.oid = 'mirror.posting'::pg_catalog.regclass)
       < 2 * (SELECT pg_catalog.count(*) FROM stage_posting) THEN
        ANALYZE mirror.posting (client_id, posting_id, voucher_id, posting_date, account_id),
                mirror.voucher (client_id, voucher_id, voucher_date), mirror.saldo, mirror.opening, mirror.account;
    END IF;
END
$$
