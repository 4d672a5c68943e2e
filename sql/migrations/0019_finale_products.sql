-- What the reporting tools read beside saldo and postings: sub-ledgers, bank, assets, budgets, dimensions, periods, groups.
--
-- As in 0008, each view goes from client to complete year and reads that year aside, by the first columns of the keys.
SET LOCAL ROLE saldod_daemon;

CREATE OR REPLACE VIEW finale.posting WITH (security_invoker = true) AS
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
       p.version,
       p.dimension1_id,
       p.dimension2_id,
       p.dimension3_id,
       p.asset_id
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.posting p ON p.client_id = y.client_id AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
  LEFT JOIN mirror.voucher v ON v.client_id = p.client_id AND v.voucher_id = p.voucher_id
  LEFT JOIN mirror.account a ON a.client_id = p.client_id AND a.account_id = p.account_id
  LEFT JOIN mirror.vat_type t ON t.client_id = p.client_id AND t.vat_type_id = p.vat_type_id;

CREATE OR REPLACE VIEW finale.deleted_posting WITH (security_invoker = true) AS
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
       p.reason,
       p.dimension1_id,
       p.dimension2_id,
       p.dimension3_id,
       p.asset_id
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.deleted_posting p ON p.client_id = y.client_id AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date;
CREATE OR REPLACE FUNCTION finale.posting_as_of(org_nr text, moment timestamptz) RETURNS SETOF finale.posting
    LANGUAGE sql STABLE SET search_path = '' SET jit = off
BEGIN ATOMIC
    WITH at AS MATERIALIZED (
        SELECT t.client_id, t.publication, t.since FROM finale.publication_at(posting_as_of.org_nr, posting_as_of.moment) t
    ), years AS MATERIALIZED (
        SELECT y.start_date, y.next_start_date FROM at JOIN mirror.year y ON y.client_id = at.client_id AND y.valid_from <= at.publication AND y.complete
        UNION ALL
        SELECT y.start_date, y.next_start_date FROM at JOIN mirror.year_history y ON y.client_id = at.client_id AND y.valid_from <= at.publication
           AND y.valid_to > at.publication AND y.ended_on >= at.since AND y.complete
    ), vouchers AS (
        SELECT v.voucher_id, v.year, v.number FROM at JOIN mirror.voucher v ON v.client_id = at.client_id AND v.valid_from <= at.publication
        UNION ALL
        SELECT v.voucher_id, v.year, v.number FROM at JOIN mirror.voucher_history v ON v.client_id = at.client_id AND v.valid_from <= at.publication
           AND v.valid_to > at.publication AND v.ended_on >= at.since
    ), accounts AS (
        SELECT a.account_id, a.number, a.name FROM at JOIN mirror.account a ON a.client_id = at.client_id AND a.valid_from <= at.publication
        UNION ALL
        SELECT a.account_id, a.number, a.name FROM at JOIN mirror.account_history a ON a.client_id = at.client_id AND a.valid_from <= at.publication
           AND a.valid_to > at.publication AND a.ended_on >= at.since
    ), vat_types AS (
        SELECT t.vat_type_id, t.number FROM at JOIN mirror.vat_type t ON t.client_id = at.client_id AND t.valid_from <= at.publication
        UNION ALL
        SELECT t.vat_type_id, t.number FROM at JOIN mirror.vat_type_history t ON t.client_id = at.client_id AND t.valid_from <= at.publication
           AND t.valid_to > at.publication AND t.ended_on >= at.since
    ), postings AS (
        SELECT p.client_id, p.posting_id, p.version, p.voucher_id, p."row", p.posting_date, p.account_id, p.amount,
               p.amount_currency, p.amount_gross, p.amount_gross_currency, p.currency, p.description, p.vat_type_id,
               p.customer_id, p.supplier_id, p.employee_id, p.department_id, p.project_id, p.product_id,
               p.invoice_number, p.term_of_payment, p.close_group_id, p.posting_type, p.external_ref,
               p.system_generated, p.matched, p.dimension1_id, p.dimension2_id, p.dimension3_id, p.asset_id
          FROM at JOIN mirror.posting p ON p.client_id = at.client_id AND p.valid_from <= at.publication
        UNION ALL
        SELECT p.client_id, p.posting_id, p.version, p.voucher_id, p."row", p.posting_date, p.account_id, p.amount,
               p.amount_currency, p.amount_gross, p.amount_gross_currency, p.currency, p.description, p.vat_type_id,
               p.customer_id, p.supplier_id, p.employee_id, p.department_id, p.project_id, p.product_id,
               p.invoice_number, p.term_of_payment, p.close_group_id, p.posting_type, p.external_ref,
               p.system_generated, p.matched, p.dimension1_id, p.dimension2_id, p.dimension3_id, p.asset_id
          FROM at JOIN mirror.posting_history p ON p.client_id = at.client_id AND p.valid_from <= at.publication
           AND p.valid_to > at.publication AND p.ended_on >= at.since
    )
    SELECT posting_as_of.org_nr, p.client_id, p.posting_id, p.voucher_id, v.year, v.number, p."row", p.posting_date, a.number, a.name,
           p.amount, p.amount_currency, p.amount_gross, p.amount_gross_currency, p.currency, p.description, t.number,
           p.customer_id, p.supplier_id, p.employee_id, p.department_id, p.project_id, p.product_id, p.invoice_number,
           p.term_of_payment, p.close_group_id, p.posting_type, p.external_ref, p.system_generated, p.matched, p.version,
           p.dimension1_id, p.dimension2_id, p.dimension3_id, p.asset_id
      FROM years y
      JOIN postings p ON p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
      LEFT JOIN vouchers v ON v.voucher_id = p.voucher_id
      LEFT JOIN accounts a ON a.account_id = p.account_id
      LEFT JOIN vat_types t ON t.vat_type_id = p.vat_type_id;
END;

COMMENT ON COLUMN finale.posting.dimension1_id IS 'Tripletex''s id of the value of free dimension 1, finale.dimension_value.';
COMMENT ON COLUMN finale.posting.dimension2_id IS 'Tripletex''s id of the value of free dimension 2, finale.dimension_value.';
COMMENT ON COLUMN finale.posting.dimension3_id IS 'Tripletex''s id of the value of free dimension 3, finale.dimension_value.';
COMMENT ON COLUMN finale.posting.asset_id IS 'Tripletex''s id of the asset, finale.asset.';
COMMENT ON COLUMN finale.deleted_posting.dimension1_id IS 'Tripletex''s id of the value of free dimension 1, finale.dimension_value.';
COMMENT ON COLUMN finale.deleted_posting.dimension2_id IS 'Tripletex''s id of the value of free dimension 2, finale.dimension_value.';
COMMENT ON COLUMN finale.deleted_posting.dimension3_id IS 'Tripletex''s id of the value of free dimension 3, finale.dimension_value.';
COMMENT ON COLUMN finale.deleted_posting.asset_id IS 'Tripletex''s id of the asset, finale.asset.';

CREATE VIEW finale.employee WITH (security_invoker = true) AS
SELECT c.org_nr, m.client_id, m.employee_id, m.number AS employee_number, m.first_name, m.last_name
  FROM mirror.employee m
  JOIN bureau.client c ON c.client_id = m.client_id;
COMMENT ON VIEW finale.employee IS
    'Employees: their names only. Example: SELECT * FROM finale.employee WHERE org_nr = ''974760673'';';
COMMENT ON COLUMN finale.employee.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.employee.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.employee.employee_id IS 'Tripletex''s id of the employee.';
COMMENT ON COLUMN finale.employee.employee_number IS 'Number of the employee.';
COMMENT ON COLUMN finale.employee.first_name IS 'First name.';
COMMENT ON COLUMN finale.employee.last_name IS 'Last name.';

CREATE VIEW finale.voucher_document WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, v.voucher_id, v.year AS voucher_year, v.number AS voucher_number, v.voucher_date, d.kind, d.document_id
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.voucher v ON v.client_id = y.client_id AND v.voucher_date >= y.start_date AND v.voucher_date < y.next_start_date
 CROSS JOIN LATERAL (VALUES ('document', v.document_id), ('attachment', v.attachment_id), ('edi_document', v.edi_document_id)) AS d (kind, document_id)
 WHERE d.document_id IS NOT NULL;
COMMENT ON VIEW finale.voucher_document IS
    'Documents that vouchers of complete years refer to. Example: SELECT voucher_number, document_id FROM finale.voucher_document WHERE org_nr = ''974760673'' AND voucher_year = 2025;';
COMMENT ON COLUMN finale.voucher_document.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.voucher_document.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.voucher_document.voucher_id IS 'Tripletex''s id of the voucher.';
COMMENT ON COLUMN finale.voucher_document.voucher_year IS 'Year of the voucher number.';
COMMENT ON COLUMN finale.voucher_document.voucher_number IS 'Number of the voucher within its year.';
COMMENT ON COLUMN finale.voucher_document.voucher_date IS 'Date of the voucher.';
COMMENT ON COLUMN finale.voucher_document.kind IS 'What it is to the voucher: document, attachment or edi_document (an electronic invoice).';
COMMENT ON COLUMN finale.voucher_document.document_id IS 'Tripletex''s id of the document: GET /document/{id}/content.';

