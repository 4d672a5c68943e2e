-- What the reporting tools read beyond saldo and postings: open posts, bank, assets, budgets and the like.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE mirror.dimension (
    client_id       bigint NOT NULL,
    dimension_id    bigint NOT NULL,
    version         integer NOT NULL,
    dimension_index integer,
    name            text,
    description     text,
    is_active       boolean,
    PRIMARY KEY (client_id, dimension_id)
);
COMMENT ON TABLE mirror.dimension IS 'Free accounting dimensions: up to three, with names of the client''s own.';
COMMENT ON COLUMN mirror.dimension.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.dimension.dimension_id IS 'Tripletex''s id of the dimension.';
COMMENT ON COLUMN mirror.dimension.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.dimension.dimension_index IS 'Which of the three it is: 1, 2 or 3, as in mirror.posting.dimension1_id and so on.';
COMMENT ON COLUMN mirror.dimension.name IS 'Name of the dimension.';
COMMENT ON COLUMN mirror.dimension.description IS 'Description of the dimension.';
COMMENT ON COLUMN mirror.dimension.is_active IS 'False where the dimension is no longer used.';

CREATE TABLE mirror.dimension_value (
    client_id          bigint NOT NULL,
    dimension_value_id bigint NOT NULL,
    version            integer NOT NULL,
    dimension_index    integer,
    number             text,
    name               text,
    is_active          boolean,
    PRIMARY KEY (client_id, dimension_value_id)
);
COMMENT ON TABLE mirror.dimension_value IS 'Values of the free accounting dimensions.';
COMMENT ON COLUMN mirror.dimension_value.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.dimension_value.dimension_value_id IS 'Tripletex''s id of the value.';
COMMENT ON COLUMN mirror.dimension_value.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.dimension_value.dimension_index IS 'The dimension of the value: 1, 2 or 3.';
COMMENT ON COLUMN mirror.dimension_value.number IS 'Number of the value.';
COMMENT ON COLUMN mirror.dimension_value.name IS 'Name of the value.';
COMMENT ON COLUMN mirror.dimension_value.is_active IS 'False where the value is no longer used.';

CREATE TABLE mirror.open_post (
    client_id       bigint NOT NULL,
    posting_id      bigint NOT NULL,
    version         integer NOT NULL,
    voucher_id      bigint,
    voucher_year    integer,
    voucher_number  integer,
    posting_date    date NOT NULL,
    account_id      bigint NOT NULL,
    amount          numeric NOT NULL,
    amount_currency numeric,
    currency        text,
    description     text,
    customer_id     bigint,
    supplier_id     bigint,
    employee_id     bigint,
    department_id   bigint,
    project_id      bigint,
    invoice_number  text,
    term_of_payment date,
    PRIMARY KEY (client_id, posting_id)
) WITH (fillfactor = 80);
COMMENT ON TABLE mirror.open_post IS 'Postings that Tripletex lists as open now, those before the horizon too.';
COMMENT ON COLUMN mirror.open_post.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.open_post.posting_id IS 'Tripletex''s id of the posting.';
COMMENT ON COLUMN mirror.open_post.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.open_post.voucher_id IS 'Tripletex''s id of the voucher.';
COMMENT ON COLUMN mirror.open_post.voucher_year IS 'Year of the voucher number.';
COMMENT ON COLUMN mirror.open_post.voucher_number IS 'Number of the voucher within its year.';
COMMENT ON COLUMN mirror.open_post.posting_date IS 'Date of the posting.';
COMMENT ON COLUMN mirror.open_post.account_id IS 'The account, mirror.account.';
COMMENT ON COLUMN mirror.open_post.amount IS 'Amount in company currency without VAT; debit positive, credit negative.';
COMMENT ON COLUMN mirror.open_post.amount_currency IS 'Amount in the currency of the posting; debit positive.';
COMMENT ON COLUMN mirror.open_post.currency IS 'ISO code of the currency of the posting.';
COMMENT ON COLUMN mirror.open_post.description IS 'Text of the posting.';
COMMENT ON COLUMN mirror.open_post.customer_id IS 'Customer of the posting, mirror.customer.';
COMMENT ON COLUMN mirror.open_post.supplier_id IS 'Supplier of the posting, mirror.supplier.';
COMMENT ON COLUMN mirror.open_post.employee_id IS 'Employee of the posting, mirror.employee.';
COMMENT ON COLUMN mirror.open_post.department_id IS 'Department of the posting, mirror.department.';
COMMENT ON COLUMN mirror.open_post.project_id IS 'Project of the posting, mirror.project.';
COMMENT ON COLUMN mirror.open_post.invoice_number IS 'Invoice number.';
COMMENT ON COLUMN mirror.open_post.term_of_payment IS 'Due date of the invoice.';

