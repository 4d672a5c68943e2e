-- What came of a sheet that moved while it was read.
DELETE FROM stage_balance
