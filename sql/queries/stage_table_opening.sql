CREATE TEMPORARY TABLE IF NOT EXISTS stage_opening (year integer, account_id bigint, account_number text,
                                                    balance_in numeric, balance_change numeric)
