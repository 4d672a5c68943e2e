-- What was last read from Tripletex, one row for each object that is current there.
--
-- client_id is first in every primary key, so that the tables can be partitioned or distributed by client. There are
-- no foreign keys: they would be checked for every posting of a first load, and the one thing they could do here,
-- removing a client's rows, is done by the trigger of 0004_sync.sql.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE mirror.account (
    client_id               bigint NOT NULL,
    account_id              bigint NOT NULL,
    version                 integer NOT NULL,
    number                  text NOT NULL,
    name                    text,
    type                    text,
    ledger_type             text,
    is_bank_account         boolean NOT NULL DEFAULT false,
    is_closeable            boolean NOT NULL DEFAULT false,
    requires_reconciliation boolean NOT NULL DEFAULT false,
    saft_code               text,
    grouping_code           text,
    vat_type_id             bigint,
    currency                text,
    is_inactive             boolean NOT NULL DEFAULT false,
    gone_at                 timestamptz,
    PRIMARY KEY (client_id, account_id)
);
CREATE INDEX account_number_idx ON mirror.account (client_id, number);
COMMENT ON TABLE mirror.account IS 'Chart of accounts. An account that left Tripletex stays, with gone_at, for the names of older rows.';
COMMENT ON COLUMN mirror.account.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.account.account_id IS 'Tripletex''s id of the account.';
COMMENT ON COLUMN mirror.account.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.account.number IS 'Account number, as text; 1000-2999 are balance accounts (NS 4102).';
COMMENT ON COLUMN mirror.account.name IS 'Name of the account.';
COMMENT ON COLUMN mirror.account.type IS 'Tripletex''s type of the account, such as ASSETS or OPERATING_EXPENSES.';
COMMENT ON COLUMN mirror.account.ledger_type IS 'Sub-ledger of the account: GENERAL, CUSTOMER, VENDOR, EMPLOYEE or ASSET.';
COMMENT ON COLUMN mirror.account.is_bank_account IS 'True for a bank account.';
COMMENT ON COLUMN mirror.account.is_closeable IS 'True where postings of the account can be closed against each other.';
COMMENT ON COLUMN mirror.account.requires_reconciliation IS 'True where the account has to be reconciled.';
COMMENT ON COLUMN mirror.account.saft_code IS 'SAF-T standard account.';
COMMENT ON COLUMN mirror.account.grouping_code IS 'Grouping code of the tax return (næringsspesifikasjon).';
COMMENT ON COLUMN mirror.account.vat_type_id IS 'Default VAT type, mirror.vat_type.';
COMMENT ON COLUMN mirror.account.currency IS 'ISO code of the account''s currency.';
COMMENT ON COLUMN mirror.account.is_inactive IS 'True where the account is closed for new postings.';
COMMENT ON COLUMN mirror.account.gone_at IS 'Moment the account was first missing in Tripletex; null while it is there.';

CREATE TABLE mirror.voucher (
    client_id          bigint NOT NULL,
    voucher_id         bigint NOT NULL,
    version            integer NOT NULL,
    year               integer,
    number             integer,
    voucher_date       date NOT NULL,
    description        text,
    voucher_type_id    bigint,
    reverse_voucher_id bigint,
    PRIMARY KEY (client_id, voucher_id)
);
CREATE INDEX voucher_date_idx ON mirror.voucher (client_id, voucher_date);
COMMENT ON TABLE mirror.voucher IS 'Vouchers that have a posting in the horizon.';
COMMENT ON COLUMN mirror.voucher.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.voucher.voucher_id IS 'Tripletex''s id of the voucher.';
COMMENT ON COLUMN mirror.voucher.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.voucher.year IS 'Year of the voucher number.';
COMMENT ON COLUMN mirror.voucher.number IS 'Number of the voucher within its year.';
COMMENT ON COLUMN mirror.voucher.voucher_date IS 'Date of the voucher.';
COMMENT ON COLUMN mirror.voucher.description IS 'Text of the voucher.';
COMMENT ON COLUMN mirror.voucher.voucher_type_id IS 'Type of the voucher, mirror.voucher_type.';
COMMENT ON COLUMN mirror.voucher.reverse_voucher_id IS 'The voucher that reverses this one, or that this one reverses.';