CREATE TABLE mirror.close_group (
    client_id      bigint NOT NULL,
    close_group_id bigint NOT NULL,
    version        integer NOT NULL,
    close_date     date,
    seen_at        timestamptz NOT NULL,
    gone_at        timestamptz,
    PRIMARY KEY (client_id, close_group_id)
) WITH (fillfactor = 80);
CREATE INDEX close_group_date_idx ON mirror.close_group (client_id, close_date);
COMMENT ON TABLE mirror.close_group IS 'Groups of postings that close each other; one that was opened again stays, with gone_at.';
COMMENT ON COLUMN mirror.close_group.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.close_group.close_group_id IS 'Tripletex''s id of the group.';
COMMENT ON COLUMN mirror.close_group.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.close_group.close_date IS 'Date of the group in Tripletex: its postings are closed from that day on.';
COMMENT ON COLUMN mirror.close_group.seen_at IS 'Moment the group was first seen here.';
COMMENT ON COLUMN mirror.close_group.gone_at IS 'Moment it was first missing: its postings were opened again; null while it is there.';

CREATE TABLE mirror.close_group_posting (
    client_id      bigint NOT NULL,
    posting_id     bigint NOT NULL,
    close_group_id bigint NOT NULL,
    seen_at        timestamptz NOT NULL,
    gone_at        timestamptz,
    PRIMARY KEY (client_id, posting_id, close_group_id, seen_at)
) WITH (fillfactor = 80);
CREATE INDEX close_group_posting_group_idx ON mirror.close_group_posting (client_id, close_group_id);
COMMENT ON TABLE mirror.close_group_posting IS 'Which posting was in which group, from when to when.';
COMMENT ON COLUMN mirror.close_group_posting.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.close_group_posting.posting_id IS 'Tripletex''s id of the posting; it may lie before the horizon.';
COMMENT ON COLUMN mirror.close_group_posting.close_group_id IS 'The group, mirror.close_group.';
COMMENT ON COLUMN mirror.close_group_posting.seen_at IS 'Moment the posting was first seen in the group.';
COMMENT ON COLUMN mirror.close_group_posting.gone_at IS 'Moment it was first seen out of it; null while it is in it.';

CREATE TABLE mirror.bank_statement (
    client_id                bigint NOT NULL,
    bank_statement_id        bigint NOT NULL,
    version                  integer NOT NULL,
    from_date                date,
    to_date                  date,
    opening_balance_currency numeric,
    closing_balance_currency numeric,
    bank_name                text,
    file_name                text,
    PRIMARY KEY (client_id, bank_statement_id)
);
COMMENT ON TABLE mirror.bank_statement IS 'Bank statements as imported in Tripletex.';
COMMENT ON COLUMN mirror.bank_statement.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.bank_statement.bank_statement_id IS 'Tripletex''s id of the statement.';
COMMENT ON COLUMN mirror.bank_statement.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.bank_statement.from_date IS 'First day of the statement.';
COMMENT ON COLUMN mirror.bank_statement.to_date IS 'Last day of the statement.';
COMMENT ON COLUMN mirror.bank_statement.opening_balance_currency IS 'Balance before the statement, currency of the bank account; what is in the bank is positive.';
COMMENT ON COLUMN mirror.bank_statement.closing_balance_currency IS 'Balance after the statement, currency of the bank account; what is in the bank is positive.';
COMMENT ON COLUMN mirror.bank_statement.bank_name IS 'Name of the bank.';
COMMENT ON COLUMN mirror.bank_statement.file_name IS 'Name of the file that was imported.';

