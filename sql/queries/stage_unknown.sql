-- Lists that do not hold what a changed posting names; those that cannot be had at all are left alone.
WITH named AS (
    SELECT s.account_id, s.vat_type_id, s.customer_id, s.supplier_id, s.employee_id, s.department_id, s.project_id,
           s.voucher_type_id
      FROM stage_change c
      JOIN stage_posting s ON s.posting_id = c.posting_id
), unknown AS (
    SELECT 'account' AS resource FROM named n
     WHERE NOT EXISTS (SELECT FROM mirror.account m WHERE m.client_id = $1::bigint AND m.account_id = n.account_id)
    UNION
    SELECT 'vat_type' FROM named n
     WHERE n.vat_type_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.vat_type m WHERE m.client_id = $1::bigint AND m.vat_type_id = n.vat_type_id)
    UNION
    SELECT 'customer' FROM named n
     WHERE n.customer_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.customer m WHERE m.client_id = $1::bigint AND m.customer_id = n.customer_id)
    UNION
    SELECT 'supplier' FROM named n
     WHERE n.supplier_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.supplier m WHERE m.client_id = $1::bigint AND m.supplier_id = n.supplier_id)
    UNION
    SELECT 'employee' FROM named n
     WHERE n.employee_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.employee m WHERE m.client_id = $1::bigint AND m.employee_id = n.employee_id)
    UNION
    SELECT 'department' FROM named n
     WHERE n.department_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.department m WHERE m.client_id = $1::bigint AND m.department_id = n.department_id)
    UNION
    SELECT 'project' FROM named n
     WHERE n.project_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.project m WHERE m.client_id = $1::bigint AND m.project_id = n.project_id)
    UNION
    SELECT 'voucher_type' FROM named n
     WHERE n.voucher_type_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM mirror.voucher_type m WHERE m.client_id = $1::bigint AND m.voucher_type_id = n.voucher_type_id)
)
SELECT u.resource
  FROM unknown u
 WHERE NOT EXISTS (SELECT FROM sync.list l WHERE l.client_id = $1::bigint AND l.resource = u.resource AND l.fault IS NOT NULL)
