-- All that was staged of saldo: it is read again.
WITH a AS (DELETE FROM stage_month), b AS (DELETE FROM stage_opening), c AS (DELETE FROM stage_opening_year), d AS (DELETE FROM stage_balance)
DELETE FROM stage_saldo