CREATE VIEW finale.non_posted_voucher WITH (security_invoker = true) AS
SELECT c.org_nr, v.client_id, v.voucher_id, v.voucher_date, v.number AS voucher_number, v.temporary_number, t.name AS voucher_type,
       v.description, v.external_number, v.invoice_number, v.document_id, v.attachment_id
  FROM mirror.non_posted_voucher v
  JOIN bureau.client c ON c.client_id = v.client_id
  LEFT JOIN mirror.voucher_type t ON t.client_id = v.client_id AND t.voucher_type_id = v.voucher_type_id;
COMMENT ON VIEW finale.non_posted_voucher IS
    'Vouchers that wait to be posted or approved: in no saldo yet. Example: SELECT count(*), min(voucher_date) FROM finale.non_posted_voucher WHERE org_nr = ''974760673'';';
COMMENT ON COLUMN finale.non_posted_voucher.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.non_posted_voucher.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.non_posted_voucher.voucher_id IS 'Tripletex''s id of the voucher.';
COMMENT ON COLUMN finale.non_posted_voucher.voucher_date IS 'Date of the voucher.';
COMMENT ON COLUMN finale.non_posted_voucher.voucher_number IS 'Number of the voucher; 0 while it has none.';
COMMENT ON COLUMN finale.non_posted_voucher.temporary_number IS 'Temporary number of the voucher.';
COMMENT ON COLUMN finale.non_posted_voucher.voucher_type IS 'Name of the voucher type.';
COMMENT ON COLUMN finale.non_posted_voucher.description IS 'Text, as entered in Tripletex.';
COMMENT ON COLUMN finale.non_posted_voucher.external_number IS 'Number in another system.';
COMMENT ON COLUMN finale.non_posted_voucher.invoice_number IS 'The supplier''s invoice number.';
COMMENT ON COLUMN finale.non_posted_voucher.document_id IS 'Tripletex''s id of its document.';
COMMENT ON COLUMN finale.non_posted_voucher.attachment_id IS 'Tripletex''s id of its attachment.';

CREATE VIEW finale.close_group WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, g.close_group_id, g.close_date, m.postings, m.amount_left, g.seen_at, g.gone_at
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.close_group g ON g.client_id = y.client_id AND g.close_date >= y.start_date AND g.close_date < y.next_start_date
 CROSS JOIN LATERAL (
       SELECT pg_catalog.count(*) AS postings, pg_catalog.sum(p.amount) AS amount_left
         FROM mirror.close_group_posting i
         LEFT JOIN mirror.posting p ON p.client_id = i.client_id AND p.posting_id = i.posting_id
        WHERE i.client_id = g.client_id AND i.close_group_id = g.close_group_id AND i.gone_at IS NOT DISTINCT FROM g.gone_at) m;
COMMENT ON VIEW finale.close_group IS
    'Groups of postings that close each other, those that were opened again too. Example: SELECT * FROM finale.close_group WHERE org_nr = ''974760673'' AND gone_at IS NOT NULL;';
COMMENT ON COLUMN finale.close_group.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.close_group.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.close_group.close_group_id IS 'Tripletex''s id of the group.';
COMMENT ON COLUMN finale.close_group.close_date IS 'Date of the group: its postings are closed from that day on.';
COMMENT ON COLUMN finale.close_group.postings IS 'Number of postings in the group.';
COMMENT ON COLUMN finale.close_group.amount_left IS 'Sum of those of its postings that are mirrored, company currency, debit positive: 0 where they settle each other.';
COMMENT ON COLUMN finale.close_group.seen_at IS 'Moment the group was first seen here.';
COMMENT ON COLUMN finale.close_group.gone_at IS 'Moment it was first missing: its postings were open again; null while it is there.';

CREATE VIEW finale.bank_statement WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, s.bank_statement_id, s.from_date, s.to_date, s.opening_balance_currency, t.movement_currency,
       s.closing_balance_currency, s.opening_balance_currency + t.movement_currency - s.closing_balance_currency AS difference_currency,
       t.lines, s.bank_name, s.file_name
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.bank_statement s ON s.client_id = y.client_id AND s.to_date >= y.start_date AND s.to_date < y.next_start_date
 CROSS JOIN LATERAL (
       SELECT pg_catalog.count(*) AS lines, coalesce(pg_catalog.sum(l.amount_currency), 0) AS movement_currency
         FROM mirror.bank_transaction l
        WHERE l.client_id = s.client_id AND l.bank_statement_id = s.bank_statement_id) t;
COMMENT ON VIEW finale.bank_statement IS
    'Bank statements that end in a complete year, with the sum of their lines. Example: SELECT to_date, closing_balance_currency FROM finale.bank_statement WHERE org_nr = ''974760673'' ORDER BY to_date;';
COMMENT ON COLUMN finale.bank_statement.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.bank_statement.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.bank_statement.bank_statement_id IS 'Tripletex''s id of the statement.';
COMMENT ON COLUMN finale.bank_statement.from_date IS 'First day of the statement.';
COMMENT ON COLUMN finale.bank_statement.to_date IS 'Last day of the statement.';
COMMENT ON COLUMN finale.bank_statement.opening_balance_currency IS 'Balance before the statement, currency of the account; what is in the bank is positive.';
COMMENT ON COLUMN finale.bank_statement.movement_currency IS 'Sum of its lines, currency of the account; into the account positive.';
COMMENT ON COLUMN finale.bank_statement.closing_balance_currency IS 'Balance after the statement, currency of the account; what is in the bank is positive.';
COMMENT ON COLUMN finale.bank_statement.difference_currency IS 'Opening and lines less closing: 0 where all lines are there.';
COMMENT ON COLUMN finale.bank_statement.lines IS 'Number of lines.';
COMMENT ON COLUMN finale.bank_statement.bank_name IS 'Name of the bank.';
COMMENT ON COLUMN finale.bank_statement.file_name IS 'Name of the file that was imported.';

CREATE VIEW finale.bank_transaction WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, t.bank_transaction_id, t.bank_statement_id, t.posted_date, a.number AS account_number, a.name AS account_name,
       t.amount_currency, t.description, coalesce(t.matched, false) AS matched, t.match_type, t.payment_id
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.bank_transaction t ON t.client_id = y.client_id AND t.posted_date >= y.start_date AND t.posted_date < y.next_start_date
  LEFT JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = t.account_id;
COMMENT ON VIEW finale.bank_transaction IS
    'Lines of bank statements, dated in a complete year. Example: SELECT * FROM finale.bank_transaction WHERE org_nr = ''974760673'' AND NOT matched;';
COMMENT ON COLUMN finale.bank_transaction.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.bank_transaction.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.bank_transaction.bank_transaction_id IS 'Tripletex''s id of the line.';
COMMENT ON COLUMN finale.bank_transaction.bank_statement_id IS 'The statement, finale.bank_statement.';
COMMENT ON COLUMN finale.bank_transaction.posted_date IS 'Day the bank posted it.';
COMMENT ON COLUMN finale.bank_transaction.account_number IS 'Ledger account of the bank account, as text.';
COMMENT ON COLUMN finale.bank_transaction.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.bank_transaction.amount_currency IS 'Amount in the currency of the account; into the account positive.';
COMMENT ON COLUMN finale.bank_transaction.description IS 'Text of the bank.';
COMMENT ON COLUMN finale.bank_transaction.matched IS 'True where Tripletex has the line matched.';
COMMENT ON COLUMN finale.bank_transaction.match_type IS 'How it was matched, such as ONE_TRANSACTION_TO_ONE_POSTING.';
COMMENT ON COLUMN finale.bank_transaction.payment_id IS 'The bank''s own reference.';

CREATE VIEW finale.bank_reconciliation WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, r.bank_reconciliation_id, a.number AS account_number, a.name AS account_name,
       pg_catalog.date_trunc('month', p.start_date::timestamp)::date AS month, p.name AS period_name, r.type, r.closing_balance_currency,
       s.ledger_balance, r.is_closed, r.closed_date, pg_catalog.concat_ws(' ', e.first_name, e.last_name) AS closed_by, m.matches
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.accounting_period p ON p.client_id = y.client_id AND p.start_date >= y.start_date AND p.start_date < y.next_start_date
  JOIN mirror.bank_reconciliation r ON r.client_id = p.client_id AND r.accounting_period_id = p.accounting_period_id
  LEFT JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = r.account_id
  LEFT JOIN mirror.employee e ON e.client_id = y.client_id AND e.employee_id = r.closed_by_employee_id
 CROSS JOIN LATERAL (
       SELECT coalesce((SELECT o.balance_in FROM mirror.opening o
                         WHERE o.client_id = y.client_id AND o.year = y.year AND o.account_id = r.account_id), 0)
              + coalesce((SELECT pg_catalog.sum(b.balance_change) FROM mirror.saldo b
                           WHERE b.client_id = y.client_id AND b.year = y.year AND b.account_id = r.account_id
                             AND b.month <= p.start_date), 0) AS ledger_balance) s
 CROSS JOIN LATERAL (
       SELECT pg_catalog.count(*) AS matches
         FROM mirror.bank_match b
        WHERE b.client_id = r.client_id AND b.bank_reconciliation_id = r.bank_reconciliation_id AND b.type IN ('MANUAL', 'APPROVED_SUGGESTION', 'ADJUSTMENT', 'AUTO_MATCHED', 'AUTOPOSTING_APPROVED')) m;
