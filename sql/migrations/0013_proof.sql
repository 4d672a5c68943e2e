-- The proof that opening balances carry over, row by row, and what makes the counting of differences cheap.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE mirror.opening_difference (
    client_id     bigint NOT NULL,
    year          integer NOT NULL,
    account_id    bigint NOT NULL,
    opening       numeric NOT NULL,
    prior_closing numeric NOT NULL,
    PRIMARY KEY (client_id, year, account_id)
);
COMMENT ON TABLE mirror.opening_difference IS 'Balance accounts whose opening balance is not the closing balance of the fiscal year before.';
COMMENT ON COLUMN mirror.opening_difference.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.opening_difference.year IS 'The fiscal year, mirror.year, whose opening balance it is.';
COMMENT ON COLUMN mirror.opening_difference.account_id IS 'The account, mirror.account.';
COMMENT ON COLUMN mirror.opening_difference.opening IS 'IB of the year, company currency; debit positive.';
COMMENT ON COLUMN mirror.opening_difference.prior_closing IS 'UB of the fiscal year before, company currency; debit positive.';
ALTER TABLE mirror.opening_difference ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON mirror.opening_difference FOR SELECT
    USING ((SELECT bureau.sees_all(current_user, session_user))
           OR client_id IN (SELECT bureau.seen_clients(current_user, session_user)));
GRANT SELECT ON mirror.opening_difference TO saldod_reader, saldod_admin;

-- Differences are few: they are counted and asked again without looking at what holds.
CREATE INDEX saldo_difference_idx ON mirror.saldo (client_id, year) WHERE balance_change <> postings_sum;
-- The closing of one account is summed from its months.
CREATE INDEX saldo_account_idx ON mirror.saldo (client_id, account_id, year);

CREATE VIEW finale.opening_difference WITH (security_invoker = true) AS
SELECT c.org_nr,
       d.client_id,
       d.year,
       a.number AS account_number,
       a.name AS account_name,
       d.opening,
       d.prior_closing,
       d.opening - d.prior_closing AS difference
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.opening_difference d ON d.client_id = y.client_id AND d.year = y.year
  LEFT JOIN mirror.account a ON a.client_id = d.client_id AND a.account_id = d.account_id;
COMMENT ON VIEW finale.opening_difference IS
    'Balance accounts of complete years whose IB is not the UB of the fiscal year before; empty where all carry over.';
COMMENT ON COLUMN finale.opening_difference.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.opening_difference.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.opening_difference.year IS 'Name of the fiscal year whose IB it is.';
COMMENT ON COLUMN finale.opening_difference.account_number IS 'Account number, as text.';
COMMENT ON COLUMN finale.opening_difference.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.opening_difference.opening IS 'IB of the year as Tripletex says it, company currency; debit positive.';
COMMENT ON COLUMN finale.opening_difference.prior_closing IS 'UB of the fiscal year before, company currency; debit positive.';
COMMENT ON COLUMN finale.opening_difference.difference IS 'The first less the second, company currency.';
GRANT SELECT ON finale.opening_difference TO saldod_reader, saldod_admin;

CREATE OR REPLACE VIEW finale.saldo_proof WITH (security_invoker = true) AS
SELECT c.org_nr,
       s.client_id,
       s.month,
       a.number AS account_number,
       s.balance_change AS saldo_change,
       s.postings_sum,
       s.balance_change - s.postings_sum AS difference,
       s.year
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.saldo s ON s.client_id = y.client_id AND s.year = y.year
  LEFT JOIN mirror.account a ON a.client_id = s.client_id AND a.account_id = s.account_id;
COMMENT ON COLUMN finale.saldo_proof.year IS 'Name of the fiscal year, which tells the two rows of a month apart in which a year ends.';

COMMENT ON COLUMN mirror.year.differences IS
    'How much does not hold: accounts and months whose two sums differ, vouchers counted that do not sum to 0, and rows of mirror.opening_difference.';
COMMENT ON COLUMN finale.year.verified IS
    'True where every saldo of the year equals the sum of its postings, every voucher sums to 0, and every balance account opens with its UB of the year before.';
COMMENT ON COLUMN finale.year.differences IS
    'Number of rows that do not hold: of finale.saldo_proof with a difference, of finale.voucher_difference that are counted, and of finale.opening_difference.';
