-- finale: the two text forms of an export, and the categories of SAF-T.
\ir fixture/begin.sql
\ir fixture/books.sql
SELECT * FROM no_plan();

SELECT is(finale.export_saldo('974760673', 2024), E'1920\tBank\t1160,25\r\n2050\tEgenkapital\t-1150,25\r\n3000\tSalg\t-10,00\r\n',
          'konto, name and saldo between tabs; CR LF');
SELECT is(finale.export_csv('974760673', 2024), E'Konto;Kontonavn;Saldo\r\n1920;Bank;1160,25\r\n2050;Egenkapital;-1150,25\r\n3000;Salg;-10,00\r\n',
          'the same with a header and semicolons');
UPDATE mirror.account SET name = E'A\tB\nC;D\r E' WHERE client_id = :fjord AND account_id = 1;
SELECT is(split_part(finale.export_saldo('974760673', 2024), E'\r\n', 1), E'1920\tA B C D  E\t1160,25', 'nothing in a name breaks a line or a column');
UPDATE mirror.account SET name = NULL WHERE client_id = :fjord AND account_id = 1;
SELECT is(split_part(finale.export_csv('974760673', 2024), E'\r\n', 2), '1920;;1160,25', 'an account without a name is there');
UPDATE mirror.opening SET balance_in = -10 WHERE client_id = :fjord AND year = 2024 AND account_id = 1;
SELECT unalike(finale.export_saldo('974760673', 2024), '1920%', 'saldo 0 is left out');
UPDATE mirror.opening SET balance_in = -10.5 WHERE client_id = :fjord AND year = 2024 AND account_id = 1;
SELECT matches(finale.export_saldo('974760673', 2024), E'^1920\t\t-0,50\r', 'two decimals, comma, leading minus');
UPDATE mirror.opening SET balance_in = 123456789012345678.90 WHERE client_id = :fjord AND year = 2024 AND account_id = 1;
SELECT matches(finale.export_saldo('974760673', 2024), E'^1920\t\t123456789012345688,90\r', 'no separator of thousands, every digit');
UPDATE mirror.opening SET balance_in = 0.0050 WHERE client_id = :fjord AND year = 2024 AND account_id = 1;
SELECT is(pg_temp.refusal($$SELECT finale.export_saldo('974760673', 2024)$$),
          'the saldo 10.0050 of account 1920 cannot be written with two decimals | Read it from finale.saldo_year, which has every decimal, or correct the voucher in Tripletex.',
          'no figure is rounded');
UPDATE mirror.opening SET balance_in = 0.5000 WHERE client_id = :fjord AND year = 2024 AND account_id = 1;
SELECT matches(finale.export_saldo('974760673', 2024), E'^1920\t\t10,50\r', 'zeros behind are no further decimals');
SELECT is(pg_temp.refusal($$SELECT finale.export_saldo('974760673', 2025)$$),
          'client 974760673 has no complete fiscal year 2025 | Complete are: 2023, 2024.', 'a year that is not complete is refused');
SELECT is(pg_temp.refusal($$SELECT finale.export_csv('100000008', 2025)$$),
          'client 100000008 has no complete fiscal year 2025 | See SELECT org_nr, name, state FROM finale.client;', 'and so is an unknown client');
SELECT is(finale.export_saldo('811126489', 2026), '', 'a year without figures is an empty file');
SELECT is(finale.export_csv('811126489', 2026), E'Konto;Kontonavn;Saldo\r\n', 'or a header alone');

-- As a reader, and as one that sees other clients only.
CREATE ROLE leser LOGIN IN ROLE saldod_reader;
CREATE ROLE annen LOGIN IN ROLE saldod_reader;
SELECT bureau.grant_reader('annen', '811126489');
SELECT matches(pg_temp.as_role('leser', $$SELECT finale.export_saldo('974760673', 2024)$$), '^1920', 'readers may export');
SELECT is(pg_temp.as_role('annen', $$SELECT finale.export_saldo('974760673', 2024)$$), 'client 974760673 has no complete fiscal year 2024',
          'a confined one what it sees');
SELECT is(pg_temp.as_role('annen', $$SELECT count(*) FROM finale.vat_type$$), '0', 'of master data too');
SELECT is(pg_temp.as_role('leser', $$SELECT vat_code FROM finale.vat_type$$), '3', 'which readers see');

-- Categories of grouping codes.
SELECT is(finale.grouping_category(code), category, 'category of ' || code)
  FROM (VALUES ('1000', 'balanseverdiForAnleggsmiddel'), ('1400', 'balanseverdiForOmloepsmiddel'), ('1950', 'balanseverdiForOmloepsmiddel'),
               ('2000', 'egenkapital'), ('9.21.11', 'egenkapital'), ('2290', 'langsiktigGjeld'), ('2310', 'kortsiktigGjeld'),
               ('3300', 'salgsinntekt'), ('3400', 'annenDriftsinntekt'), ('4995', 'varekostnad'), ('5000', 'loennskostnad'),
               ('7911', 'annenDriftskostnad'), ('8091', 'finansinntekt'), ('8100', 'finanskostnad'), ('8300', 'skattekostnad'),
               ('8.91.7.89.00', 'skattekostnad'), ('8800', 'resultatDisponeringForSAF-T'), ('8901.1', 'resultatkomponentForIFRSForetak'),
               ('1.11.00', 'balanseverdiForBankOgForsikringseiendel'), ('8.31.00', 'gjeldInnenBankOgForsikring'),
               ('1.05.0.10', 'bankOgForsikringsinntekt'), ('9.00.0.00', 'bankOgForsikringskostnad'), ('6.68.7.87.00', 'bankOgForsikringskostnad'),
               ('9.08.0.90.00', 'endringIEgenkapitalInnenBankOgForsikring'), ('9999', NULL), ('', NULL), ('abc', NULL)) AS t (code, category);

SELECT * FROM finish();
ROLLBACK;