COMMENT ON VIEW finale.bank_reconciliation IS
    'Bank reconciliations of periods in complete years, beside the saldo of the ledger. Example: SELECT month, closing_balance_currency - ledger_balance AS to_explain, is_closed FROM finale.bank_reconciliation WHERE org_nr = ''974760673'' AND account_number = ''1920'' ORDER BY month;';
COMMENT ON COLUMN finale.bank_reconciliation.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.bank_reconciliation.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.bank_reconciliation.bank_reconciliation_id IS 'Tripletex''s id of the reconciliation.';
COMMENT ON COLUMN finale.bank_reconciliation.account_number IS 'Ledger account of the bank account, as text.';
COMMENT ON COLUMN finale.bank_reconciliation.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.bank_reconciliation.month IS 'First day of the month of the period.';
COMMENT ON COLUMN finale.bank_reconciliation.period_name IS 'Name of the period.';
COMMENT ON COLUMN finale.bank_reconciliation.type IS 'MANUAL or AUTOMATIC.';
COMMENT ON COLUMN finale.bank_reconciliation.closing_balance_currency IS 'Closing balance by the bank, currency of the account; what is in the bank is positive.';
COMMENT ON COLUMN finale.bank_reconciliation.ledger_balance IS 'Saldo of the account at the end of the period, company currency; debit positive.';
COMMENT ON COLUMN finale.bank_reconciliation.is_closed IS 'True where the reconciliation is closed.';
COMMENT ON COLUMN finale.bank_reconciliation.closed_date IS 'When it was closed, as Tripletex writes it.';
COMMENT ON COLUMN finale.bank_reconciliation.closed_by IS 'Name of the employee who closed it; empty where nobody of the company did.';
COMMENT ON COLUMN finale.bank_reconciliation.matches IS 'Number of its matches that count: suggestions do not.';

CREATE VIEW finale.bank_unmatched WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, u.side, u.account_number, u.account_name, u.item_date, u.amount_currency, u.amount, u.description,
       u.bank_transaction_id, u.posting_id, u.voucher_id
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
 CROSS JOIN LATERAL (
       SELECT 'bank' AS side, a.number AS account_number, a.name AS account_name, t.posted_date AS item_date, t.amount_currency,
              NULL::numeric AS amount, t.description, t.bank_transaction_id, NULL::bigint AS posting_id, NULL::bigint AS voucher_id
         FROM mirror.bank_transaction t
         LEFT JOIN mirror.account a ON a.client_id = t.client_id AND a.account_id = t.account_id
        WHERE t.client_id = y.client_id AND t.posted_date >= y.start_date AND t.posted_date < y.next_start_date
          AND NOT coalesce(t.matched, false)
          AND t.bank_transaction_id NOT IN (
              SELECT pg_catalog.unnest(b.bank_transaction_ids) FROM mirror.bank_match b WHERE b.client_id = y.client_id AND b.type IN ('MANUAL', 'APPROVED_SUGGESTION', 'ADJUSTMENT', 'AUTO_MATCHED', 'AUTOPOSTING_APPROVED'))
       UNION ALL
       SELECT 'ledger', a.number, a.name, p.posting_date, p.amount_currency, p.amount, p.description, NULL, p.posting_id, p.voucher_id
         FROM (SELECT DISTINCT r.account_id FROM mirror.bank_reconciliation r WHERE r.client_id = y.client_id) r
         JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = r.account_id
         JOIN mirror.posting p ON p.client_id = y.client_id AND p.account_id = r.account_id
                              AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
        WHERE p.posting_id NOT IN (
              SELECT pg_catalog.unnest(b.posting_ids) FROM mirror.bank_match b WHERE b.client_id = y.client_id AND b.type IN ('MANUAL', 'APPROVED_SUGGESTION', 'ADJUSTMENT', 'AUTO_MATCHED', 'AUTOPOSTING_APPROVED'))) u;
COMMENT ON VIEW finale.bank_unmatched IS
    'What is not matched on either side of the bank reconciliation: lines of the bank, and postings of accounts that are reconciled. Example: SELECT side, count(*), sum(amount_currency) FROM finale.bank_unmatched WHERE org_nr = ''974760673'' AND item_date <= ''2025-12-31'' GROUP BY side;';
COMMENT ON COLUMN finale.bank_unmatched.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.bank_unmatched.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.bank_unmatched.side IS 'bank: a line of a statement without a posting; ledger: a posting without a line.';
COMMENT ON COLUMN finale.bank_unmatched.account_number IS 'Ledger account of the bank account, as text.';
COMMENT ON COLUMN finale.bank_unmatched.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.bank_unmatched.item_date IS 'Date of the line or the posting.';
COMMENT ON COLUMN finale.bank_unmatched.amount_currency IS 'Amount in its currency; into the account positive.';
COMMENT ON COLUMN finale.bank_unmatched.amount IS 'Amount of a posting in company currency, debit positive; null for a line of the bank.';
COMMENT ON COLUMN finale.bank_unmatched.description IS 'Its text.';
COMMENT ON COLUMN finale.bank_unmatched.bank_transaction_id IS 'Tripletex''s id of the line; null on the side of the ledger.';
COMMENT ON COLUMN finale.bank_unmatched.posting_id IS 'Tripletex''s id of the posting; null on the side of the bank.';
COMMENT ON COLUMN finale.bank_unmatched.voucher_id IS 'Tripletex''s id of the voucher; null on the side of the bank.';

CREATE VIEW finale.asset WITH (security_invoker = true) AS
SELECT c.org_nr, s.client_id, s.asset_id, s.name AS asset_name, s.description, a.number AS account_number, a.name AS account_name,
       d.number AS depreciation_account_number, s.acquisition_date, s.acquisition_cost, s.depreciation_method, s.depreciation_from,
       s.depreciation_rate, s.lifetime_months, s.annual_depreciation, s.accumulated_depreciation, s.balance_out AS book_value,
       s.additions, s.improvements, s.disposals, s.sale_date, s.profit_or_loss, s.status, s.department_id, s.project_id
  FROM bureau.client c
  JOIN mirror.asset s ON s.client_id = c.client_id
  LEFT JOIN mirror.account a ON a.client_id = s.client_id AND a.account_id = s.account_id
  LEFT JOIN mirror.account d ON d.client_id = s.client_id AND d.account_id = s.depreciation_account_id;
COMMENT ON VIEW finale.asset IS
    'Register of fixed assets, with the figures that Tripletex gives of each. Example: SELECT account_number, sum(book_value) FROM finale.asset WHERE org_nr = ''974760673'' GROUP BY 1;';
COMMENT ON COLUMN finale.asset.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.asset.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.asset.asset_id IS 'Tripletex''s id of the asset.';
COMMENT ON COLUMN finale.asset.asset_name IS 'Name of the asset.';
COMMENT ON COLUMN finale.asset.description IS 'Text, as entered in Tripletex.';
COMMENT ON COLUMN finale.asset.account_number IS 'Balance account of the asset, as text.';
COMMENT ON COLUMN finale.asset.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.asset.depreciation_account_number IS 'Account its depreciation is charged to, as text.';
COMMENT ON COLUMN finale.asset.acquisition_date IS 'Date of acquisition.';
COMMENT ON COLUMN finale.asset.acquisition_cost IS 'Acquisition cost, company currency; positive.';
COMMENT ON COLUMN finale.asset.depreciation_method IS 'STRAIGHT_LINE, TAX_RELATED, CUSTOMIZED_AMOUNT, MANUAL or NO_DEPRECIATION.';
COMMENT ON COLUMN finale.asset.depreciation_from IS 'First day of depreciation.';
COMMENT ON COLUMN finale.asset.depreciation_rate IS 'Rate in per cent a year.';
COMMENT ON COLUMN finale.asset.lifetime_months IS 'Lifetime in months.';
COMMENT ON COLUMN finale.asset.annual_depreciation IS 'Depreciation of a year, company currency.';
COMMENT ON COLUMN finale.asset.accumulated_depreciation IS 'Accumulated depreciation, company currency, with Tripletex''s sign.';
COMMENT ON COLUMN finale.asset.book_value IS 'Book value, company currency; debit positive.';
COMMENT ON COLUMN finale.asset.additions IS 'Additions, company currency.';
COMMENT ON COLUMN finale.asset.improvements IS 'Improvements, company currency.';
COMMENT ON COLUMN finale.asset.disposals IS 'Sales and other realizations, company currency.';
COMMENT ON COLUMN finale.asset.sale_date IS 'Date of sale; null while it is owned.';
COMMENT ON COLUMN finale.asset.profit_or_loss IS 'Accounting profit or loss at realization, company currency.';
COMMENT ON COLUMN finale.asset.status IS 'Tripletex''s status of the depreciation.';
COMMENT ON COLUMN finale.asset.department_id IS 'Tripletex''s id of the department.';
COMMENT ON COLUMN finale.asset.project_id IS 'Tripletex''s id of the project.';

