-- Orders that nobody has done yet, oldest first.
SELECT order_id, client_id, kind, year, account, detail::text AS detail
  FROM sync."order"
 WHERE done_at IS NULL
 ORDER BY order_id
 LIMIT 10000
