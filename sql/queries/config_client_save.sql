-- A client of the configuration file: $1 organisation number, $2 name, $3 bureau or null, $4 own token as it is stored or
-- null, $5 setting or null, $6 pull interval in ms or 0, $7 history_from or null, $8 instance.
INSERT INTO bureau.client AS c (org_nr, name, bureau_id, employee_token, org_nr_setting, pull_interval, history_from,
                                source, owner)
SELECT $1, coalesce($2, $1), (SELECT b.bureau_id FROM bureau.bureau b WHERE b.name = $3), $4, $5,
       nullif($6::bigint, 0) * interval '1 millisecond', $7::date, 'config', $8
ON CONFLICT (org_nr) DO UPDATE
   SET (name, bureau_id, employee_token, org_nr_setting, pull_interval, history_from, enabled)
     = (excluded.name, excluded.bureau_id, excluded.employee_token, excluded.org_nr_setting, excluded.pull_interval,
        excluded.history_from, true)
 WHERE c.source = 'config' AND c.owner = $8
   AND (c.name, c.bureau_id, c.employee_token, c.org_nr_setting, c.pull_interval, c.history_from, c.enabled)
       IS DISTINCT FROM
       (excluded.name, excluded.bureau_id, excluded.employee_token, excluded.org_nr_setting, excluded.pull_interval,
        excluded.history_from, true)
