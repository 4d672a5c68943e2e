-- Replaces a token in the clear by its sealed form, unless somebody has entered another one meanwhile.
UPDATE bureau.bureau SET employee_token = $3 WHERE bureau_id = $1 AND employee_token = $2