CREATE TABLE mirror.posting (
    client_id             bigint NOT NULL,
    posting_id            bigint NOT NULL,
    version               integer NOT NULL,
    voucher_id            bigint NOT NULL,
    "row"                 integer,
    posting_date          date NOT NULL,
    account_id            bigint NOT NULL,
    amount                numeric NOT NULL,
    amount_currency       numeric,
    amount_gross          numeric,
    amount_gross_currency numeric,
    currency              text,
    description           text,
    vat_type_id           bigint,
    customer_id           bigint,
    supplier_id           bigint,
    employee_id           bigint,
    department_id         bigint,
    project_id            bigint,
    product_id            bigint,
    invoice_number        text,
    term_of_payment       date,
    close_group_id        bigint,
    posting_type          text,
    external_ref          text,
    system_generated      boolean,
    matched               boolean,
    PRIMARY KEY (client_id, posting_id)
)
-- Edits that leave date, account and voucher alone (a closed group, a text) then stay on their page, without a new
-- entry in any index. The shares of autovacuum are small because one client is a small part of the table: with the
-- usual fifth, a client's rows could change many times over before anything is vacuumed or counted again.
WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02,
      autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX posting_date_idx ON mirror.posting (client_id, posting_date);
CREATE INDEX posting_voucher_idx ON mirror.posting (client_id, voucher_id);
CREATE INDEX posting_account_idx ON mirror.posting (client_id, account_id, posting_date);
COMMENT ON TABLE mirror.posting IS 'Postings of the horizon as Tripletex has them now, one row each.';
COMMENT ON COLUMN mirror.posting.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.posting.posting_id IS 'Tripletex''s id of the posting; an edited voucher may get new ones.';
COMMENT ON COLUMN mirror.posting.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.posting.voucher_id IS 'The voucher of the posting, mirror.voucher.';
COMMENT ON COLUMN mirror.posting."row" IS 'Row of the posting in its voucher.';
COMMENT ON COLUMN mirror.posting.posting_date IS 'Date of the posting; decides month and fiscal year.';
COMMENT ON COLUMN mirror.posting.account_id IS 'The account, mirror.account.';
COMMENT ON COLUMN mirror.posting.amount IS 'Amount in company currency without VAT; debit positive, credit negative.';
COMMENT ON COLUMN mirror.posting.amount_currency IS 'Amount without VAT in the currency of the posting; debit positive.';
COMMENT ON COLUMN mirror.posting.amount_gross IS 'Amount with VAT in company currency; debit positive.';
COMMENT ON COLUMN mirror.posting.amount_gross_currency IS 'Amount with VAT in the currency of the posting; debit positive.';
COMMENT ON COLUMN mirror.posting.currency IS 'ISO code of the currency of the posting.';
COMMENT ON COLUMN mirror.posting.description IS 'Text of the posting.';
COMMENT ON COLUMN mirror.posting.vat_type_id IS 'VAT type of the posting, mirror.vat_type.';
COMMENT ON COLUMN mirror.posting.customer_id IS 'Customer of the posting, mirror.customer.';
COMMENT ON COLUMN mirror.posting.supplier_id IS 'Supplier of the posting, mirror.supplier.';
COMMENT ON COLUMN mirror.posting.employee_id IS 'Employee of the posting, mirror.employee.';
COMMENT ON COLUMN mirror.posting.department_id IS 'Department of the posting, mirror.department.';
COMMENT ON COLUMN mirror.posting.project_id IS 'Project of the posting, mirror.project.';
COMMENT ON COLUMN mirror.posting.product_id IS 'Tripletex''s id of the product.';
COMMENT ON COLUMN mirror.posting.invoice_number IS 'Invoice number.';
COMMENT ON COLUMN mirror.posting.term_of_payment IS 'Due date of the invoice.';
COMMENT ON COLUMN mirror.posting.close_group_id IS 'Tripletex''s id of the group in which the posting is closed; null while it is open.';
COMMENT ON COLUMN mirror.posting.posting_type IS 'Tripletex''s type of the posting.';
COMMENT ON COLUMN mirror.posting.external_ref IS 'Reference to another system.';
COMMENT ON COLUMN mirror.posting.system_generated IS 'True where Tripletex made the posting itself, such as a VAT row.';
COMMENT ON COLUMN mirror.posting.matched IS 'True where the posting is matched in a bank reconciliation.';

CREATE TABLE mirror.saldo (
    client_id      bigint NOT NULL,
    year           integer NOT NULL,
    month          date NOT NULL CONSTRAINT saldo_month_is_first_day CHECK (EXTRACT(day FROM month) = 1),
    account_id     bigint NOT NULL,
    balance_change numeric NOT NULL,
    postings_sum   numeric NOT NULL,
    PRIMARY KEY (client_id, year, month, account_id)
)
-- The months that changed are written again with every publication: room for it on the same page.
WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
COMMENT ON TABLE mirror.saldo IS
    'Change of an account in a month of a fiscal year, twice: as Tripletex says it and as the mirrored postings add up.';
