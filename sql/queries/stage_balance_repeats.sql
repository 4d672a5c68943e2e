-- How many rows of the sheet just read are of an account that has one already.
SELECT pg_catalog.count(*) - pg_catalog.count(DISTINCT account_id) AS repeats FROM stage_balance