CREATE VIEW finale.asset_movement WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, y.year, a.number AS account_number, a.name AS account_name, m.asset_id, m.asset_name, m.opening, m.additions,
       m.reductions, m.closing, t.account_closing, t.account_closing - m.account_assets AS account_difference
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
 CROSS JOIN LATERAL (
       SELECT s.account_id, s.asset_id, s.name AS asset_name, v.closing - v.additions - v.reductions AS opening, v.additions, v.reductions, v.closing,
              pg_catalog.sum(v.closing) OVER (PARTITION BY s.account_id) AS account_assets
         FROM mirror.asset s
        CROSS JOIN LATERAL (
              SELECT coalesce(pg_catalog.sum(p.amount) FILTER (WHERE p.amount > 0 AND p.posting_date < y.next_start_date), 0) AS additions,
                     coalesce(pg_catalog.sum(p.amount) FILTER (WHERE p.amount < 0 AND p.posting_date < y.next_start_date), 0) AS reductions,
                     coalesce(s.balance_out, 0) - coalesce(pg_catalog.sum(p.amount) FILTER (WHERE p.posting_date >= y.next_start_date), 0) AS closing
                FROM mirror.asset_posting p
               WHERE p.client_id = s.client_id AND p.asset_id = s.asset_id AND p.account_id = s.account_id
                 AND p.posting_date >= y.start_date) v
        WHERE s.client_id = y.client_id) m
 CROSS JOIN LATERAL (
       SELECT coalesce((SELECT o.balance_in FROM mirror.opening o
                         WHERE o.client_id = y.client_id AND o.year = y.year AND o.account_id = m.account_id), 0)
              + coalesce((SELECT pg_catalog.sum(b.balance_change) FROM mirror.saldo b
                           WHERE b.client_id = y.client_id AND b.year = y.year AND b.account_id = m.account_id), 0) AS account_closing) t
  LEFT JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = m.account_id;
COMMENT ON VIEW finale.asset_movement IS
    'Roll-forward of each asset in each complete year, tied to the saldo of its account. Example: SELECT DISTINCT account_number, account_closing, account_difference FROM finale.asset_movement WHERE org_nr = ''974760673'' AND year = 2025;';
COMMENT ON COLUMN finale.asset_movement.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.asset_movement.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.asset_movement.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN finale.asset_movement.account_number IS 'Balance account of the asset, as text.';
COMMENT ON COLUMN finale.asset_movement.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.asset_movement.asset_id IS 'Tripletex''s id of the asset.';
COMMENT ON COLUMN finale.asset_movement.asset_name IS 'Name of the asset.';
COMMENT ON COLUMN finale.asset_movement.opening IS 'Book value when the year begins: closing less the movements of the year, company currency; debit positive.';
COMMENT ON COLUMN finale.asset_movement.additions IS 'Debits of the year on the account of the asset, company currency; positive.';
COMMENT ON COLUMN finale.asset_movement.reductions IS 'Credits of the year there, depreciation and disposals, company currency; negative.';
COMMENT ON COLUMN finale.asset_movement.closing IS 'Book value when the year ends: Tripletex''s book value less what was posted later, company currency; debit positive.';
COMMENT ON COLUMN finale.asset_movement.account_closing IS 'Closing saldo (UB) of the account in that year, company currency, debit positive; the same in each row of the account.';
COMMENT ON COLUMN finale.asset_movement.account_difference IS 'That saldo less the closing of all assets of the account: 0 where register and ledger agree; the same in each row of the account.';

CREATE VIEW finale.budget_month WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, y.year, pg_catalog.date_trunc('month', p.start_date::timestamp)::date AS month, a.number AS account_number,
       a.name AS account_name, b.amount AS budget, coalesce(s.balance_change, 0) AS actual
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.accounting_period p ON p.client_id = y.client_id AND p.start_date >= y.start_date AND p.start_date < y.next_start_date
  JOIN mirror.budget b ON b.client_id = p.client_id AND b.accounting_period_id = p.accounting_period_id
  LEFT JOIN mirror.saldo s ON s.client_id = y.client_id AND s.year = y.year AND s.account_id = b.account_id
                          AND s.month = pg_catalog.date_trunc('month', p.start_date::timestamp)::date
  LEFT JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = b.account_id;
COMMENT ON VIEW finale.budget_month IS
    'The result budget of the company by account and month, beside what was posted. Example: SELECT account_number, sum(budget), sum(actual) FROM finale.budget_month WHERE org_nr = ''974760673'' AND year = 2025 AND month <= ''2025-06-01'' GROUP BY 1;';
COMMENT ON COLUMN finale.budget_month.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.budget_month.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.budget_month.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN finale.budget_month.month IS 'First day of the calendar month.';
COMMENT ON COLUMN finale.budget_month.account_number IS 'Account number, as text.';
COMMENT ON COLUMN finale.budget_month.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.budget_month.budget IS 'Budgeted amount, company currency, with the sign it has in Tripletex.';
COMMENT ON COLUMN finale.budget_month.actual IS 'Change of the account in the month as Tripletex says it, company currency; debit positive.';

CREATE VIEW finale.saldo_department_month WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, m.department_id, d.number AS department_number, d.name AS department_name, m.month, a.number AS account_number,
       a.name AS account_name, m.balance_change, y.year
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
 CROSS JOIN LATERAL (
       SELECT p.department_id, pg_catalog.date_trunc('month', p.posting_date::timestamp)::date AS month, p.account_id, pg_catalog.sum(p.amount) AS balance_change
         FROM mirror.posting p
        WHERE p.client_id = y.client_id AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
        GROUP BY 1, 2, 3) m
  LEFT JOIN mirror.department d ON d.client_id = y.client_id AND d.department_id = m.department_id
  LEFT JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = m.account_id
 WHERE m.balance_change <> 0;
COMMENT ON VIEW finale.saldo_department_month IS
    'Change of each account by department and month, summed from the postings of complete years. What has no department is a row without one, so that all rows of an account make up its saldo. Example: SELECT department_number, sum(balance_change) FROM finale.saldo_department_month WHERE org_nr = ''974760673'' AND year = 2025 AND account_number >= ''3000'' GROUP BY 1;';
COMMENT ON COLUMN finale.saldo_department_month.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.saldo_department_month.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.saldo_department_month.department_id IS 'Tripletex''s id of the department; null where a posting has none.';
COMMENT ON COLUMN finale.saldo_department_month.department_number IS 'Number of the department.';
COMMENT ON COLUMN finale.saldo_department_month.department_name IS 'Name of the department.';
COMMENT ON COLUMN finale.saldo_department_month.month IS 'First day of the calendar month.';
COMMENT ON COLUMN finale.saldo_department_month.account_number IS 'Account number, as text.';
COMMENT ON COLUMN finale.saldo_department_month.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.saldo_department_month.balance_change IS 'Change in the month, company currency; debit positive.';
COMMENT ON COLUMN finale.saldo_department_month.year IS 'Name of the fiscal year.';

CREATE VIEW finale.saldo_project_month WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, m.project_id, d.number AS project_number, d.name AS project_name, m.month, a.number AS account_number,
       a.name AS account_name, m.balance_change, y.year
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
 CROSS JOIN LATERAL (
       SELECT p.project_id, pg_catalog.date_trunc('month', p.posting_date::timestamp)::date AS month, p.account_id, pg_catalog.sum(p.amount) AS balance_change
         FROM mirror.posting p
        WHERE p.client_id = y.client_id AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
        GROUP BY 1, 2, 3) m
  LEFT JOIN mirror.project d ON d.client_id = y.client_id AND d.project_id = m.project_id
  LEFT JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = m.account_id
 WHERE m.balance_change <> 0;
COMMENT ON VIEW finale.saldo_project_month IS
    'Change of each account by project and month, summed from the postings of complete years. What has no project is a row without one, so that all rows of an account make up its saldo. Example: SELECT project_number, sum(balance_change) FROM finale.saldo_project_month WHERE org_nr = ''974760673'' AND year = 2025 AND account_number >= ''3000'' GROUP BY 1;';
COMMENT ON COLUMN finale.saldo_project_month.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.saldo_project_month.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.saldo_project_month.project_id IS 'Tripletex''s id of the project; null where a posting has none.';
COMMENT ON COLUMN finale.saldo_project_month.project_number IS 'Number of the project.';
COMMENT ON COLUMN finale.saldo_project_month.project_name IS 'Name of the project.';
COMMENT ON COLUMN finale.saldo_project_month.month IS 'First day of the calendar month.';
COMMENT ON COLUMN finale.saldo_project_month.account_number IS 'Account number, as text.';
COMMENT ON COLUMN finale.saldo_project_month.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.saldo_project_month.balance_change IS 'Change in the month, company currency; debit positive.';
COMMENT ON COLUMN finale.saldo_project_month.year IS 'Name of the fiscal year.';

CREATE VIEW finale.saldo_dimension_month WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, m.dimension_index, n.name AS dimension_name, m.value_id, v.number AS value_number, v.name AS value_name, m.month,
       a.number AS account_number, a.name AS account_name, m.balance_change, y.year
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
 CROSS JOIN LATERAL (
       SELECT d.dimension_index, d.value_id, pg_catalog.date_trunc('month', p.posting_date::timestamp)::date AS month, p.account_id,
              pg_catalog.sum(p.amount) AS balance_change
         FROM mirror.posting p
        CROSS JOIN LATERAL (VALUES (1, p.dimension1_id), (2, p.dimension2_id), (3, p.dimension3_id)) AS d (dimension_index, value_id)
        WHERE p.client_id = y.client_id AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date AND d.value_id IS NOT NULL
        GROUP BY 1, 2, 3, 4) m
  LEFT JOIN mirror.dimension n ON n.client_id = y.client_id AND n.dimension_index = m.dimension_index
  LEFT JOIN mirror.dimension_value v ON v.client_id = y.client_id AND v.dimension_value_id = m.value_id
  LEFT JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = m.account_id
 WHERE m.balance_change <> 0;
