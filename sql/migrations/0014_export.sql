-- What exports of a fiscal year are made of: master data as readers see it, and the two text forms.
SET LOCAL ROLE saldod_daemon;

CREATE VIEW finale.customer WITH (security_invoker = true) AS
SELECT c.org_nr, m.client_id, m.customer_id, m.number AS customer_number, m.name AS customer_name,
       m.organization_number, m.is_inactive
  FROM mirror.customer m
  JOIN bureau.client c ON c.client_id = m.client_id;
COMMENT ON VIEW finale.customer IS 'Customers.';
COMMENT ON COLUMN finale.customer.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.customer.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.customer.customer_id IS 'Tripletex''s id of the customer.';
COMMENT ON COLUMN finale.customer.customer_number IS 'Number of the customer.';
COMMENT ON COLUMN finale.customer.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN finale.customer.organization_number IS 'Organisation number of the customer, as entered in Tripletex.';
COMMENT ON COLUMN finale.customer.is_inactive IS 'True where the customer is no longer used.';

CREATE VIEW finale.supplier WITH (security_invoker = true) AS
SELECT c.org_nr, m.client_id, m.supplier_id, m.number AS supplier_number, m.name AS supplier_name,
       m.organization_number, m.is_inactive
  FROM mirror.supplier m
  JOIN bureau.client c ON c.client_id = m.client_id;
COMMENT ON VIEW finale.supplier IS 'Suppliers.';
COMMENT ON COLUMN finale.supplier.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.supplier.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.supplier.supplier_id IS 'Tripletex''s id of the supplier.';
COMMENT ON COLUMN finale.supplier.supplier_number IS 'Number of the supplier.';
COMMENT ON COLUMN finale.supplier.supplier_name IS 'Name of the supplier.';
COMMENT ON COLUMN finale.supplier.organization_number IS 'Organisation number of the supplier, as entered in Tripletex.';
COMMENT ON COLUMN finale.supplier.is_inactive IS 'True where the supplier is no longer used.';

CREATE VIEW finale.department WITH (security_invoker = true) AS
SELECT c.org_nr, m.client_id, m.department_id, m.number AS department_number, m.name AS department_name, m.is_inactive
  FROM mirror.department m
  JOIN bureau.client c ON c.client_id = m.client_id;
COMMENT ON VIEW finale.department IS 'Departments.';
COMMENT ON COLUMN finale.department.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.department.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.department.department_id IS 'Tripletex''s id of the department.';
COMMENT ON COLUMN finale.department.department_number IS 'Number of the department.';
COMMENT ON COLUMN finale.department.department_name IS 'Name of the department.';
COMMENT ON COLUMN finale.department.is_inactive IS 'True where the department is no longer used.';

CREATE VIEW finale.project WITH (security_invoker = true) AS
SELECT c.org_nr, m.client_id, m.project_id, m.number AS project_number, m.name AS project_name, m.is_closed
  FROM mirror.project m
  JOIN bureau.client c ON c.client_id = m.client_id;
COMMENT ON VIEW finale.project IS 'Projects.';
COMMENT ON COLUMN finale.project.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.project.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.project.project_id IS 'Tripletex''s id of the project.';
COMMENT ON COLUMN finale.project.project_number IS 'Number of the project.';
COMMENT ON COLUMN finale.project.project_name IS 'Name of the project.';
COMMENT ON COLUMN finale.project.is_closed IS 'True where the project is closed.';

CREATE VIEW finale.vat_type WITH (security_invoker = true) AS
SELECT c.org_nr, m.client_id, m.vat_type_id, m.number AS vat_code, m.name AS vat_name, m.percentage
  FROM mirror.vat_type m
  JOIN bureau.client c ON c.client_id = m.client_id;
COMMENT ON VIEW finale.vat_type IS 'VAT codes.';
COMMENT ON COLUMN finale.vat_type.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.vat_type.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.vat_type.vat_type_id IS 'Tripletex''s id of the VAT type.';
COMMENT ON COLUMN finale.vat_type.vat_code IS 'VAT code.';
COMMENT ON COLUMN finale.vat_type.vat_name IS 'Name of the VAT type.';
COMMENT ON COLUMN finale.vat_type.percentage IS 'Rate in per cent.';

