-- An empty stage for the next pull on this connection. Nothing here is seen by any reader.
SELECT sync.empty_stage('{stage_posting, stage_balance, stage_range, stage_change, stage_gone_voucher, stage_month, stage_saldo,
                          stage_opening, stage_opening_year, stage_delta}')