CREATE TABLE mirror.bank_transaction (
    client_id           bigint NOT NULL,
    bank_transaction_id bigint NOT NULL,
    version             integer NOT NULL,
    bank_statement_id   bigint NOT NULL,
    posted_date         date,
    description         text,
    amount_currency     numeric,
    account_id          bigint,
    matched             boolean,
    match_type          text,
    payment_id          text,
    PRIMARY KEY (client_id, bank_transaction_id)
) WITH (fillfactor = 90);
CREATE INDEX bank_transaction_statement_idx ON mirror.bank_transaction (client_id, bank_statement_id);
COMMENT ON TABLE mirror.bank_transaction IS 'Lines of bank statements.';
COMMENT ON COLUMN mirror.bank_transaction.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.bank_transaction.bank_transaction_id IS 'Tripletex''s id of the line.';
COMMENT ON COLUMN mirror.bank_transaction.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.bank_transaction.bank_statement_id IS 'The statement, mirror.bank_statement.';
COMMENT ON COLUMN mirror.bank_transaction.posted_date IS 'Day the bank posted it.';
COMMENT ON COLUMN mirror.bank_transaction.description IS 'Text of the bank.';
COMMENT ON COLUMN mirror.bank_transaction.amount_currency IS 'Amount in the currency of the bank account; into the account positive.';
COMMENT ON COLUMN mirror.bank_transaction.account_id IS 'The ledger account of the bank account, mirror.account.';
COMMENT ON COLUMN mirror.bank_transaction.matched IS 'True where Tripletex has the line matched.';
COMMENT ON COLUMN mirror.bank_transaction.match_type IS 'How it was matched, such as ONE_TRANSACTION_TO_ONE_POSTING.';
COMMENT ON COLUMN mirror.bank_transaction.payment_id IS 'The bank''s own reference.';

CREATE TABLE mirror.bank_reconciliation (
    client_id                bigint NOT NULL,
    bank_reconciliation_id   bigint NOT NULL,
    version                  integer NOT NULL,
    account_id               bigint,
    accounting_period_id     bigint,
    voucher_id               bigint,
    type                     text,
    closing_balance_currency numeric,
    is_closed                boolean,
    closed_date              text,
    closed_by_employee_id    bigint,
    PRIMARY KEY (client_id, bank_reconciliation_id)
);
COMMENT ON TABLE mirror.bank_reconciliation IS 'Bank reconciliations: one for an account and a period.';
COMMENT ON COLUMN mirror.bank_reconciliation.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.bank_reconciliation.bank_reconciliation_id IS 'Tripletex''s id of the reconciliation.';
COMMENT ON COLUMN mirror.bank_reconciliation.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.bank_reconciliation.account_id IS 'The ledger account of the bank account, mirror.account.';
COMMENT ON COLUMN mirror.bank_reconciliation.accounting_period_id IS 'The period, mirror.accounting_period.';
COMMENT ON COLUMN mirror.bank_reconciliation.voucher_id IS 'Voucher of its adjustments, if any.';
COMMENT ON COLUMN mirror.bank_reconciliation.type IS 'MANUAL or AUTOMATIC.';
COMMENT ON COLUMN mirror.bank_reconciliation.closing_balance_currency IS 'Closing balance of the bank account by the bank, currency of the account; what is in the bank is positive.';
COMMENT ON COLUMN mirror.bank_reconciliation.is_closed IS 'True where the reconciliation is closed.';
COMMENT ON COLUMN mirror.bank_reconciliation.closed_date IS 'When it was closed, as Tripletex writes it.';
COMMENT ON COLUMN mirror.bank_reconciliation.closed_by_employee_id IS 'Who closed it, mirror.employee.';

