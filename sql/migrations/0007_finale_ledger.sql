-- The ledger as readers see it. Names are joined from the left, so that a missing row of master data hides nothing.
--
-- Postings and vouchers are joined with the years rather than looked up in them: a query for one client then starts
-- at its few years and reads each by index.
SET LOCAL ROLE saldod_daemon;

CREATE VIEW finale.year WITH (security_invoker = true) AS
SELECT c.org_nr,
       y.client_id,
       y.year,
       y.start_date,
       y.next_start_date - 1 AS end_date,
       y.complete,
       y.complete AND y.differences = 0 AS verified,
       y.differences,
       r.fresh_as_of
  FROM mirror.year y
  JOIN bureau.client c ON c.client_id = y.client_id
  LEFT JOIN LATERAL (
       SELECT CASE WHEN pg_catalog.count(*) = pg_catalog.count(t.confirmed_at) THEN pg_catalog.min(t.confirmed_at) END AS fresh_as_of
         FROM sync.range t
        WHERE t.client_id = y.client_id AND t.is_top
          AND t.date_from < y.next_start_date AND t.date_to > y.start_date) r ON true
 WHERE y.complete;
COMMENT ON VIEW finale.year IS 'The fiscal years that can be read: each is shown from the moment it is complete.';
COMMENT ON COLUMN finale.year.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.year.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.year.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN finale.year.start_date IS 'First day of the fiscal year.';
COMMENT ON COLUMN finale.year.end_date IS 'Last day of the fiscal year.';
COMMENT ON COLUMN finale.year.complete IS 'Always true: years that are not complete are not shown.';
COMMENT ON COLUMN finale.year.verified IS 'True where every saldo of the year equals the sum of its postings and every voucher sums to 0.';
COMMENT ON COLUMN finale.year.differences IS 'Number of accounts and months, and of vouchers, where that does not hold.';
COMMENT ON COLUMN finale.year.fresh_as_of IS 'The figures equal Tripletex at this moment, or a later one.';

CREATE VIEW finale.account WITH (security_invoker = true) AS
SELECT c.org_nr,
       a.client_id,
       a.account_id,
       a.number AS account_number,
       a.name AS account_name,
       a.type AS account_type,
       a.number ~ '^[12]' AS is_balance_account,
       a.is_bank_account,
       a.is_closeable,
       a.requires_reconciliation,
       a.ledger_type,
       a.saft_code,
       a.grouping_code,
       t.number AS vat_code,
       a.currency,
       a.is_inactive
  FROM mirror.account a
  JOIN bureau.client c ON c.client_id = a.client_id
  LEFT JOIN mirror.vat_type t ON t.client_id = a.client_id AND t.vat_type_id = a.vat_type_id
 WHERE a.gone_at IS NULL;
COMMENT ON VIEW finale.account IS 'Chart of accounts.';
COMMENT ON COLUMN finale.account.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.account.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.account.account_id IS 'Tripletex''s id of the account.';
COMMENT ON COLUMN finale.account.account_number IS 'Account number, as text.';
COMMENT ON COLUMN finale.account.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.account.account_type IS 'Tripletex''s type of the account, such as ASSETS or OPERATING_EXPENSES.';
COMMENT ON COLUMN finale.account.is_balance_account IS 'True for a balance account, 1000-2999 (NS 4102): its saldo carries over; others start each year at 0.';
COMMENT ON COLUMN finale.account.is_bank_account IS 'True for a bank account.';
COMMENT ON COLUMN finale.account.is_closeable IS 'True where postings of the account can be closed against each other.';
COMMENT ON COLUMN finale.account.requires_reconciliation IS 'True where the account has to be reconciled.';
COMMENT ON COLUMN finale.account.ledger_type IS 'Sub-ledger of the account: GENERAL, CUSTOMER, VENDOR, EMPLOYEE or ASSET.';
COMMENT ON COLUMN finale.account.saft_code IS 'SAF-T standard account.';
COMMENT ON COLUMN finale.account.grouping_code IS 'Grouping code of the tax return (næringsspesifikasjon).';
COMMENT ON COLUMN finale.account.vat_code IS 'Default VAT code of the account.';
COMMENT ON COLUMN finale.account.currency IS 'ISO code of the account''s currency.';
COMMENT ON COLUMN finale.account.is_inactive IS 'True where the account is closed for new postings.';

CREATE VIEW finale.voucher WITH (security_invoker = true) AS
SELECT c.org_nr,
       v.client_id,
       v.voucher_id,
       v.year AS voucher_year,
       v.number AS voucher_number,
       v.voucher_date,
       t.name AS voucher_type,
       v.description,
       v.reverse_voucher_id,
       v.version
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.voucher v ON v.client_id = y.client_id AND v.voucher_date >= y.start_date AND v.voucher_date < y.next_start_date
  LEFT JOIN mirror.voucher_type t ON t.client_id = v.client_id AND t.voucher_type_id = v.voucher_type_id;
COMMENT ON VIEW finale.voucher IS 'Vouchers dated in a complete year.';
COMMENT ON COLUMN finale.voucher.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.voucher.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.voucher.voucher_id IS 'Tripletex''s id of the voucher.';
COMMENT ON COLUMN finale.voucher.voucher_year IS 'Year of the voucher number.';
COMMENT ON COLUMN finale.voucher.voucher_number IS 'Number of the voucher within its year.';
COMMENT ON COLUMN finale.voucher.voucher_date IS 'Date of the voucher.';
COMMENT ON COLUMN finale.voucher.voucher_type IS 'Name of the voucher type.';
COMMENT ON COLUMN finale.voucher.description IS 'Text of the voucher.';
COMMENT ON COLUMN finale.voucher.reverse_voucher_id IS 'The voucher that reverses this one, or that this one reverses.';
COMMENT ON COLUMN finale.voucher.version IS 'Tripletex''s version of the voucher; grows with each change there.';

