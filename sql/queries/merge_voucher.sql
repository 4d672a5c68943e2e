-- The staged voucher headers of a range of days ($2 to before $3) become what is mirrored. A voucher that is no longer
-- listed goes only where no posting of it is left: postings are removed by their own proof.
WITH gone AS (
    DELETE FROM mirror.voucher m
     WHERE m.client_id = $1::bigint AND m.voucher_date >= $2::date AND m.voucher_date < $3::date
       AND NOT EXISTS (SELECT FROM stage_voucher s WHERE s.voucher_id = m.voucher_id)
       AND NOT EXISTS (SELECT FROM mirror.posting p WHERE p.client_id = m.client_id AND p.voucher_id = m.voucher_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.voucher AS m (client_id, voucher_id, version, year, number, voucher_date, description,
                                     voucher_type_id, reverse_voucher_id, document_id, attachment_id, edi_document_id)
    SELECT $1::bigint, s.voucher_id, coalesce(s.version, 0), s.year, s.number, s.voucher_date, s.description,
           s.voucher_type_id, s.reverse_voucher_id, s.document_id, s.attachment_id, s.edi_document_id
      FROM stage_voucher s
     WHERE s.number > 0
        OR EXISTS (SELECT FROM mirror.posting p WHERE p.client_id = $1::bigint AND p.voucher_id = s.voucher_id)
    ON CONFLICT (client_id, voucher_id) DO UPDATE
       SET (version, year, number, voucher_date, description, voucher_type_id, reverse_voucher_id,
            document_id, attachment_id, edi_document_id)
         = (excluded.version, excluded.year, excluded.number, excluded.voucher_date, excluded.description,
            excluded.voucher_type_id, excluded.reverse_voucher_id, excluded.document_id, excluded.attachment_id,
            excluded.edi_document_id)
     WHERE (m.version, m.year, m.number, m.voucher_date, m.description, m.voucher_type_id, m.reverse_voucher_id,
            m.document_id, m.attachment_id, m.edi_document_id)
           IS DISTINCT FROM
           (excluded.version, excluded.year, excluded.number, excluded.voucher_date, excluded.description,
            excluded.voucher_type_id, excluded.reverse_voucher_id, excluded.document_id, excluded.attachment_id,
            excluded.edi_document_id)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
