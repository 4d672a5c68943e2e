-- The staged list becomes what is mirrored: changed rows only, and those gone removed. $2 is not used: it is one part.
WITH gone AS (
    DELETE FROM mirror.non_posted_voucher m
     WHERE m.client_id = $1::bigint
       AND $2::text = ''
       AND NOT EXISTS (SELECT FROM stage_non_posted_voucher s WHERE s.voucher_id = m.voucher_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.non_posted_voucher AS m (client_id, voucher_id, version, voucher_date, number, temporary_number,
                                                year, description, voucher_type_id, external_number, invoice_number,
                                                document_id, attachment_id)
    SELECT $1::bigint, s.voucher_id, coalesce(s.version, 0), s.voucher_date, s.number, s.temporary_number, s.year,
           s.description, s.voucher_type_id, s.external_number, s.invoice_number, s.document_id, s.attachment_id
      FROM stage_non_posted_voucher s
    ON CONFLICT (client_id, voucher_id) DO UPDATE
       SET (version, voucher_date, number, temporary_number, year, description, voucher_type_id, external_number,
            invoice_number, document_id, attachment_id)
         = (excluded.version, excluded.voucher_date, excluded.number, excluded.temporary_number, excluded.year,
            excluded.description, excluded.voucher_type_id, excluded.external_number, excluded.invoice_number,
            excluded.document_id, excluded.attachment_id)
     WHERE (m.version, m.voucher_date, m.number, m.temporary_number, m.year, m.description, m.voucher_type_id,
            m.external_number, m.invoice_number, m.document_id, m.attachment_id)
           IS DISTINCT FROM
           (excluded.version, excluded.voucher_date, excluded.number, excluded.temporary_number, excluded.year,
            excluded.description, excluded.voucher_type_id, excluded.external_number, excluded.invoice_number,
            excluded.document_id, excluded.attachment_id)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
