-- The client's lock, and the fence: no row where the token ($2) has another owner than the one with our epoch ($3). The row
-- of the register comes first, as a purge takes it first. What is written from here on is of one publication.
WITH locked AS MATERIALIZED (
    SELECT s.client_id
      FROM bureau.client c
      JOIN sync.client_state s ON s.client_id = c.client_id
      JOIN sync.owner o ON o.token_id = $2 AND o.epoch = $3::bigint
     WHERE c.client_id = $1::bigint
       FOR KEY SHARE OF c FOR UPDATE OF s FOR SHARE OF o
)
SELECT client_id, mirror.begin_publication() AS publication FROM locked
