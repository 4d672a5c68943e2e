-- Nobody enters a token or saves a session meanwhile; pulls, which lock rows only, go on.
LOCK TABLE bureau.bureau, bureau.client, sync.session IN SHARE ROW EXCLUSIVE MODE
