-- Voucher headers came with their postings, the same with each: they are made one before they are sorted.
INSERT INTO mirror.voucher AS m (client_id, voucher_id, version, year, number, voucher_date, description,
                                 voucher_type_id, reverse_voucher_id)
SELECT DISTINCT ON (h.voucher_id) $1::bigint, h.voucher_id, coalesce(h.voucher_version, 0), h.voucher_year,
       h.voucher_number, h.voucher_date, h.voucher_description, h.voucher_type_id, h.reverse_voucher_id
  FROM (SELECT DISTINCT s.voucher_id, s.voucher_version, s.voucher_year, s.voucher_number,
               coalesce(s.voucher_date, s.posting_date) AS voucher_date, s.voucher_description, s.voucher_type_id,
               s.reverse_voucher_id
          FROM stage_posting s) h
 ORDER BY h.voucher_id, h.voucher_version DESC NULLS LAST
ON CONFLICT (client_id, voucher_id) DO UPDATE
   SET (version, year, number, voucher_date, description, voucher_type_id, reverse_voucher_id)
     = (excluded.version, excluded.year, excluded.number, excluded.voucher_date, excluded.description,
        excluded.voucher_type_id, excluded.reverse_voucher_id)
 WHERE (m.version, m.year, m.number, m.voucher_date, m.description, m.voucher_type_id, m.reverse_voucher_id)
       IS DISTINCT FROM
       (excluded.version, excluded.year, excluded.number, excluded.voucher_date, excluded.description,
        excluded.voucher_type_id, excluded.reverse_voucher_id)
