-- The staged list becomes what is mirrored. With an asset that is gone go its postings;
-- those of a changed one are due at once. $2 is not used: it is one part.
WITH gone AS (
    DELETE FROM mirror.asset m
     WHERE m.client_id = $1::bigint
       AND $2::text = ''
       AND NOT EXISTS (SELECT FROM stage_asset s WHERE s.asset_id = m.asset_id)
    RETURNING m.asset_id
), gone_postings AS (
    DELETE FROM mirror.asset_posting p
     USING gone g
     WHERE p.client_id = $1::bigint AND p.asset_id = g.asset_id
), gone_parts AS (
    DELETE FROM sync.list l
     USING gone g
     WHERE l.client_id = $1::bigint AND l.resource = 'asset_posting' AND l.variant = g.asset_id::text
), touched AS (
    UPDATE sync.list l SET asked_at = NULL
      FROM stage_asset s
      JOIN mirror.asset m ON m.client_id = $1::bigint AND m.asset_id = s.asset_id
     WHERE l.client_id = $1::bigint AND l.resource = 'asset_posting' AND l.variant = s.asset_id::text
       AND (m.version, m.balance_out, m.accumulated_depreciation)
           IS DISTINCT FROM (coalesce(s.version, 0), s.balance_out, s.accumulated_depreciation)
), written AS (
    INSERT INTO mirror.asset AS m (client_id, asset_id, version, name, description, acquisition_date, acquisition_cost,
                                   account_id, depreciation_account_id, incoming_balance, lifetime_months, status,
                                   depreciation_method, depreciation_from, depreciation_rate, accumulated_depreciation,
                                   annual_depreciation, improvements, additions, disposals, sale_date, profit_or_loss,
                                   balance_in, balance_change, balance_out, department_id, project_id)
    SELECT $1::bigint, s.asset_id, coalesce(s.version, 0), s.name, s.description, s.acquisition_date, s.acquisition_cost,
           s.account_id, s.depreciation_account_id, s.incoming_balance, s.lifetime_months, s.status,
           s.depreciation_method, s.depreciation_from, s.depreciation_rate, s.accumulated_depreciation,
           s.annual_depreciation, s.improvements, s.additions, s.disposals, s.sale_date, s.profit_or_loss, s.balance_in,
           s.balance_change, s.balance_out, s.department_id, s.project_id
      FROM stage_asset s
    ON CONFLICT (client_id, asset_id) DO UPDATE
       SET (version, name, description, acquisition_date, acquisition_cost, account_id, depreciation_account_id,
            incoming_balance, lifetime_months, status, depreciation_method, depreciation_from, depreciation_rate,
            accumulated_depreciation, annual_depreciation, improvements, additions, disposals, sale_date, profit_or_loss,
            balance_in, balance_change, balance_out, department_id, project_id)
         = (excluded.version, excluded.name, excluded.description, excluded.acquisition_date, excluded.acquisition_cost,
            excluded.account_id, excluded.depreciation_account_id, excluded.incoming_balance, excluded.lifetime_months,
            excluded.status, excluded.depreciation_method, excluded.depreciation_from, excluded.depreciation_rate,
            excluded.accumulated_depreciation, excluded.annual_depreciation, excluded.improvements, excluded.additions,
            excluded.disposals, excluded.sale_date, excluded.profit_or_loss, excluded.balance_in, excluded.balance_change,
            excluded.balance_out, excluded.department_id, excluded.project_id)
     WHERE (m.version, m.name, m.description, m.acquisition_date, m.acquisition_cost, m.account_id,
            m.depreciation_account_id, m.incoming_balance, m.lifetime_months, m.status, m.depreciation_method,
            m.depreciation_from, m.depreciation_rate, m.accumulated_depreciation, m.annual_depreciation, m.improvements,
            m.additions, m.disposals, m.sale_date, m.profit_or_loss, m.balance_in, m.balance_change, m.balance_out,
            m.department_id, m.project_id)
           IS DISTINCT FROM
           (excluded.version, excluded.name, excluded.description, excluded.acquisition_date, excluded.acquisition_cost,
            excluded.account_id, excluded.depreciation_account_id, excluded.incoming_balance, excluded.lifetime_months,
            excluded.status, excluded.depreciation_method, excluded.depreciation_from, excluded.depreciation_rate,
            excluded.accumulated_depreciation, excluded.annual_depreciation, excluded.improvements, excluded.additions,
            excluded.disposals, excluded.sale_date, excluded.profit_or_loss, excluded.balance_in, excluded.balance_change,
            excluded.balance_out, excluded.department_id, excluded.project_id)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