COMMENT ON VIEW finale.saldo_dimension_month IS
    'Change of each account by value of a free dimension and month, summed from the postings of complete years that have one. Example: SELECT value_name, sum(balance_change) FROM finale.saldo_dimension_month WHERE org_nr = ''974760673'' AND dimension_index = 1 GROUP BY 1;';
COMMENT ON COLUMN finale.saldo_dimension_month.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.saldo_dimension_month.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.saldo_dimension_month.dimension_index IS 'Which of the free dimensions: 1, 2 or 3.';
COMMENT ON COLUMN finale.saldo_dimension_month.dimension_name IS 'Name of the dimension.';
COMMENT ON COLUMN finale.saldo_dimension_month.value_id IS 'Tripletex''s id of the value.';
COMMENT ON COLUMN finale.saldo_dimension_month.value_number IS 'Number of the value.';
COMMENT ON COLUMN finale.saldo_dimension_month.value_name IS 'Name of the value.';
COMMENT ON COLUMN finale.saldo_dimension_month.month IS 'First day of the calendar month.';
COMMENT ON COLUMN finale.saldo_dimension_month.account_number IS 'Account number, as text.';
COMMENT ON COLUMN finale.saldo_dimension_month.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.saldo_dimension_month.balance_change IS 'Change in the month, company currency; debit positive.';
COMMENT ON COLUMN finale.saldo_dimension_month.year IS 'Name of the fiscal year.';

CREATE VIEW finale.saldo_grouping_year WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, y.year, g.grouping_code, g.opening, g.movement, g.opening + g.movement AS closing, g.accounts
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
 CROSS JOIN LATERAL (
       SELECT a.grouping_code, pg_catalog.sum(t.opening) AS opening, pg_catalog.sum(t.movement) AS movement, pg_catalog.count(*) AS accounts
         FROM (SELECT part.account_id, pg_catalog.sum(part.opening) AS opening, pg_catalog.sum(part.movement) AS movement
                 FROM (SELECT o.account_id, o.balance_in AS opening, 0::numeric AS movement
                         FROM mirror.opening o WHERE o.client_id = y.client_id AND o.year = y.year
                       UNION ALL
                       SELECT s.account_id, 0, s.balance_change
                         FROM mirror.saldo s WHERE s.client_id = y.client_id AND s.year = y.year) part
                GROUP BY part.account_id) t
         LEFT JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = t.account_id
        WHERE t.opening <> 0 OR t.movement <> 0
        GROUP BY a.grouping_code) g;
COMMENT ON VIEW finale.saldo_grouping_year IS
    'Saldo of complete years by grouping code, for the tax return (næringsspesifikasjon). Accounts without a code are a row without one. Example: SELECT grouping_code, finale.grouping_category(grouping_code), closing FROM finale.saldo_grouping_year WHERE org_nr = ''974760673'' AND year = 2025;';
COMMENT ON COLUMN finale.saldo_grouping_year.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.saldo_grouping_year.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.saldo_grouping_year.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN finale.saldo_grouping_year.grouping_code IS 'Grouping code of the accounts, as entered in Tripletex; null where they have none.';
COMMENT ON COLUMN finale.saldo_grouping_year.opening IS 'IB, company currency; debit positive.';
COMMENT ON COLUMN finale.saldo_grouping_year.movement IS 'Change in the year, company currency; debit positive.';
COMMENT ON COLUMN finale.saldo_grouping_year.closing IS 'UB, company currency; debit positive.';
COMMENT ON COLUMN finale.saldo_grouping_year.accounts IS 'Number of accounts.';

CREATE VIEW finale.subledger_proof WITH (security_invoker = true) AS
SELECT c.org_nr, c.client_id, CASE a.ledger_type WHEN 'CUSTOMER' THEN 'customer' ELSE 'supplier' END AS ledger, a.number AS account_number,
       a.name AS account_name, s.saldo, o.open_posts, s.saldo - o.open_posts AS difference, o.without_party, o.open_count
  FROM bureau.client c
  JOIN LATERAL (
       SELECT y.year FROM mirror.year y WHERE y.client_id = c.client_id AND y.complete ORDER BY y.start_date DESC LIMIT 1) l ON true
  JOIN mirror.account a ON a.client_id = c.client_id AND a.ledger_type IN ('CUSTOMER', 'VENDOR')
 CROSS JOIN LATERAL (
       SELECT coalesce((SELECT i.balance_in FROM mirror.opening i
                         WHERE i.client_id = c.client_id AND i.year = l.year AND i.account_id = a.account_id), 0)
              + coalesce((SELECT pg_catalog.sum(b.balance_change) FROM mirror.saldo b
                           WHERE b.client_id = c.client_id AND b.year = l.year AND b.account_id = a.account_id), 0) AS saldo) s
 CROSS JOIN LATERAL (
       SELECT coalesce(pg_catalog.sum(p.amount), 0) AS open_posts, pg_catalog.count(*) AS open_count,
              coalesce(pg_catalog.sum(p.amount) FILTER (WHERE p.customer_id IS NULL AND p.supplier_id IS NULL), 0) AS without_party
         FROM mirror.open_post p
        WHERE p.client_id = c.client_id AND p.account_id = a.account_id) o;
COMMENT ON VIEW finale.subledger_proof IS
    'Sub-ledgers of customers and suppliers against the general ledger, as they stand: the open posts of an account against its saldo at the end of the last complete year, what is dated ahead included. Example: SELECT * FROM finale.subledger_proof WHERE org_nr = ''974760673'' AND difference <> 0;';
COMMENT ON COLUMN finale.subledger_proof.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.subledger_proof.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.subledger_proof.ledger IS 'customer or supplier.';
COMMENT ON COLUMN finale.subledger_proof.account_number IS 'Account number, as text.';
COMMENT ON COLUMN finale.subledger_proof.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.subledger_proof.saldo IS 'Saldo of the account, company currency; debit positive.';
COMMENT ON COLUMN finale.subledger_proof.open_posts IS 'Sum of the posts that Tripletex lists as open, company currency; debit positive.';
COMMENT ON COLUMN finale.subledger_proof.difference IS 'The first less the second: 0 where sub-ledger and ledger agree.';
COMMENT ON COLUMN finale.subledger_proof.without_party IS 'Part of the open posts that names no customer and no supplier, company currency; debit positive.';
COMMENT ON COLUMN finale.subledger_proof.open_count IS 'Number of open posts.';

CREATE VIEW finale.period WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, y.year, p.accounting_period_id, p.number AS period_number, p.name AS period_name, p.start_date,
       coalesce(p.following - 1, p.end_date) AS end_date, coalesce(p.is_closed, false) AS is_closed, p.checked_by AS closed_by, p.checked_at AS closed_at
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
 CROSS JOIN LATERAL (
       SELECT i.*, pg_catalog.lead(i.start_date) OVER (ORDER BY i.start_date) AS following
         FROM mirror.accounting_period i
        WHERE i.client_id = y.client_id) p
 WHERE p.start_date >= y.start_date AND p.start_date < y.next_start_date;
COMMENT ON VIEW finale.period IS
    'Accounting periods of complete years: closed or not, by whom and when. A closed one can be opened again. Example: SELECT period_name, is_closed, closed_by FROM finale.period WHERE org_nr = ''974760673'' AND year = 2025 ORDER BY period_number;';
COMMENT ON COLUMN finale.period.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.period.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.period.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN finale.period.accounting_period_id IS 'Tripletex''s id of the period.';
COMMENT ON COLUMN finale.period.period_number IS 'Number of the period in its year.';
COMMENT ON COLUMN finale.period.period_name IS 'Name of the period.';
COMMENT ON COLUMN finale.period.start_date IS 'First day of the period.';
COMMENT ON COLUMN finale.period.end_date IS 'Last day of the period.';
COMMENT ON COLUMN finale.period.is_closed IS 'True while the period is closed for postings.';
COMMENT ON COLUMN finale.period.closed_by IS 'Who last checked the ledger of the period in Tripletex, which closes or opens it.';
COMMENT ON COLUMN finale.period.closed_at IS 'When that was, as Tripletex writes it.';

