-- The sheet just read is that of a whole fiscal year ($1): its first column is the opening balance.
WITH taken AS (
    DELETE FROM stage_balance RETURNING account_id, account_number, balance_in, balance_change
)
INSERT INTO stage_opening (year, account_id, account_number, balance_in, balance_change)
SELECT $1::integer, account_id, min(account_number), sum(balance_in), sum(balance_change)
  FROM taken
 GROUP BY account_id
HAVING sum(balance_in) <> 0 OR sum(balance_change) <> 0
