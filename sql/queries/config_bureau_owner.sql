SELECT b.source, b.owner FROM bureau.bureau b WHERE b.name = $1