CREATE VIEW finale.reconciliation WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, y.year, m.month, a.number AS account_number, a.name AS account_name, coalesce(a.requires_reconciliation, false) AS requires_reconciliation,
       m.balance_in, m.movement, m.balance_in + m.movement AS balance_out, coalesce(p.postings, 0) AS postings,
       r.changed_at AS last_changed_at, coalesce(p.open_posts, 0) AS open_posts, coalesce(p.open_amount, 0) AS open_amount
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
 CROSS JOIN LATERAL (
       SELECT used.account_id, calendar.month, coalesce(s.balance_change, 0) AS movement,
              used.balance_in + pg_catalog.sum(coalesce(s.balance_change, 0)) OVER before - coalesce(s.balance_change, 0) AS balance_in
         FROM (SELECT either.account_id, pg_catalog.sum(either.balance_in) AS balance_in
                 FROM (SELECT o.account_id, o.balance_in FROM mirror.opening o WHERE o.client_id = y.client_id AND o.year = y.year
                       UNION ALL
                       SELECT i.account_id, 0 FROM mirror.saldo i WHERE i.client_id = y.client_id AND i.year = y.year) either
                GROUP BY either.account_id) used
        CROSS JOIN (SELECT (pg_catalog.date_trunc('month', y.start_date::timestamp) + pg_catalog.make_interval(months => n))::date AS month
                      FROM pg_catalog.generate_series(0, 35) AS n
                     WHERE pg_catalog.date_trunc('month', y.start_date::timestamp) + pg_catalog.make_interval(months => n)
                           < y.next_start_date::timestamp
                    OFFSET 0) calendar
         LEFT JOIN mirror.saldo s ON s.client_id = y.client_id AND s.year = y.year AND s.account_id = used.account_id AND s.month = calendar.month
       WINDOW before AS (PARTITION BY used.account_id ORDER BY calendar.month)) m
  JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = m.account_id AND a.number ~ '^[12]'
  LEFT JOIN LATERAL (
       SELECT i.account_id, pg_catalog.date_trunc('month', i.posting_date::timestamp)::date AS month, pg_catalog.count(*) AS postings,
              pg_catalog.count(*) FILTER (WHERE b.is_closeable AND i.close_group_id IS NULL) AS open_posts,
              pg_catalog.sum(i.amount) FILTER (WHERE b.is_closeable AND i.close_group_id IS NULL) AS open_amount
         FROM mirror.posting i
         LEFT JOIN mirror.account b ON b.client_id = i.client_id AND b.account_id = i.account_id
        WHERE i.client_id = y.client_id AND i.posting_date >= y.start_date AND i.posting_date < y.next_start_date
        GROUP BY 1, 2) p ON p.account_id = m.account_id AND p.month = m.month
  LEFT JOIN LATERAL (
       SELECT t.changed_at
         FROM sync.range t
        WHERE t.client_id = y.client_id AND t.date_from <= greatest(m.month, y.start_date)
          AND t.date_to >= least((m.month + interval '1 month')::date, y.next_start_date) AND t.account_to = 0 AND t.number_to = 0
        ORDER BY t.date_to - t.date_from
        LIMIT 1) r ON true
 WHERE m.balance_in <> 0 OR m.movement <> 0 OR p.postings > 0;
COMMENT ON VIEW finale.reconciliation IS
    'The sheet of an avstemming: each balance account in each month of a complete year. Example: SELECT * FROM finale.reconciliation WHERE org_nr = ''974760673'' AND month = ''2025-12-01'' AND requires_reconciliation;';
COMMENT ON COLUMN finale.reconciliation.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.reconciliation.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.reconciliation.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN finale.reconciliation.month IS 'First day of the calendar month.';
COMMENT ON COLUMN finale.reconciliation.account_number IS 'Account number, as text.';
COMMENT ON COLUMN finale.reconciliation.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.reconciliation.requires_reconciliation IS 'True where Tripletex says that the account has to be reconciled.';
COMMENT ON COLUMN finale.reconciliation.balance_in IS 'Saldo before the month (IB), company currency; debit positive.';
COMMENT ON COLUMN finale.reconciliation.movement IS 'Change in the month as Tripletex says it, company currency; debit positive.';
COMMENT ON COLUMN finale.reconciliation.balance_out IS 'Saldo after the month (UB), company currency; debit positive.';
COMMENT ON COLUMN finale.reconciliation.postings IS 'Number of postings in the month.';
COMMENT ON COLUMN finale.reconciliation.last_changed_at IS 'Moment of the last change that was found in the range of days that holds the month; null where none was since the first load.';
COMMENT ON COLUMN finale.reconciliation.open_posts IS 'Number of its postings that are open now, on accounts where postings can be closed.';
COMMENT ON COLUMN finale.reconciliation.open_amount IS 'Their sum, company currency; debit positive.';

CREATE VIEW finale.key_figure WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, y.year, k.key, k.name, k.value, k.unit
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
 CROSS JOIN LATERAL (
       SELECT -coalesce(pg_catalog.sum(t.closing) FILTER (WHERE t.number ~ '^3'), 0) AS revenue,
              -coalesce(pg_catalog.sum(t.closing) FILTER (WHERE t.number ~ '^[3-7]'), 0) AS operating,
              -coalesce(pg_catalog.sum(t.closing) FILTER (WHERE t.number ~ '^[3-7]' OR t.number ~ '^8[0-2]'), 0) AS before_tax,
              -coalesce(pg_catalog.sum(t.closing) FILTER (WHERE t.number ~ '^[3-7]' OR t.number ~ '^8[0-7]'), 0) AS result,
              coalesce(pg_catalog.sum(t.closing) FILTER (WHERE t.number ~ '^1'), 0) AS assets,
              coalesce(pg_catalog.sum(t.closing) FILTER (WHERE t.number ~ '^1[4-9]'), 0) AS current_assets,
              coalesce(pg_catalog.sum(t.closing) FILTER (WHERE t.number ~ '^14'), 0) AS stock,
              coalesce(pg_catalog.sum(t.closing) FILTER (WHERE t.number ~ '^19'), 0) AS cash,
              -coalesce(pg_catalog.sum(t.closing) FILTER (WHERE t.number ~ '^2[3-9]'), 0) AS current_debt,
              coalesce(pg_catalog.sum(t.closing) FILTER (WHERE t.number ~ '^1'), 0)
              + coalesce(pg_catalog.sum(t.closing) FILTER (WHERE t.number ~ '^2[1-9]'), 0) AS equity
         FROM (SELECT a.number, pg_catalog.sum(part.amount) AS closing
                 FROM (SELECT o.account_id, o.balance_in AS amount FROM mirror.opening o WHERE o.client_id = y.client_id AND o.year = y.year
                       UNION ALL
                       SELECT s.account_id, s.balance_change FROM mirror.saldo s WHERE s.client_id = y.client_id AND s.year = y.year) part
                 JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = part.account_id
                GROUP BY a.number) t) f
 CROSS JOIN LATERAL (VALUES
       ('driftsinntekter', 'Sum driftsinntekter', f.revenue, 'currency'),
       ('driftsresultat', 'Driftsresultat', f.operating, 'currency'),
       ('resultat_foer_skatt', 'Resultat før skatt', f.before_tax, 'currency'),
       ('aarsresultat', 'Årsresultat', f.result, 'currency'),
       ('sum_eiendeler', 'Sum eiendeler', f.assets, 'currency'),
       ('egenkapital', 'Egenkapital, med udisponert resultat', f.equity, 'currency'),
       ('likvider', 'Kontanter og bankinnskudd', f.cash, 'currency'),
       ('arbeidskapital', 'Arbeidskapital', f.current_assets - f.current_debt, 'currency'),
       ('driftsmargin', 'Driftsmargin', pg_catalog.round(100 * f.operating / NULLIF(f.revenue, 0), 2), 'percent'),
       ('egenkapitalandel', 'Egenkapitalandel', pg_catalog.round(100 * f.equity / NULLIF(f.assets, 0), 2), 'percent'),
       ('likviditetsgrad_1', 'Likviditetsgrad 1', pg_catalog.round(f.current_assets / NULLIF(f.current_debt, 0), 2), 'ratio'),
       ('likviditetsgrad_2', 'Likviditetsgrad 2', pg_catalog.round((f.current_assets - f.stock) / NULLIF(f.current_debt, 0), 2), 'ratio')) AS k (key, name, value, unit);
COMMENT ON VIEW finale.key_figure IS
    'Key figures of complete years by the groups of NS 4102: results from 3000-8799, balance from 1000-2999. Example: SELECT year, value FROM finale.key_figure WHERE org_nr = ''974760673'' AND key = ''egenkapitalandel'' ORDER BY year;';
COMMENT ON COLUMN finale.key_figure.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.key_figure.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.key_figure.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN finale.key_figure.key IS 'Short name of the figure.';
COMMENT ON COLUMN finale.key_figure.name IS 'Its name in Norwegian.';
COMMENT ON COLUMN finale.key_figure.value IS 'Its value; results and equity are positive where they are good, null where it cannot be divided.';
COMMENT ON COLUMN finale.key_figure.unit IS 'currency (company currency), percent or ratio.';

CREATE VIEW finale.cash_flow_month WITH (security_invoker = true) AS
SELECT c.org_nr, y.client_id, y.year, m.month, a.number AS account_number, a.name AS account_name, m.cash_change
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
 CROSS JOIN LATERAL (
       SELECT v.month, p.account_id, -pg_catalog.sum(p.amount) AS cash_change
         FROM (SELECT i.voucher_id, pg_catalog.min(pg_catalog.date_trunc('month', i.posting_date::timestamp)::date) AS month
                 FROM mirror.posting i
                 JOIN mirror.account b ON b.client_id = i.client_id AND b.account_id = i.account_id AND b.number ~ '^19'
                WHERE i.client_id = y.client_id AND i.posting_date >= y.start_date AND i.posting_date < y.next_start_date
                GROUP BY i.voucher_id) v
         JOIN mirror.posting p ON p.client_id = y.client_id AND p.voucher_id = v.voucher_id
                              AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
         JOIN mirror.account o ON o.client_id = p.client_id AND o.account_id = p.account_id AND o.number !~ '^19'
        GROUP BY 1, 2) m
  LEFT JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = m.account_id
 WHERE m.cash_change <> 0;