COMMENT ON COLUMN mirror.saldo.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.saldo.year IS 'The fiscal year, mirror.year.';
COMMENT ON COLUMN mirror.saldo.month IS 'First day of the calendar month.';
COMMENT ON COLUMN mirror.saldo.account_id IS 'The account, mirror.account.';
COMMENT ON COLUMN mirror.saldo.balance_change IS 'Change in that month by Tripletex''s /balanceSheet, company currency; debit positive.';
COMMENT ON COLUMN mirror.saldo.postings_sum IS 'Sum of the mirrored postings of that month, company currency; debit positive.';

CREATE TABLE mirror.opening (
    client_id  bigint NOT NULL,
    year       integer NOT NULL,
    account_id bigint NOT NULL,
    balance_in numeric NOT NULL,
    PRIMARY KEY (client_id, year, account_id)
);
COMMENT ON TABLE mirror.opening IS 'Opening balance (IB) of an account in a fiscal year.';
COMMENT ON COLUMN mirror.opening.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.opening.year IS 'The fiscal year, mirror.year.';
COMMENT ON COLUMN mirror.opening.account_id IS 'The account, mirror.account.';
COMMENT ON COLUMN mirror.opening.balance_in IS
    'Tripletex''s balanceIn on the first day of the fiscal year, company currency; debit positive.';

CREATE TABLE mirror.year (
    client_id       bigint NOT NULL,
    year            integer NOT NULL,
    start_date      date NOT NULL,
    next_start_date date NOT NULL,
    complete        boolean NOT NULL DEFAULT false,
    differences     integer NOT NULL DEFAULT 0 CONSTRAINT year_differences_count CHECK (differences >= 0),
    PRIMARY KEY (client_id, year),
    -- finale.saldo_month counts 36 months from the first day.
    CONSTRAINT year_length CHECK (next_start_date > start_date AND next_start_date <= start_date + interval '35 months')
);
COMMENT ON TABLE mirror.year IS 'The fiscal years of the client''s horizon. They follow each other without gap or overlap.';
COMMENT ON COLUMN mirror.year.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.year.year IS 'Name of the fiscal year, as Tripletex gives it.';
COMMENT ON COLUMN mirror.year.start_date IS 'First day of the fiscal year.';
COMMENT ON COLUMN mirror.year.next_start_date IS 'The day after its last day.';
COMMENT ON COLUMN mirror.year.complete IS 'True once postings and saldo of the whole year have been published: readers see it from then on.';
COMMENT ON COLUMN mirror.year.differences IS
    'How much does not hold: accounts and months whose two sums differ, and vouchers counted that do not sum to 0.';

CREATE TABLE mirror.voucher_difference (
    client_id  bigint NOT NULL,
    voucher_id bigint NOT NULL,
    year       integer NOT NULL,
    difference numeric NOT NULL CONSTRAINT voucher_difference_not_zero CHECK (difference <> 0),
    counted    boolean NOT NULL DEFAULT true,
    PRIMARY KEY (client_id, voucher_id)
);
COMMENT ON TABLE mirror.voucher_difference IS 'Vouchers whose mirrored postings do not sum to 0.';
COMMENT ON COLUMN mirror.voucher_difference.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.voucher_difference.voucher_id IS 'The voucher, mirror.voucher.';
COMMENT ON COLUMN mirror.voucher_difference.year IS 'The fiscal year that holds its date.';
COMMENT ON COLUMN mirror.voucher_difference.difference IS 'Sum of its postings, company currency; debit positive.';
COMMENT ON COLUMN mirror.voucher_difference.counted IS
    'False for an opening-balance voucher, which need not sum to 0: shown, but no difference of the year.';