CREATE TABLE mirror.bank_match (
    client_id              bigint NOT NULL,
    bank_match_id          bigint NOT NULL,
    version                integer NOT NULL,
    bank_reconciliation_id bigint,
    type                   text,
    bank_transaction_ids   bigint[] NOT NULL,
    posting_ids            bigint[] NOT NULL,
    PRIMARY KEY (client_id, bank_match_id)
) WITH (fillfactor = 90);
CREATE INDEX bank_match_reconciliation_idx ON mirror.bank_match (client_id, bank_reconciliation_id);
COMMENT ON TABLE mirror.bank_match IS 'Matches of bank reconciliations: lines of the bank against postings.';
COMMENT ON COLUMN mirror.bank_match.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.bank_match.bank_match_id IS 'Tripletex''s id of the match.';
COMMENT ON COLUMN mirror.bank_match.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.bank_match.bank_reconciliation_id IS 'The reconciliation, mirror.bank_reconciliation.';
COMMENT ON COLUMN mirror.bank_match.type IS 'Type of the match; PENDING_SUGGESTION and REJECTED_ are none.';
COMMENT ON COLUMN mirror.bank_match.bank_transaction_ids IS 'Lines of the bank in the match, mirror.bank_transaction.';
COMMENT ON COLUMN mirror.bank_match.posting_ids IS 'Postings in the match, mirror.posting.';

CREATE TABLE mirror.asset (
    client_id                bigint NOT NULL,
    asset_id                 bigint NOT NULL,
    version                  integer NOT NULL,
    name                     text,
    description              text,
    acquisition_date         date,
    acquisition_cost         numeric,
    account_id               bigint,
    depreciation_account_id  bigint,
    incoming_balance         numeric,
    lifetime_months          integer,
    status                   text,
    depreciation_method      text,
    depreciation_from        date,
    depreciation_rate        numeric,
    accumulated_depreciation numeric,
    annual_depreciation      numeric,
    improvements             numeric,
    additions                numeric,
    disposals                numeric,
    sale_date                date,
    profit_or_loss           numeric,
    balance_in               numeric,
    balance_change           numeric,
    balance_out              numeric,
    department_id            bigint,
    project_id               bigint,
    PRIMARY KEY (client_id, asset_id)
) WITH (fillfactor = 90);
COMMENT ON TABLE mirror.asset IS 'Register of fixed assets.';
COMMENT ON COLUMN mirror.asset.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.asset.asset_id IS 'Tripletex''s id of the asset.';
COMMENT ON COLUMN mirror.asset.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.asset.name IS 'Name of the asset.';
COMMENT ON COLUMN mirror.asset.description IS 'Description of the asset.';
COMMENT ON COLUMN mirror.asset.acquisition_date IS 'Date of acquisition.';
COMMENT ON COLUMN mirror.asset.acquisition_cost IS 'Acquisition cost, company currency.';
COMMENT ON COLUMN mirror.asset.account_id IS 'Balance account of the asset, mirror.account.';
COMMENT ON COLUMN mirror.asset.depreciation_account_id IS 'Account its depreciation is charged to, mirror.account.';
COMMENT ON COLUMN mirror.asset.incoming_balance IS 'Incoming balance of the asset as entered in Tripletex, company currency.';
COMMENT ON COLUMN mirror.asset.lifetime_months IS 'Lifetime in months.';
COMMENT ON COLUMN mirror.asset.status IS 'Tripletex''s status of its depreciation, such as READY_TO_DEPRECIATE or COMPLETED.';
COMMENT ON COLUMN mirror.asset.depreciation_method IS 'STRAIGHT_LINE, TAX_RELATED, CUSTOMIZED_AMOUNT, MANUAL or NO_DEPRECIATION.';
COMMENT ON COLUMN mirror.asset.depreciation_from IS 'First day of depreciation.';
COMMENT ON COLUMN mirror.asset.depreciation_rate IS 'Rate in per cent a year.';
COMMENT ON COLUMN mirror.asset.accumulated_depreciation IS 'Accumulated depreciation as Tripletex gives it, company currency.';
COMMENT ON COLUMN mirror.asset.annual_depreciation IS 'Depreciation of a year as Tripletex gives it, company currency.';
COMMENT ON COLUMN mirror.asset.improvements IS 'Improvements as Tripletex gives them, company currency.';
COMMENT ON COLUMN mirror.asset.additions IS 'Additions (newHires) as Tripletex gives them, company currency.';
COMMENT ON COLUMN mirror.asset.disposals IS 'Sales and other realizations as Tripletex gives them, company currency.';
COMMENT ON COLUMN mirror.asset.sale_date IS 'Date of sale.';
COMMENT ON COLUMN mirror.asset.profit_or_loss IS 'Accounting profit or loss at realization, company currency.';
COMMENT ON COLUMN mirror.asset.balance_in IS 'Balance of the asset at the start of Tripletex''s period, company currency.';
COMMENT ON COLUMN mirror.asset.balance_change IS 'Its change in that period, company currency.';
COMMENT ON COLUMN mirror.asset.balance_out IS 'Book value as Tripletex gives it, company currency.';
COMMENT ON COLUMN mirror.asset.department_id IS 'Department of the asset, mirror.department.';
COMMENT ON COLUMN mirror.asset.project_id IS 'Project of the asset, mirror.project.';

