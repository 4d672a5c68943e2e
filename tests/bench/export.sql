-- A fiscal year of :postings postings, four a voucher, with VAT, parties, a department and long texts.
SELECT bureau.add_client('974760673', 'Fjord Fisk AS', employee_token => 'none') AS client \gset
INSERT INTO mirror.year (client_id, year, start_date, next_start_date, complete) VALUES (:client, 2025, '2025-01-01', '2026-01-01', true);
INSERT INTO mirror.account (client_id, account_id, version, number, name, ledger_type, grouping_code)
SELECT :client, n, 0, n::text, 'Konto ' || n, CASE n WHEN 1500 THEN 'CUSTOMER' ELSE 'GENERAL' END, '6000'
  FROM unnest(ARRAY[1500, 1920, 2700, 3000] || ARRAY(SELECT generate_series(4000, 4400))) AS n;
INSERT INTO mirror.vat_type (client_id, vat_type_id, version, number, name, percentage) VALUES (:client, 3, 0, '3', 'Utgående avgift, høy sats', 25);
INSERT INTO mirror.voucher_type (client_id, voucher_type_id, version, name) VALUES (:client, 1, 0, 'Utgående faktura');
INSERT INTO mirror.customer (client_id, customer_id, version, number, name) SELECT :client, n, 0, n::text, 'Kunde ' || n FROM generate_series(1, 5000) AS n;
INSERT INTO mirror.department (client_id, department_id, version, number, name) SELECT :client, n, 0, n::text, 'Avdeling ' || n FROM generate_series(1, 20) AS n;
INSERT INTO mirror.voucher (client_id, voucher_id, version, year, number, voucher_date, description, voucher_type_id)
SELECT :client, v, 0, 2025, v, date '2025-01-01' + v % 365, 'Faktura ' || v || ' til fast kunde, levert etter avtale', 1
  FROM generate_series(1, :postings / 4) AS v;
INSERT INTO mirror.posting (client_id, posting_id, version, voucher_id, "row", posting_date, account_id, amount, amount_currency, amount_gross,
                            amount_gross_currency, currency, description, vat_type_id, customer_id, department_id, invoice_number, system_generated)
SELECT :client, v * 4 + r, 0, v, r, date '2025-01-01' + v % 365,
       CASE r WHEN 0 THEN 1500 WHEN 1 THEN 3000 WHEN 2 THEN 2700 ELSE 4000 + v % 400 END,
       a, a, CASE r WHEN 1 THEN a * 1.25 ELSE a END, a, 'NOK', 'Varer etter ordre ' || v || ', linje ' || r || ' <pakket & sendt>',
       CASE WHEN r IN (1, 2) THEN 3 END, CASE r WHEN 0 THEN v % 5000 + 1 END, CASE r WHEN 1 THEN v % 20 + 1 END, v::text, r = 2
  FROM generate_series(1, :postings / 4) AS v
 CROSS JOIN LATERAL (VALUES (0, 125.50 + v % 1000), (1, -100.25 - v % 1000), (2, -25.25), (3, 0.00)) AS l (r, a);
INSERT INTO mirror.saldo (client_id, year, month, account_id, balance_change, postings_sum)
SELECT client_id, 2025, date_trunc('month', posting_date::timestamp)::date, account_id, sum(amount), sum(amount)
  FROM mirror.posting GROUP BY 1, 3, 4;
ANALYZE;
