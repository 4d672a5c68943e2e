SELECT bureau.pull_now($1) AS order_id