CREATE TABLE mirror.asset_posting (
    client_id    bigint NOT NULL,
    asset_id     bigint NOT NULL,
    posting_id   bigint NOT NULL,
    version      integer NOT NULL,
    voucher_id   bigint,
    posting_date date NOT NULL,
    account_id   bigint NOT NULL,
    amount       numeric NOT NULL,
    description  text,
    PRIMARY KEY (client_id, asset_id, posting_id)
) WITH (fillfactor = 90);
CREATE INDEX asset_posting_date_idx ON mirror.asset_posting (client_id, posting_date);
COMMENT ON TABLE mirror.asset_posting IS 'Postings of each asset, as Tripletex ties them to it.';
COMMENT ON COLUMN mirror.asset_posting.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.asset_posting.asset_id IS 'The asset, mirror.asset.';
COMMENT ON COLUMN mirror.asset_posting.posting_id IS 'Tripletex''s id of the posting.';
COMMENT ON COLUMN mirror.asset_posting.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.asset_posting.voucher_id IS 'Tripletex''s id of the voucher.';
COMMENT ON COLUMN mirror.asset_posting.posting_date IS 'Date of the posting.';
COMMENT ON COLUMN mirror.asset_posting.account_id IS 'The account, mirror.account.';
COMMENT ON COLUMN mirror.asset_posting.amount IS 'Amount in company currency without VAT; debit positive.';
COMMENT ON COLUMN mirror.asset_posting.description IS 'Text of the posting.';

CREATE TABLE mirror.budget (
    client_id            bigint NOT NULL,
    year                 integer NOT NULL,
    account_id           bigint NOT NULL,
    accounting_period_id bigint NOT NULL,
    amount               numeric NOT NULL,
    PRIMARY KEY (client_id, year, account_id, accounting_period_id)
);
COMMENT ON TABLE mirror.budget IS 'Result budget of the company: an amount for each account and period.';
COMMENT ON COLUMN mirror.budget.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.budget.year IS 'Year of the budget, as it was asked for.';
COMMENT ON COLUMN mirror.budget.account_id IS 'The account, mirror.account.';
COMMENT ON COLUMN mirror.budget.accounting_period_id IS 'The period, mirror.accounting_period.';
COMMENT ON COLUMN mirror.budget.amount IS 'Budgeted amount with the sign of Tripletex, company currency.';

CREATE TABLE mirror.non_posted_voucher (
    client_id        bigint NOT NULL,
    voucher_id       bigint NOT NULL,
    version          integer NOT NULL,
    voucher_date     date,
    number           integer,
    temporary_number integer,
    year             integer,
    description      text,
    voucher_type_id  bigint,
    external_number  text,
    invoice_number   text,
    document_id      bigint,
    attachment_id    bigint,
    PRIMARY KEY (client_id, voucher_id)
);
COMMENT ON TABLE mirror.non_posted_voucher IS 'Vouchers that are not posted yet: in no ledger and no saldo.';
COMMENT ON COLUMN mirror.non_posted_voucher.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.non_posted_voucher.voucher_id IS 'Tripletex''s id of the voucher.';
COMMENT ON COLUMN mirror.non_posted_voucher.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.non_posted_voucher.voucher_date IS 'Date of the voucher.';
COMMENT ON COLUMN mirror.non_posted_voucher.number IS 'Number of the voucher; 0 while it has none.';
COMMENT ON COLUMN mirror.non_posted_voucher.temporary_number IS 'Temporary number of the voucher.';
COMMENT ON COLUMN mirror.non_posted_voucher.year IS 'Year of the voucher number.';
COMMENT ON COLUMN mirror.non_posted_voucher.description IS 'Text of the voucher.';
COMMENT ON COLUMN mirror.non_posted_voucher.voucher_type_id IS 'Type of the voucher, mirror.voucher_type.';
COMMENT ON COLUMN mirror.non_posted_voucher.external_number IS 'Number in another system.';
COMMENT ON COLUMN mirror.non_posted_voucher.invoice_number IS 'The supplier''s invoice number.';
COMMENT ON COLUMN mirror.non_posted_voucher.document_id IS 'Tripletex''s id of its document.';
COMMENT ON COLUMN mirror.non_posted_voucher.attachment_id IS 'Tripletex''s id of its attachment.';

