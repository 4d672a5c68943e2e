SELECT c.source, c.owner FROM bureau.client c WHERE c.org_nr = $1
