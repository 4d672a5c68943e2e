DELETE FROM sync.sweep WHERE sweep_id <= $1