CREATE TABLE mirror.sales_module (
    client_id       bigint NOT NULL,
    name            text NOT NULL,
    cost_start_date text,
    PRIMARY KEY (client_id, name)
);
COMMENT ON TABLE mirror.sales_module IS 'Modules of Tripletex that the client has.';
COMMENT ON COLUMN mirror.sales_module.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.sales_module.name IS 'Tripletex''s name of the module.';
COMMENT ON COLUMN mirror.sales_module.cost_start_date IS 'From when it is paid for, as Tripletex writes it.';

CREATE TABLE mirror.subscription (
    client_id       bigint NOT NULL,
    subscription_id bigint NOT NULL,
    version         integer NOT NULL,
    event           text,
    status          text,
    PRIMARY KEY (client_id, subscription_id)
);
COMMENT ON TABLE mirror.subscription IS 'Webhook subscriptions of the token that reads the client, without their addresses.';
COMMENT ON COLUMN mirror.subscription.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.subscription.subscription_id IS 'Tripletex''s id of the subscription.';
COMMENT ON COLUMN mirror.subscription.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.subscription.event IS 'What it subscribes to, such as voucher.update.';
COMMENT ON COLUMN mirror.subscription.status IS 'ACTIVE, or why it is not.';

-- More of what was mirrored before. A posting is read again where its list is, for the new fields.
ALTER TABLE mirror.posting
    ADD COLUMN dimension1_id bigint, ADD COLUMN dimension2_id bigint, ADD COLUMN dimension3_id bigint, ADD COLUMN asset_id bigint;
ALTER TABLE mirror.deleted_posting
    ADD COLUMN dimension1_id bigint, ADD COLUMN dimension2_id bigint, ADD COLUMN dimension3_id bigint, ADD COLUMN asset_id bigint;
ALTER TABLE mirror.voucher
    ADD COLUMN document_id bigint, ADD COLUMN attachment_id bigint, ADD COLUMN edi_document_id bigint;
ALTER TABLE mirror.accounting_period ADD COLUMN checked_by text, ADD COLUMN checked_at text;
UPDATE sync.range SET digest = NULL;
UPDATE sync.list SET digest = NULL WHERE resource IN ('voucher', 'accounting_period');
COMMENT ON COLUMN mirror.voucher.document_id IS 'Tripletex''s id of the document of the voucher.';
COMMENT ON COLUMN mirror.voucher.attachment_id IS 'Tripletex''s id of the attachment of the voucher.';
COMMENT ON COLUMN mirror.voucher.edi_document_id IS 'Tripletex''s id of the electronic invoice of the voucher.';
COMMENT ON COLUMN mirror.accounting_period.checked_by IS 'Who last checked the ledger of the period in Tripletex, which closes or opens it.';
COMMENT ON COLUMN mirror.accounting_period.checked_at IS 'When that was, as Tripletex writes it.';
DO $comments$
DECLARE
    tab text;
BEGIN
    FOREACH tab IN ARRAY ARRAY['posting', 'deleted_posting'] LOOP
        FOR i IN 1..3 LOOP
            EXECUTE pg_catalog.format('COMMENT ON COLUMN mirror.%I.dimension%s_id IS %L', tab, i,
                                      pg_catalog.format('Value of free accounting dimension %s, mirror.dimension_value.', i));
        END LOOP;
        EXECUTE pg_catalog.format('COMMENT ON COLUMN mirror.%I.asset_id IS %L', tab, 'Asset of the posting, mirror.asset.');
    END LOOP;
