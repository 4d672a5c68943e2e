-- The whole file of closing saldo of fiscal year $2 of client $1.
SELECT finale.export_saldo($1, $2::integer) AS text
