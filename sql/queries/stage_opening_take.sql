-- The sheet just read is that of a whole fiscal year ($1): its first column is the opening balance.
WITH taken AS (
    DELETE FROM stage_balance RETURNING account_id, account_number, balance_in, balance_change
)
INSERT INTO stage_opening (year, account_id, account_number, balance_in, balance_change)
SELECT $1::integer, account_id, account_number, balance_in, balance_change
  FROM taken
 WHERE balance_in <> 0 OR balance_change <> 0