END
$comments$;
DO $$
BEGIN
    PERFORM mirror.keep_history(t.name) FROM (VALUES ('posting'), ('voucher')) AS t (name);
END
$$;

ALTER TABLE sync.list
    ADD COLUMN state text NOT NULL DEFAULT 'read'
        CONSTRAINT list_state CHECK (state IN ('read', 'refused', 'failing', 'held', 'split')),
    ADD COLUMN row_count bigint;
COMMENT ON COLUMN sync.list.state IS
    'read; refused: Tripletex does not give it; failing: it could not be had now; held: it is empty after many rows; split: too many rows at once, read in smaller parts.';
COMMENT ON COLUMN sync.list.row_count IS 'Number of rows when last read; null = not counted.';
UPDATE sync.list SET state = 'refused' WHERE fault IS NOT NULL AND resource <> 'digest';

DO $confine$
DECLARE
    tab text;
BEGIN
    FOREACH tab IN ARRAY ARRAY['dimension', 'dimension_value', 'open_post', 'close_group', 'close_group_posting', 'bank_statement', 'bank_transaction', 'bank_reconciliation', 'bank_match', 'asset', 'asset_posting', 'budget', 'non_posted_voucher', 'sales_module', 'subscription'] LOOP
        EXECUTE pg_catalog.format('ALTER TABLE mirror.%I ENABLE ROW LEVEL SECURITY', tab);
        EXECUTE pg_catalog.format(
            'CREATE POLICY reader ON mirror.%I FOR SELECT USING ((SELECT bureau.sees_all(current_user, session_user)) '
            'OR client_id IN (SELECT bureau.seen_clients(current_user, session_user)))', tab);
        EXECUTE pg_catalog.format('GRANT SELECT ON mirror.%I TO saldod_reader, saldod_admin', tab);
    END LOOP;
END
$confine$;

CREATE VIEW bureau.resource AS
SELECT c.org_nr,
       c.client_id,
       r.resource,
       r.state,
       r.fault,
       r.confirmed_at,
       r.rows,
       r.asked_at
  FROM bureau.client c
 CROSS JOIN LATERAL (
       SELECT l.resource,
              CASE WHEN pg_catalog.bool_or(l.state = 'failing') THEN 'failing'
                   WHEN pg_catalog.bool_or(l.state = 'held') THEN 'held'
                   WHEN pg_catalog.bool_or(l.state = 'refused') THEN 'refused'
                   ELSE 'read' END AS state,
              pg_catalog.min(l.fault) AS fault,
              pg_catalog.min(l.confirmed_at) AS confirmed_at,
              pg_catalog.sum(l.row_count)::bigint AS rows,
              pg_catalog.max(l.asked_at) AS asked_at
         FROM sync.list l
        WHERE l.client_id = c.client_id AND l.state <> 'split' AND l.resource NOT IN ('digest', 'opening')
        GROUP BY l.resource) r;
COMMENT ON VIEW bureau.resource IS
    'The lists that are mirrored beside saldo and postings, how each stands, and why. None of them makes a client stale.';
COMMENT ON COLUMN bureau.resource.org_nr IS 'Organisation number.';
COMMENT ON COLUMN bureau.resource.client_id IS 'Our number of the client.';
COMMENT ON COLUMN bureau.resource.resource IS 'Name of the resource, as in [mirror] resources, or of a list that the ledger itself needs.';
COMMENT ON COLUMN bureau.resource.state IS
    'read; refused: Tripletex does not give it, mostly for lack of entitlement or module; failing: it could not be had last time and is tried again; held: it is empty after many rows, which are kept. What was mirrored before stands in all of them.';
COMMENT ON COLUMN bureau.resource.fault IS 'Why it could not be read last time, in words; null where it could.';
COMMENT ON COLUMN bureau.resource.confirmed_at IS 'All parts of the resource equal Tripletex at this moment, or a later one; null before it was first read.';
COMMENT ON COLUMN bureau.resource.rows IS 'Number of rows that are mirrored of it; null where they are not counted.';
COMMENT ON COLUMN bureau.resource.asked_at IS 'Moment it was last asked for, whatever came of it.';
GRANT SELECT ON bureau.resource TO saldod_admin;
