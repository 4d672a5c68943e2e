SELECT EXISTS (SELECT FROM bureau.bureau b WHERE b.name = $1) AS is_there
