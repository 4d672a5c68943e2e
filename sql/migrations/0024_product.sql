-- Products, which postings of invoices name.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE mirror.product (
    client_id   bigint NOT NULL,
    product_id  bigint NOT NULL,
    version     integer NOT NULL,
    number      text,
    name        text,
    is_inactive boolean,
    PRIMARY KEY (client_id, product_id)
);
COMMENT ON TABLE mirror.product IS 'Products that the client sells.';
COMMENT ON COLUMN mirror.product.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.product.product_id IS 'Tripletex''s id of the product.';
COMMENT ON COLUMN mirror.product.version IS 'Tripletex''s version of the object; grows with each change there.';
COMMENT ON COLUMN mirror.product.number IS 'Number of the product.';
COMMENT ON COLUMN mirror.product.name IS 'Name of the product.';
COMMENT ON COLUMN mirror.product.is_inactive IS 'True where the product is no longer sold.';

ALTER TABLE mirror.product ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON mirror.product FOR SELECT
    USING ((SELECT bureau.sees_all(current_user, session_user))
           OR client_id IN (SELECT bureau.seen_clients(current_user, session_user)));
GRANT SELECT ON mirror.product TO saldod_reader, saldod_admin;

CREATE VIEW finale.product WITH (security_invoker = true) AS
SELECT c.org_nr, m.client_id, m.product_id, m.number AS product_number, m.name AS product_name, m.is_inactive
  FROM mirror.product m
  JOIN bureau.client c ON c.client_id = m.client_id;
COMMENT ON VIEW finale.product IS
    'Products, which finale.posting names by product_id. Example: SELECT product_name, sum(-amount) AS sold FROM finale.posting JOIN finale.product USING (org_nr, client_id, product_id) WHERE org_nr = ''974760673'' AND account_number LIKE ''3%'' GROUP BY 1;';
COMMENT ON COLUMN finale.product.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.product.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.product.product_id IS 'Tripletex''s id of the product.';
COMMENT ON COLUMN finale.product.product_number IS 'Number of the product.';
COMMENT ON COLUMN finale.product.product_name IS 'Name of the product.';
COMMENT ON COLUMN finale.product.is_inactive IS 'True where the product is no longer sold.';
GRANT SELECT ON finale.product TO saldod_reader, saldod_admin;