GRANT SELECT ON finale.customer, finale.supplier, finale.department, finale.project, finale.vat_type
    TO saldod_reader, saldod_admin;

-- The code lists of the tax administration for SAF-T Financial 1.30 leave no doubt: in each of its three numberings the
-- code itself says to which category it belongs.
CREATE FUNCTION finale.grouping_category(grouping_code text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = ''
RETURN CASE
    WHEN grouping_category.grouping_code ~ '^1[0-3]\d\d$' THEN 'balanseverdiForAnleggsmiddel'
    WHEN grouping_category.grouping_code ~ '^1[4-9]\d\d$' THEN 'balanseverdiForOmloepsmiddel'
    WHEN grouping_category.grouping_code ~ '^(20\d\d|9\.\d\d\.\d\d)$' THEN 'egenkapital'
    WHEN grouping_category.grouping_code ~ '^2[12]\d\d$' THEN 'langsiktigGjeld'
    WHEN grouping_category.grouping_code ~ '^2[3-9]\d\d$' THEN 'kortsiktigGjeld'
    WHEN grouping_category.grouping_code ~ '^3[0-3]\d\d$' THEN 'salgsinntekt'
    WHEN grouping_category.grouping_code ~ '^3[4-9]\d\d$' THEN 'annenDriftsinntekt'
    WHEN grouping_category.grouping_code ~ '^4\d\d\d$' THEN 'varekostnad'
    WHEN grouping_category.grouping_code ~ '^5\d\d\d$' THEN 'loennskostnad'
    WHEN grouping_category.grouping_code ~ '^[67]\d\d\d$' THEN 'annenDriftskostnad'
    WHEN grouping_category.grouping_code ~ '^80\d\d$' THEN 'finansinntekt'
    WHEN grouping_category.grouping_code ~ '^8[12]\d\d$' THEN 'finanskostnad'
    WHEN grouping_category.grouping_code ~ '^(8[3-7]\d\d$|7\.80\.|8\.9[12]\.7\.)' THEN 'skattekostnad'
    WHEN grouping_category.grouping_code ~ '^8[89]\d\d$' THEN 'resultatDisponeringForSAF-T'
    WHEN grouping_category.grouping_code ~ '^89\d\d\.\d$' THEN 'resultatkomponentForIFRSForetak'
    WHEN grouping_category.grouping_code ~ '^[1-5]\.\d\d\.\d\d$' THEN 'balanseverdiForBankOgForsikringseiendel'
    WHEN grouping_category.grouping_code ~ '^[6-8]\.\d\d\.\d\d$' THEN 'gjeldInnenBankOgForsikring'
    WHEN grouping_category.grouping_code ~ '^[12]\.\d\d\.\d\.' THEN 'bankOgForsikringsinntekt'
    WHEN grouping_category.grouping_code ~ '^([4-6]\.\d\d|9\.00)\.\d\.' THEN 'bankOgForsikringskostnad'
    WHEN grouping_category.grouping_code ~ '^8\.91\.\d\.' THEN 'bankOgForsikringsinntektEllerKostnadSomIkkeBlirOmklassifisertTilResultatet'
    WHEN grouping_category.grouping_code ~ '^8\.92\.\d\.' THEN 'bankOgForsikringsinntektEllerKostnadSomKanBliOmklassifisertTilResultatet'
    WHEN grouping_category.grouping_code ~ '^9\.\d\d\.\d\.' THEN 'endringIEgenkapitalInnenBankOgForsikring'
END;
COMMENT ON FUNCTION finale.grouping_category(text) IS
    'Category of a grouping code (næringsspesifikasjon), as SAF-T Financial 1.30 names it; null where the code is none.';

-- A year without rows may be unknown, not complete, or empty: only the last is an export.
CREATE FUNCTION finale.export_account(org_nr text, year integer)
    RETURNS TABLE (account_number text, account_name text, saldo text)
    LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
#variable_conflict use_column
DECLARE
    its     finale.year;
    inexact record;
BEGIN
    SELECT y.* INTO its FROM finale.year y WHERE y.org_nr = export_account.org_nr AND y.year = export_account.year;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = pg_catalog.format('client %s has no complete fiscal year %s', export_account.org_nr, export_account.year),
            HINT = coalesce((SELECT pg_catalog.format('Complete are: %s.', pg_catalog.string_agg(y.year::text, ', ' ORDER BY y.year))
                               FROM finale.year y WHERE y.org_nr = export_account.org_nr HAVING pg_catalog.count(*) > 0),
                            'See SELECT org_nr, name, state FROM finale.client;');
    END IF;
    IF NOT its.verified THEN
        RAISE WARNING USING
            MESSAGE = pg_catalog.format('fiscal year %s of client %s is not verified: %s differences', its.year, its.org_nr, its.differences),
            HINT = 'They are in finale.saldo_proof and finale.voucher_difference.';
    END IF;
    SELECT s.account_number, pg_catalog.sum(s.closing) AS closing INTO inexact
      FROM finale.saldo_year s
     WHERE s.org_nr = its.org_nr AND s.year = its.year
     GROUP BY s.account_number
    HAVING pg_catalog.scale(pg_catalog.trim_scale(pg_catalog.sum(s.closing))) > 2
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'numeric_value_out_of_range',
            MESSAGE = pg_catalog.format('the saldo %s of account %s cannot be written with two decimals', inexact.closing, inexact.account_number),
            HINT = 'Read it from finale.saldo_year, which has every decimal, or correct the voucher in Tripletex.';
    END IF;
    RETURN QUERY
    SELECT coalesce(s.account_number, ''),
           pg_catalog.translate(coalesce(pg_catalog.max(s.account_name), ''), E'\t\n\r;', '    '),
           pg_catalog.replace(pg_catalog.round(pg_catalog.sum(s.closing), 2)::text, '.', ',')
      FROM finale.saldo_year s
     WHERE s.org_nr = its.org_nr AND s.year = its.year
     GROUP BY s.account_number
    HAVING pg_catalog.sum(s.closing) <> 0
     ORDER BY s.account_number COLLATE "C";
END
$$;
COMMENT ON FUNCTION finale.export_account(text, integer) IS
    'The accounts of a complete fiscal year whose closing saldo is not 0, as the two text forms write them: two decimals, decimal comma, no separator in names.';

CREATE FUNCTION finale.export_saldo(org_nr text, year integer) RETURNS text
    LANGUAGE sql STABLE SET search_path = ''
RETURN (SELECT coalesce(pg_catalog.string_agg(a.account_number || E'\t' || a.account_name || E'\t' || a.saldo || E'\r\n', ''
                                              ORDER BY a.account_number COLLATE "C"), '')
          FROM finale.export_account(export_saldo.org_nr, export_saldo.year) a);
COMMENT ON FUNCTION finale.export_saldo(text, integer) IS
    'The whole text file for import of closing saldo: konto, konto name and saldo between tabs, no header, lines end in CR LF; debit positive.';

CREATE FUNCTION finale.export_csv(org_nr text, year integer) RETURNS text
    LANGUAGE sql STABLE SET search_path = ''
RETURN (SELECT E'Konto;Kontonavn;Saldo\r\n'
               || coalesce(pg_catalog.string_agg(a.account_number || ';' || a.account_name || ';' || a.saldo || E'\r\n', ''
                                                 ORDER BY a.account_number COLLATE "C"), '')
          FROM finale.export_account(export_csv.org_nr, export_csv.year) a);
COMMENT ON FUNCTION finale.export_csv(text, integer) IS
    'As finale.export_saldo, between semicolons and with the header Konto;Kontonavn;Saldo.';

GRANT EXECUTE ON FUNCTION finale.grouping_category(text), finale.export_account(text, integer), finale.export_saldo(text, integer),
    finale.export_csv(text, integer) TO saldod_reader, saldod_admin;