CREATE VIEW finale.posting WITH (security_invoker = true) AS
SELECT c.org_nr,
       p.client_id,
       p.posting_id,
       p.voucher_id,
       v.year AS voucher_year,
       v.number AS voucher_number,
       p."row",
       p.posting_date,
       a.number AS account_number,
       a.name AS account_name,
       p.amount,
       p.amount_currency,
       p.amount_gross,
       p.amount_gross_currency,
       p.currency,
       p.description,
       t.number AS vat_code,
       p.customer_id,
       p.supplier_id,
       p.employee_id,
       p.department_id,
       p.project_id,
       p.product_id,
       p.invoice_number,
       p.term_of_payment,
       p.close_group_id,
       p.posting_type,
       p.external_ref,
       p.system_generated,
       p.matched,
       p.version
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.posting p ON p.client_id = y.client_id AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
  LEFT JOIN mirror.voucher v ON v.client_id = p.client_id AND v.voucher_id = p.voucher_id
  LEFT JOIN mirror.account a ON a.client_id = p.client_id AND a.account_id = p.account_id
  LEFT JOIN mirror.vat_type t ON t.client_id = p.client_id AND t.vat_type_id = p.vat_type_id;
COMMENT ON VIEW finale.posting IS 'Postings dated in a complete year.';

CREATE VIEW finale.deleted_posting WITH (security_invoker = true) AS
SELECT c.org_nr,
       p.client_id,
       p.posting_id,
       p.voucher_id,
       p.voucher_year,
       p.voucher_number,
       p."row",
       p.posting_date,
       p.account_number,
       p.account_name,
       p.amount,
       p.amount_currency,
       p.amount_gross,
       p.amount_gross_currency,
       p.currency,
       p.description,
       p.vat_code,
       p.customer_id,
       p.supplier_id,
       p.employee_id,
       p.department_id,
       p.project_id,
       p.product_id,
       p.invoice_number,
       p.term_of_payment,
       p.close_group_id,
       p.posting_type,
       p.external_ref,
       p.system_generated,
       p.matched,
       p.version,
       p.seen_gone_at,
       p.reason
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.deleted_posting p ON p.client_id = y.client_id AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date;
COMMENT ON VIEW finale.deleted_posting IS
    'Postings of complete years that are gone from Tripletex, as they were last; one row for each time a posting went.';
COMMENT ON COLUMN finale.deleted_posting.seen_gone_at IS 'Moment it was found gone.';
COMMENT ON COLUMN finale.deleted_posting.reason IS 'voucher_deleted: its voucher is gone too; voucher_edited: the voucher is there without it.';

-- The two share their columns and so what is said about them.
DO $comments$
DECLARE
    said constant text[] := ARRAY[
        'org_nr', 'Organisation number of the client.',
        'client_id', 'The client, the same number in all views.',
        'posting_id', 'Tripletex''s id of the posting; an edited voucher may get new ones.',
        'voucher_id', 'Tripletex''s id of the voucher.',
        'voucher_year', 'Year of the voucher number.',
        'voucher_number', 'Number of the voucher within its year.',
        'row', 'Row of the posting in its voucher.',
        'posting_date', 'Date of the posting; decides month and fiscal year.',
        'account_number', 'Account number, as text.',
        'account_name', 'Name of the account.',
        'amount', 'Amount in company currency without VAT; debit positive, credit negative.',
        'amount_currency', 'Amount without VAT in the currency of the posting; debit positive.',
        'amount_gross', 'Amount with VAT in company currency; debit positive.',
        'amount_gross_currency', 'Amount with VAT in the currency of the posting; debit positive.',
        'currency', 'ISO code of the currency of the posting.',
        'description', 'Text of the posting.',
        'vat_code', 'VAT code of the posting.',
        'customer_id', 'Tripletex''s id of the customer.',
        'supplier_id', 'Tripletex''s id of the supplier.',
        'employee_id', 'Tripletex''s id of the employee.',
        'department_id', 'Tripletex''s id of the department.',
        'project_id', 'Tripletex''s id of the project.',
        'product_id', 'Tripletex''s id of the product.',
        'invoice_number', 'Invoice number.',
        'term_of_payment', 'Due date of the invoice.',
        'close_group_id', 'Tripletex''s id of the group in which the posting is closed; null while it is open.',
        'posting_type', 'Tripletex''s type of the posting.',
        'external_ref', 'Reference to another system.',
        'system_generated', 'True where Tripletex made the posting itself, such as a VAT row.',
        'matched', 'True where the posting is matched in a bank reconciliation.',
        'version', 'Tripletex''s version of the posting; grows with each change there.'];
BEGIN
    FOR i IN 1..pg_catalog.cardinality(said) BY 2 LOOP
        EXECUTE pg_catalog.format('COMMENT ON COLUMN finale.posting.%I IS %L', said[i], said[i + 1]);
        EXECUTE pg_catalog.format('COMMENT ON COLUMN finale.deleted_posting.%I IS %L', said[i], said[i + 1]);
    END LOOP;
END
$comments$;

GRANT SELECT ON finale.year, finale.account, finale.voucher, finale.posting, finale.deleted_posting
    TO saldod_reader, saldod_admin;
