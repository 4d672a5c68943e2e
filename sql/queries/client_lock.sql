-- The client's lock. The row of the register comes first in every transaction that writes for a client, as a purge takes it
-- first. What is written from here on is of one publication.
WITH locked AS MATERIALIZED (
    SELECT s.client_id
      FROM bureau.client c
      JOIN sync.client_state s ON s.client_id = c.client_id
     WHERE c.client_id = $1::bigint
       FOR KEY SHARE OF c FOR UPDATE OF s
)
SELECT client_id, mirror.begin_publication() AS publication FROM locked
