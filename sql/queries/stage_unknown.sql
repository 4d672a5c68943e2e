-- Lists that do not hold what a changed posting names, with the first such posting and the id that it names; those that cannot
-- be had at all are left alone, but for accounts. An account that is there by another number is only to be asked for (no id).
WITH named AS (
    SELECT s.posting_id, s.account_id, s.account_number, s.vat_type_id, s.customer_id, s.supplier_id, s.employee_id, s.department_id, s.project_id,
           s.voucher_type_id
      FROM stage_change c
      JOIN stage_posting s ON s.posting_id = c.posting_id
), unknown AS (
    SELECT 'account' AS resource, n.posting_id, n.account_id AS id FROM named n
     WHERE NOT EXISTS (SELECT FROM mirror.account m WHERE m.client_id = $1::bigint AND m.account_id = n.account_id)
    UNION ALL
    SELECT 'account', n.posting_id, NULL FROM named n
     WHERE EXISTS (SELECT FROM mirror.account m
                    WHERE m.client_id = $1::bigint AND m.account_id = n.account_id AND m.number <> n.account_number)
    UNION ALL
    SELECT 'vat_type', n.posting_id, n.vat_type_id FROM named n
     WHERE n.vat_type_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.vat_type m WHERE m.client_id = $1::bigint AND m.vat_type_id = n.vat_type_id)
    UNION ALL
    SELECT 'customer', n.posting_id, n.customer_id FROM named n
     WHERE n.customer_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.customer m WHERE m.client_id = $1::bigint AND m.customer_id = n.customer_id)
    UNION ALL
    SELECT 'supplier', n.posting_id, n.supplier_id FROM named n
     WHERE n.supplier_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.supplier m WHERE m.client_id = $1::bigint AND m.supplier_id = n.supplier_id)
    UNION ALL
    SELECT 'employee', n.posting_id, n.employee_id FROM named n
     WHERE n.employee_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.employee m WHERE m.client_id = $1::bigint AND m.employee_id = n.employee_id)
    UNION ALL
    SELECT 'department', n.posting_id, n.department_id FROM named n
     WHERE n.department_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.department m WHERE m.client_id = $1::bigint AND m.department_id = n.department_id)
    UNION ALL
    SELECT 'project', n.posting_id, n.project_id FROM named n
     WHERE n.project_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.project m WHERE m.client_id = $1::bigint AND m.project_id = n.project_id)
    UNION ALL
    SELECT 'voucher_type', n.posting_id, n.voucher_type_id FROM named n
     WHERE n.voucher_type_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.voucher_type m WHERE m.client_id = $1::bigint AND m.voucher_type_id = n.voucher_type_id)
)
SELECT DISTINCT ON (u.resource) u.resource, u.posting_id, u.id
  FROM unknown u
 WHERE u.resource = 'account'
    OR NOT EXISTS (SELECT FROM sync.list l WHERE l.client_id = $1::bigint AND l.resource = u.resource AND l.fault IS NOT NULL)
 ORDER BY u.resource, u.id IS NULL, u.posting_id
