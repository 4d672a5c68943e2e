-- The subscriptions of a client that are ours.
SELECT w.subscription_id FROM sync.webhook w WHERE w.client_id = $1::bigint