CREATE TABLE mirror.deleted_posting (
    client_id             bigint NOT NULL,
    posting_id            bigint NOT NULL,
    seen_gone_at          timestamptz NOT NULL,
    reason                text NOT NULL CONSTRAINT deleted_posting_reason
                          CHECK (reason IN ('voucher_deleted', 'voucher_edited')),
    version               integer NOT NULL,
    voucher_id            bigint NOT NULL,
    "row"                 integer,
    posting_date          date NOT NULL,
    account_id            bigint NOT NULL,
    amount                numeric NOT NULL,
    amount_currency       numeric,
    amount_gross          numeric,
    amount_gross_currency numeric,
    currency              text,
    description           text,
    vat_type_id           bigint,
    customer_id           bigint,
    supplier_id           bigint,
    employee_id           bigint,
    department_id         bigint,
    project_id            bigint,
    product_id            bigint,
    invoice_number        text,
    term_of_payment       date,
    close_group_id        bigint,
    posting_type          text,
    external_ref          text,
    system_generated      boolean,
    matched               boolean,
    voucher_year          integer,
    voucher_number        integer,
    voucher_date          date,
    account_number        text,
    account_name          text,
    vat_code              text,
    PRIMARY KEY (client_id, posting_id, seen_gone_at)
);
CREATE INDEX deleted_posting_date_idx ON mirror.deleted_posting (client_id, posting_date);
COMMENT ON TABLE mirror.deleted_posting IS 'Postings that were mirrored and are gone from Tripletex, as they were last; never deleted but with their client.';
COMMENT ON COLUMN mirror.deleted_posting.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.deleted_posting.posting_id IS 'Tripletex''s id of the posting.';
COMMENT ON COLUMN mirror.deleted_posting.seen_gone_at IS 'Moment of the publication that removed it.';
COMMENT ON COLUMN mirror.deleted_posting.reason IS 'voucher_deleted: its voucher is gone too; voucher_edited: the voucher is there without it.';
COMMENT ON COLUMN mirror.deleted_posting.version IS 'Tripletex''s version of the object when last read.';
COMMENT ON COLUMN mirror.deleted_posting.voucher_id IS 'The voucher it belonged to.';
COMMENT ON COLUMN mirror.deleted_posting."row" IS 'Row of the posting in its voucher.';
COMMENT ON COLUMN mirror.deleted_posting.posting_date IS 'Date of the posting.';
COMMENT ON COLUMN mirror.deleted_posting.account_id IS 'The account, mirror.account.';
COMMENT ON COLUMN mirror.deleted_posting.amount IS 'Amount in company currency without VAT; debit positive, credit negative.';
COMMENT ON COLUMN mirror.deleted_posting.amount_currency IS 'Amount without VAT in the currency of the posting; debit positive.';
COMMENT ON COLUMN mirror.deleted_posting.amount_gross IS 'Amount with VAT in company currency; debit positive.';
COMMENT ON COLUMN mirror.deleted_posting.amount_gross_currency IS 'Amount with VAT in the currency of the posting; debit positive.';
COMMENT ON COLUMN mirror.deleted_posting.currency IS 'ISO code of the currency of the posting.';
COMMENT ON COLUMN mirror.deleted_posting.description IS 'Text of the posting.';
COMMENT ON COLUMN mirror.deleted_posting.vat_type_id IS 'VAT type of the posting.';
COMMENT ON COLUMN mirror.deleted_posting.customer_id IS 'Customer of the posting.';
COMMENT ON COLUMN mirror.deleted_posting.supplier_id IS 'Supplier of the posting.';
COMMENT ON COLUMN mirror.deleted_posting.employee_id IS 'Employee of the posting.';
COMMENT ON COLUMN mirror.deleted_posting.department_id IS 'Department of the posting.';
COMMENT ON COLUMN mirror.deleted_posting.project_id IS 'Project of the posting.';
COMMENT ON COLUMN mirror.deleted_posting.product_id IS 'Tripletex''s id of the product.';
COMMENT ON COLUMN mirror.deleted_posting.invoice_number IS 'Invoice number.';
COMMENT ON COLUMN mirror.deleted_posting.term_of_payment IS 'Due date of the invoice.';
COMMENT ON COLUMN mirror.deleted_posting.close_group_id IS 'Tripletex''s id of the group in which the posting was closed.';
COMMENT ON COLUMN mirror.deleted_posting.posting_type IS 'Tripletex''s type of the posting.';
COMMENT ON COLUMN mirror.deleted_posting.external_ref IS 'Reference to another system.';
COMMENT ON COLUMN mirror.deleted_posting.system_generated IS 'True where Tripletex had made the posting itself.';
COMMENT ON COLUMN mirror.deleted_posting.matched IS 'True where the posting was matched in a bank reconciliation.';
COMMENT ON COLUMN mirror.deleted_posting.voucher_year IS 'Year of the voucher number, as it was.';
COMMENT ON COLUMN mirror.deleted_posting.voucher_number IS 'Number of the voucher, as it was.';
COMMENT ON COLUMN mirror.deleted_posting.voucher_date IS 'Date of the voucher, as it was.';
COMMENT ON COLUMN mirror.deleted_posting.account_number IS 'Account number, as it was.';
COMMENT ON COLUMN mirror.deleted_posting.account_name IS 'Name of the account, as it was.';
COMMENT ON COLUMN mirror.deleted_posting.vat_code IS 'VAT code, as it was.';
