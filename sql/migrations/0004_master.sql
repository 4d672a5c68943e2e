-- Master data: what postings and vouchers refer to. Every list has its own moment, sync.list.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE mirror.voucher_type (
    client_id       bigint NOT NULL,
    voucher_type_id bigint NOT NULL,
    version         integer NOT NULL,
    name            text,
    PRIMARY KEY (client_id, voucher_type_id)
);
COMMENT ON TABLE mirror.voucher_type IS 'Types of vouchers.';
COMMENT ON COLUMN mirror.voucher_type.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.voucher_type.voucher_type_id IS 'Tripletex''s id of the voucher type.';
COMMENT ON COLUMN mirror.voucher_type.version IS 'Tripletex''s version of the object.';
COMMENT ON COLUMN mirror.voucher_type.name IS 'Name of the voucher type.';

CREATE TABLE mirror.vat_type (
    client_id   bigint NOT NULL,
    vat_type_id bigint NOT NULL,
    version     integer NOT NULL,
    number      text,
    name        text,
    percentage  numeric,
    PRIMARY KEY (client_id, vat_type_id)
);
COMMENT ON TABLE mirror.vat_type IS 'VAT types.';
COMMENT ON COLUMN mirror.vat_type.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.vat_type.vat_type_id IS 'Tripletex''s id of the VAT type.';
COMMENT ON COLUMN mirror.vat_type.version IS 'Tripletex''s version of the object.';
COMMENT ON COLUMN mirror.vat_type.number IS 'VAT code.';
COMMENT ON COLUMN mirror.vat_type.name IS 'Name of the VAT type.';
COMMENT ON COLUMN mirror.vat_type.percentage IS 'Rate in per cent.';

CREATE TABLE mirror.accounting_period (
    client_id            bigint NOT NULL,
    accounting_period_id bigint NOT NULL,
    version              integer NOT NULL,
    number               integer,
    name                 text,
    start_date           date,
    end_date             date,
    is_closed            boolean,
    PRIMARY KEY (client_id, accounting_period_id)
);
COMMENT ON TABLE mirror.accounting_period IS 'Accounting periods. A closed one can be opened again.';
COMMENT ON COLUMN mirror.accounting_period.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.accounting_period.accounting_period_id IS 'Tripletex''s id of the period.';
COMMENT ON COLUMN mirror.accounting_period.version IS 'Tripletex''s version of the object.';
COMMENT ON COLUMN mirror.accounting_period.number IS 'Number of the period in its year.';
COMMENT ON COLUMN mirror.accounting_period.name IS 'Name of the period.';
COMMENT ON COLUMN mirror.accounting_period.start_date IS 'First day of the period.';
COMMENT ON COLUMN mirror.accounting_period.end_date IS 'The day after its last day.';
COMMENT ON COLUMN mirror.accounting_period.is_closed IS 'True while the period is closed for postings.';

CREATE TABLE mirror.annual_account (
    client_id         bigint NOT NULL,
    annual_account_id bigint NOT NULL,
    version           integer NOT NULL,
    year              integer,
    start_date        date,
    end_date          date,
    PRIMARY KEY (client_id, annual_account_id)
);
COMMENT ON TABLE mirror.annual_account IS 'Fiscal years as Tripletex lists them; the horizon made of them is mirror.year.';
COMMENT ON COLUMN mirror.annual_account.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.annual_account.annual_account_id IS 'Tripletex''s id of the annual account.';
COMMENT ON COLUMN mirror.annual_account.version IS 'Tripletex''s version of the object.';
COMMENT ON COLUMN mirror.annual_account.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN mirror.annual_account.start_date IS 'First day of the fiscal year.';
COMMENT ON COLUMN mirror.annual_account.end_date IS 'The day after its last day.';

