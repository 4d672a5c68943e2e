-- The VAT codes of $1 and their standard code: where Tripletex's own is one of the tax administration's list, that; otherwise
-- NA, which that list has for a code without an equal.
DECLARE part NO SCROLL CURSOR FOR
SELECT DISTINCT ON (t.vat_code)
       t.vat_code, t.vat_name, pg_catalog.trim_scale(t.percentage) AS percentage,
       CASE WHEN t.vat_code IN ('0', '1', '11', '12', '13', '14', '15', '20', '21', '22', '3', '31', '32', '33', '5', '51', '52',
                                '6', '7', '81', '82', '83', '84', '85', '86', '87', '88', '89', '91', '92')
            THEN t.vat_code ELSE 'NA' END AS standard_code
  FROM finale.vat_type t
 WHERE t.org_nr = $1 AND t.vat_code IS NOT NULL
 ORDER BY t.vat_code, t.vat_type_id
