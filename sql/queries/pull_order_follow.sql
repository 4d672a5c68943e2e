-- How an order ($1) goes: its outcome once it is done, and how the client stands.
SELECT o.done_at IS NOT NULL AS is_done, o.outcome, s.state, s.complete_years::text AS complete_years, s.years::text AS years
  FROM sync."order" o
  JOIN bureau.status s ON s.client_id = o.client_id
 WHERE o.order_id = $1::bigint
