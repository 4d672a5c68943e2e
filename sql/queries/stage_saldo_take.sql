-- The sheet just read is that of a month ($2) of a fiscal year ($1).
WITH taken AS (
    DELETE FROM stage_balance RETURNING account_id, account_number, balance_in, balance_change, balance_out
)
INSERT INTO stage_saldo (year, month, account_id, account_number, balance_in, balance_change, balance_out)
SELECT $1::integer, $2::date, account_id, account_number, balance_in, balance_change, balance_out
  FROM taken
 WHERE balance_change <> 0
