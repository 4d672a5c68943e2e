-- Replaces a client's own token in the clear by its sealed form, unless it has been changed meanwhile.
UPDATE bureau.client SET employee_token = $3 WHERE client_id = $1 AND employee_token = $2
