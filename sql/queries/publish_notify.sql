-- The last statement of a publication: its moment, and word to readers of the client ($1 organisation number).
SELECT mirror.note_publication(c.client_id), pg_catalog.pg_notify('finale_changed', c.org_nr)
  FROM bureau.client c
 WHERE c.org_nr = $1
