CREATE TEMPORARY TABLE IF NOT EXISTS stage_saldo (year integer, month date, account_id bigint, account_number text,
                                                  balance_in numeric, balance_change numeric, balance_out numeric)