COMMENT ON VIEW finale.cash_flow_month IS
    'Where cash came from and went: vouchers that move an account 1900-1999, by their other accounts, in the month of the cash. Opening and closing cash are in finale.saldo_month. Example: SELECT account_number, sum(cash_change) FROM finale.cash_flow_month WHERE org_nr = ''974760673'' AND year = 2025 GROUP BY 1 ORDER BY 2;';
COMMENT ON COLUMN finale.cash_flow_month.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.cash_flow_month.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.cash_flow_month.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN finale.cash_flow_month.month IS 'First day of the month in which the cash moved.';
COMMENT ON COLUMN finale.cash_flow_month.account_number IS 'The other account of the voucher, as text.';
COMMENT ON COLUMN finale.cash_flow_month.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.cash_flow_month.cash_change IS 'What it brought, company currency: into the cash positive, out of it negative.';

CREATE VIEW finale.dimension_value WITH (security_invoker = true) AS
SELECT c.org_nr, v.client_id, v.dimension_index, n.name AS dimension_name, v.dimension_value_id AS value_id, v.number AS value_number,
       v.name AS value_name, v.is_active
  FROM bureau.client c
  JOIN mirror.dimension_value v ON v.client_id = c.client_id
  LEFT JOIN mirror.dimension n ON n.client_id = v.client_id AND n.dimension_index = v.dimension_index;
COMMENT ON VIEW finale.dimension_value IS
    'Values of the free accounting dimensions. Example: SELECT * FROM finale.dimension_value WHERE org_nr = ''974760673'';';
COMMENT ON COLUMN finale.dimension_value.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.dimension_value.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.dimension_value.dimension_index IS 'Which of the free dimensions: 1, 2 or 3, as in finale.posting.dimension1_id and so on.';
COMMENT ON COLUMN finale.dimension_value.dimension_name IS 'Name of the dimension.';
COMMENT ON COLUMN finale.dimension_value.value_id IS 'Tripletex''s id of the value.';
COMMENT ON COLUMN finale.dimension_value.value_number IS 'Number of the value.';
COMMENT ON COLUMN finale.dimension_value.value_name IS 'Name of the value.';
COMMENT ON COLUMN finale.dimension_value.is_active IS 'False where the value is no longer used.';

CREATE VIEW finale.sales_module WITH (security_invoker = true) AS
SELECT c.org_nr, m.client_id, m.name AS module_name, m.cost_start_date
  FROM bureau.client c
  JOIN mirror.sales_module m ON m.client_id = c.client_id;
COMMENT ON VIEW finale.sales_module IS
    'Modules of Tripletex that the client has. Example: SELECT module_name FROM finale.sales_module WHERE org_nr = ''974760673'';';
COMMENT ON COLUMN finale.sales_module.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.sales_module.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.sales_module.module_name IS 'Tripletex''s name of the module.';
COMMENT ON COLUMN finale.sales_module.cost_start_date IS 'From when it is paid for, as Tripletex writes it.';

GRANT SELECT ON finale.employee, finale.voucher_document, finale.non_posted_voucher, finale.close_group, finale.bank_statement, finale.bank_transaction, finale.bank_reconciliation, finale.bank_unmatched, finale.asset, finale.asset_movement, finale.budget_month, finale.saldo_department_month, finale.saldo_project_month, finale.saldo_dimension_month, finale.saldo_grouping_year, finale.subledger_proof, finale.period, finale.reconciliation, finale.key_figure, finale.cash_flow_month, finale.dimension_value, finale.sales_module
    TO saldod_reader, saldod_admin;
GRANT SELECT (account_to, number_to, changed_at) ON sync.range TO saldod_reader, saldod_admin;

-- A posting was closed on a day by a group that is dated up to it, unless that group was gone again by the end of the day.
-- What Tripletex has now is in the posting itself; groups that it left later are in the history.
CREATE FUNCTION finale.open_post_at(org_nr text, date date)
    RETURNS TABLE (posting_id bigint, voucher_id bigint, voucher_year integer, voucher_number integer, posting_date date,
                   account_number text, account_name text, amount numeric, amount_currency numeric, currency text, description text,
                   customer_id bigint, supplier_id bigint, employee_id bigint, department_id bigint, project_id bigint,
                   invoice_number text, term_of_payment date, days_overdue integer, closed_later_on date)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = ''
BEGIN ATOMIC
    WITH held AS (
        SELECT c.client_id, pg_catalog.min(y.start_date) AS since
          FROM bureau.client c
          JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
         WHERE c.org_nr = open_post_at.org_nr
         GROUP BY c.client_id
        HAVING open_post_at.date >= pg_catalog.min(y.start_date)
    ), latest AS (
        SELECT p.close_group_id, pg_catalog.max(p.posting_date) AS day
          FROM held h
          JOIN mirror.posting p ON p.client_id = h.client_id AND p.close_group_id IS NOT NULL
         GROUP BY p.close_group_id
    ), candidate AS (
        SELECT p.client_id, p.posting_id, p.voucher_id, v.year AS voucher_year, v.number AS voucher_number, p.posting_date, p.account_id, p.amount,
               p.amount_currency, p.currency, p.description, p.customer_id, p.supplier_id, p.employee_id, p.department_id, p.project_id,
               p.invoice_number, p.term_of_payment, p.close_group_id
          FROM held h
          JOIN mirror.year y ON y.client_id = h.client_id AND y.complete
          JOIN mirror.posting p ON p.client_id = h.client_id AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
                               AND p.posting_date <= open_post_at.date
          LEFT JOIN mirror.voucher v ON v.client_id = p.client_id AND v.voucher_id = p.voucher_id
        UNION ALL
        SELECT o.client_id, o.posting_id, o.voucher_id, o.voucher_year, o.voucher_number, o.posting_date, o.account_id, o.amount,
               o.amount_currency, o.currency, o.description, o.customer_id, o.supplier_id, o.employee_id, o.department_id, o.project_id,
               o.invoice_number, o.term_of_payment, NULL
          FROM held h
          JOIN mirror.open_post o ON o.client_id = h.client_id AND o.posting_date < h.since
    )
    SELECT p.posting_id, p.voucher_id, p.voucher_year, p.voucher_number, p.posting_date, a.number, a.name, p.amount, p.amount_currency, p.currency,
           p.description, p.customer_id, p.supplier_id, p.employee_id, p.department_id, p.project_id, p.invoice_number, p.term_of_payment,
           greatest(open_post_at.date - p.term_of_payment, 0), d.day
      FROM candidate p
      JOIN mirror.account a ON a.client_id = p.client_id AND a.account_id = p.account_id AND a.is_closeable
      LEFT JOIN mirror.close_group g ON g.client_id = p.client_id AND g.close_group_id = p.close_group_id
      LEFT JOIN latest l ON l.close_group_id = p.close_group_id
     CROSS JOIN LATERAL (SELECT coalesce(g.close_date, l.day) AS day) d
     WHERE (p.close_group_id IS NULL OR d.day > open_post_at.date)
       AND NOT EXISTS (
           SELECT FROM mirror.close_group_posting m
             JOIN mirror.close_group was ON was.client_id = m.client_id AND was.close_group_id = m.close_group_id
            WHERE m.client_id = p.client_id AND m.posting_id = p.posting_id AND m.close_group_id IS DISTINCT FROM p.close_group_id
              AND was.close_date <= open_post_at.date
              AND coalesce(m.gone_at, pg_catalog.now()) > pg_catalog.timezone('Europe/Oslo', (open_post_at.date + 1)::timestamp))
     ORDER BY a.number, p.posting_date, p.posting_id;
END;
COMMENT ON FUNCTION finale.open_post_at(text, date) IS
    'Postings that were open at the end of that day, on accounts where postings can be closed: amounts in company currency and in the currency of the posting, debit positive; days_overdue at that day, closed_later_on where it is closed by now. Postings from before the horizon are known while they are open. A day before the complete years gives no row. Example: SELECT customer_id, sum(amount) FROM finale.open_post_at(''974760673'', ''2025-12-31'') WHERE account_number = ''1500'' GROUP BY 1;';
GRANT EXECUTE ON FUNCTION finale.open_post_at(text, date) TO saldod_reader, saldod_admin;

