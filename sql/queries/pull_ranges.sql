SELECT date_from, date_to, account_from, account_to, number_from, number_to, digest, coalesce(row_count, -1) AS row_count, is_top,
       coalesce((extract(epoch FROM confirmed_at) * 1000000)::bigint, 0) AS confirmed_us,
       coalesce((extract(epoch FROM changed_at) * 1000000)::bigint, 0) AS changed_us
  FROM sync.range
 WHERE client_id = $1
