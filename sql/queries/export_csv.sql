-- As export_saldo, with a header and between semicolons.
SELECT finale.export_csv($1, $2::integer) AS text