-- Groups of clients, for consolidation.
CREATE TABLE bureau.client_group (
    name       text PRIMARY KEY CONSTRAINT client_group_name CHECK (name <> '' AND pg_catalog.btrim(name) = name),
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE bureau.client_group IS 'Groups (konsern) of clients that are reported together.';
COMMENT ON COLUMN bureau.client_group.name IS 'Name of the group.';
COMMENT ON COLUMN bureau.client_group.created_at IS 'Moment the row was made.';
CREATE TABLE bureau.client_group_member (
    client_id  bigint NOT NULL REFERENCES bureau.client ON DELETE CASCADE,
    group_name text NOT NULL REFERENCES bureau.client_group ON UPDATE CASCADE ON DELETE CASCADE,
    currency   text NOT NULL DEFAULT 'NOK' CONSTRAINT client_group_member_currency CHECK (currency ~ '^[A-Z]{3}$'),
    PRIMARY KEY (client_id, group_name)
);
CREATE INDEX client_group_member_group_idx ON bureau.client_group_member (group_name);
COMMENT ON TABLE bureau.client_group_member IS 'Which clients are in which group.';
COMMENT ON COLUMN bureau.client_group_member.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN bureau.client_group_member.group_name IS 'The group, bureau.client_group.name.';
COMMENT ON COLUMN bureau.client_group_member.currency IS 'ISO code of the company currency of the client, in which its figures are.';
ALTER TABLE bureau.client_group ENABLE ROW LEVEL SECURITY;
ALTER TABLE bureau.client_group_member ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON bureau.client_group_member FOR SELECT
    USING ((SELECT bureau.sees_all(current_user, session_user)) OR client_id IN (SELECT bureau.seen_clients(current_user, session_user)));
CREATE POLICY admin ON bureau.client_group_member TO saldod_admin USING (true) WITH CHECK (true);
CREATE POLICY admin ON bureau.client_group TO saldod_admin USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON bureau.client_group, bureau.client_group_member TO saldod_admin;
GRANT SELECT ON bureau.client_group_member TO saldod_reader;

CREATE FUNCTION bureau.add_group_member(group_name text, org_nr text, currency text DEFAULT 'NOK') RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    INSERT INTO bureau.client_group (name) VALUES (add_group_member.group_name) ON CONFLICT DO NOTHING;
    INSERT INTO bureau.client_group_member AS m (client_id, group_name, currency)
    VALUES (bureau.client_of(add_group_member.org_nr), add_group_member.group_name, add_group_member.currency)
    ON CONFLICT ON CONSTRAINT client_group_member_pkey DO UPDATE SET currency = excluded.currency;
END
$$;
COMMENT ON FUNCTION bureau.add_group_member(text, text, text) IS
    'Puts a client into a group, which is made where it is not there; again with another currency it changes that.';
GRANT EXECUTE ON FUNCTION bureau.add_group_member(text, text, text) TO saldod_admin;

CREATE FUNCTION finale.group_saldo_month("group" text)
    RETURNS TABLE (org_nr text, client_id bigint, client_name text, currency text, year integer, account_number text, account_name text,
                   opening numeric, ytd_1 numeric, ytd_2 numeric, ytd_3 numeric, ytd_4 numeric, ytd_5 numeric, ytd_6 numeric,
                   ytd_7 numeric, ytd_8 numeric, ytd_9 numeric, ytd_10 numeric, ytd_11 numeric, ytd_12 numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = ''
BEGIN ATOMIC
    WITH numbered AS (
        SELECT s.*, c.name, g.currency
          FROM bureau.client_group_member g
          JOIN bureau.client c ON c.client_id = g.client_id
         CROSS JOIN LATERAL (
               SELECT y.client_id, y.year, calendar.nth AS place, calendar.month, used.account_id, used.balance_in AS opening,
                      used.balance_in + pg_catalog.sum(coalesce(m.balance_change, 0)) OVER (PARTITION BY y.year, used.account_id
                                                                                       ORDER BY calendar.month) AS ytd
                 FROM mirror.year y
                CROSS JOIN LATERAL (
                      SELECT either.account_id, pg_catalog.sum(either.balance_in) AS balance_in
                        FROM (SELECT o.account_id, o.balance_in FROM mirror.opening o WHERE o.client_id = y.client_id AND o.year = y.year
                              UNION ALL
                              SELECT i.account_id, 0 FROM mirror.saldo i WHERE i.client_id = y.client_id AND i.year = y.year) either
                       GROUP BY either.account_id) used
                CROSS JOIN LATERAL (
                      SELECT n + 1 AS nth, (pg_catalog.date_trunc('month', y.start_date::timestamp) + pg_catalog.make_interval(months => n))::date AS month
                        FROM pg_catalog.generate_series(0, 11) AS n) calendar
                 LEFT JOIN mirror.saldo m ON m.client_id = y.client_id AND m.year = y.year AND m.account_id = used.account_id AND m.month = calendar.month
                WHERE y.client_id = g.client_id AND y.complete) s
         WHERE g.group_name = group_saldo_month."group"
    )
    SELECT c.org_nr, n.client_id, n.name, n.currency, n.year, a.number, a.name, n.opening,
           pg_catalog.max(n.ytd) FILTER (WHERE n.place = 1),
           pg_catalog.max(n.ytd) FILTER (WHERE n.place = 2),
           pg_catalog.max(n.ytd) FILTER (WHERE n.place = 3),
           pg_catalog.max(n.ytd) FILTER (WHERE n.place = 4),
           pg_catalog.max(n.ytd) FILTER (WHERE n.place = 5),
           pg_catalog.max(n.ytd) FILTER (WHERE n.place = 6),
           pg_catalog.max(n.ytd) FILTER (WHERE n.place = 7),
           pg_catalog.max(n.ytd) FILTER (WHERE n.place = 8),
           pg_catalog.max(n.ytd) FILTER (WHERE n.place = 9),
           pg_catalog.max(n.ytd) FILTER (WHERE n.place = 10),
           pg_catalog.max(n.ytd) FILTER (WHERE n.place = 11),
           pg_catalog.max(n.ytd) FILTER (WHERE n.place = 12)
      FROM numbered n
      JOIN bureau.client c ON c.client_id = n.client_id
      LEFT JOIN mirror.account a ON a.client_id = n.client_id AND a.account_id = n.account_id
     GROUP BY c.org_nr, n.client_id, n.name, n.currency, n.year, n.account_id, a.number, a.name, n.opening
    HAVING n.opening <> 0 OR pg_catalog.bool_or(n.ytd <> 0)
     ORDER BY c.org_nr, n.year, a.number;
END;
COMMENT ON FUNCTION finale.group_saldo_month(text) IS
    'Saldo of the members of a group (bureau.client_group) that the reader may see, for consolidation: ytd_1 to ytd_12 are the saldo at the end of the first to the twelfth month of the fiscal year, company currency (currency), debit positive, opening included. Complete years only; of a fiscal year of more than twelve months the later ones are in finale.saldo_month. Example: SELECT org_nr, account_number, currency, ytd_12 FROM finale.group_saldo_month(''Fjord konsern'') WHERE year = 2025;';
GRANT EXECUTE ON FUNCTION finale.group_saldo_month(text) TO saldod_reader, saldod_admin;

-- An example for each of the views that were there before.
DO $examples$
DECLARE
    said constant text[] := ARRAY[
        'changed_since_sign_off', 'SELECT * FROM finale.changed_since_sign_off WHERE org_nr = ''974760673'';',
        'opening_difference', 'SELECT * FROM finale.opening_difference WHERE org_nr = ''974760673'';',
        'client', 'SELECT name, state, fresh_as_of FROM finale.client WHERE NOT verified;',
        'year', 'SELECT year, verified, fresh_as_of FROM finale.year WHERE org_nr = ''974760673'';',
        'account', 'SELECT account_number, grouping_code FROM finale.account WHERE org_nr = ''974760673'' AND is_balance_account;',
        'voucher', 'SELECT * FROM finale.voucher WHERE org_nr = ''974760673'' AND voucher_year = 2025 AND voucher_number = 17;',
        'posting', 'SELECT posting_date, amount, description FROM finale.posting WHERE org_nr = ''974760673'' AND account_number = ''1800'';',
        'deleted_posting', 'SELECT * FROM finale.deleted_posting WHERE org_nr = ''974760673'' AND seen_gone_at > now() - interval ''7 days'';',
        'saldo_month', 'SELECT month, balance_out FROM finale.saldo_month WHERE org_nr = ''974760673'' AND year = 2025 AND account_number = ''1920'' ORDER BY 1;',
        'saldo_year', 'SELECT account_number, opening, movement, closing, prior_closing FROM finale.saldo_year WHERE org_nr = ''974760673'' AND year = 2025;',
        'saldo_proof', 'SELECT * FROM finale.saldo_proof WHERE org_nr = ''974760673'' AND difference <> 0;',
        'voucher_difference', 'SELECT * FROM finale.voucher_difference WHERE org_nr = ''974760673'' AND counted;',
        'customer', 'SELECT customer_name FROM finale.customer WHERE org_nr = ''974760673'' AND organization_number = ''811126489'';',
        'supplier', 'SELECT supplier_name FROM finale.supplier WHERE org_nr = ''974760673'' AND organization_number = ''811126489'';',
        'department', 'SELECT * FROM finale.department WHERE org_nr = ''974760673'';',
        'project', 'SELECT * FROM finale.project WHERE org_nr = ''974760673'' AND NOT is_closed;',
        'vat_type', 'SELECT vat_code, percentage FROM finale.vat_type WHERE org_nr = ''974760673'';'];
BEGIN
    FOR i IN 1..pg_catalog.cardinality(said) BY 2 LOOP
        EXECUTE pg_catalog.format('COMMENT ON VIEW finale.%I IS %L', said[i],
            pg_catalog.obj_description(pg_catalog.to_regclass('finale.' || pg_catalog.quote_ident(said[i])), 'pg_class') || ' Example: ' || said[i + 1]);
    END LOOP;
END
$examples$;
