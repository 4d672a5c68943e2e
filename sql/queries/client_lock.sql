-- The row of the register comes first in every transaction that writes for a client, as a purge takes it first.
SELECT client_id FROM bureau.client WHERE client_id = $1::bigint FOR KEY SHARE