CREATE TABLE mirror.department (
    client_id     bigint NOT NULL,
    department_id bigint NOT NULL,
    version       integer NOT NULL,
    number        text,
    name          text,
    is_inactive   boolean,
    PRIMARY KEY (client_id, department_id)
);
COMMENT ON TABLE mirror.department IS 'Departments.';
COMMENT ON COLUMN mirror.department.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.department.department_id IS 'Tripletex''s id of the department.';
COMMENT ON COLUMN mirror.department.version IS 'Tripletex''s version of the object.';
COMMENT ON COLUMN mirror.department.number IS 'Number of the department.';
COMMENT ON COLUMN mirror.department.name IS 'Name of the department.';
COMMENT ON COLUMN mirror.department.is_inactive IS 'True where the department is no longer used.';

CREATE TABLE mirror.project (
    client_id  bigint NOT NULL,
    project_id bigint NOT NULL,
    version    integer NOT NULL,
    number     text,
    name       text,
    is_closed  boolean,
    PRIMARY KEY (client_id, project_id)
);
COMMENT ON TABLE mirror.project IS 'Projects.';
COMMENT ON COLUMN mirror.project.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.project.project_id IS 'Tripletex''s id of the project.';
COMMENT ON COLUMN mirror.project.version IS 'Tripletex''s version of the object.';
COMMENT ON COLUMN mirror.project.number IS 'Number of the project.';
COMMENT ON COLUMN mirror.project.name IS 'Name of the project.';
COMMENT ON COLUMN mirror.project.is_closed IS 'True where the project is closed.';

CREATE TABLE mirror.customer (
    client_id           bigint NOT NULL,
    customer_id         bigint NOT NULL,
    version             integer NOT NULL,
    number              text,
    name                text,
    organization_number text,
    is_inactive         boolean,
    PRIMARY KEY (client_id, customer_id)
);
COMMENT ON TABLE mirror.customer IS 'Customers.';
COMMENT ON COLUMN mirror.customer.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.customer.customer_id IS 'Tripletex''s id of the customer.';
COMMENT ON COLUMN mirror.customer.version IS 'Tripletex''s version of the object.';
COMMENT ON COLUMN mirror.customer.number IS 'Number of the customer.';
COMMENT ON COLUMN mirror.customer.name IS 'Name of the customer.';
COMMENT ON COLUMN mirror.customer.organization_number IS 'Organisation number of the customer, as entered in Tripletex.';
COMMENT ON COLUMN mirror.customer.is_inactive IS 'True where the customer is no longer used.';

CREATE TABLE mirror.supplier (
    client_id           bigint NOT NULL,
    supplier_id         bigint NOT NULL,
    version             integer NOT NULL,
    number              text,
    name                text,
    organization_number text,
    is_inactive         boolean,
    PRIMARY KEY (client_id, supplier_id)
);
COMMENT ON TABLE mirror.supplier IS 'Suppliers.';
COMMENT ON COLUMN mirror.supplier.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.supplier.supplier_id IS 'Tripletex''s id of the supplier.';
COMMENT ON COLUMN mirror.supplier.version IS 'Tripletex''s version of the object.';
COMMENT ON COLUMN mirror.supplier.number IS 'Number of the supplier.';
COMMENT ON COLUMN mirror.supplier.name IS 'Name of the supplier.';
COMMENT ON COLUMN mirror.supplier.organization_number IS 'Organisation number of the supplier, as entered in Tripletex.';
COMMENT ON COLUMN mirror.supplier.is_inactive IS 'True where the supplier is no longer used.';

CREATE TABLE mirror.employee (
    client_id   bigint NOT NULL,
    employee_id bigint NOT NULL,
    version     integer NOT NULL,
    number      text,
    first_name  text,
    last_name   text,
    PRIMARY KEY (client_id, employee_id)
);
COMMENT ON TABLE mirror.employee IS 'Employees: names only, nothing else about a person is read.';
COMMENT ON COLUMN mirror.employee.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN mirror.employee.employee_id IS 'Tripletex''s id of the employee.';
COMMENT ON COLUMN mirror.employee.version IS 'Tripletex''s version of the object.';
COMMENT ON COLUMN mirror.employee.number IS 'Number of the employee.';
COMMENT ON COLUMN mirror.employee.first_name IS 'First name.';
COMMENT ON COLUMN mirror.employee.last_name IS 'Last name.';
