#!/usr/bin/python3
"""plain.py BASE_URL CONNINFO ORG_NR FROM TO - what a plain script does: postings and vouchers of a client, by urllib into PostgreSQL.

The yardstick of `make bench`: a list is asked for page by page, a row is a tuple, and execute_values upserts a page at a time. It knows neither
changes, deletions, saldo nor proof. Headers of its session come as JSON on standard input. Prints the number of postings.
"""
import datetime
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

import psycopg2
from psycopg2.extras import execute_values

PAGE_ROWS = 5000
TOO_LARGE = 23000
TABLES = '''
CREATE SCHEMA IF NOT EXISTS plain;
CREATE TABLE IF NOT EXISTS plain.posting (LIKE mirror.posting INCLUDING ALL);
CREATE TABLE IF NOT EXISTS plain.voucher (LIKE mirror.voucher INCLUDING ALL);
'''
# Column and where the API has it.
POSTING = (
    ('posting_id', 'id'), ('version', 'version'), ('voucher_id', 'voucher.id'), ('row', 'row'), ('posting_date', 'date'),
    ('account_id', 'account.id'), ('amount', 'amount'), ('amount_currency', 'amountCurrency'), ('amount_gross', 'amountGross'),
    ('amount_gross_currency', 'amountGrossCurrency'), ('currency', 'currency.code'), ('description', 'description'),
    ('vat_type_id', 'vatType.id'), ('customer_id', 'customer.id'), ('supplier_id', 'supplier.id'), ('employee_id', 'employee.id'),
    ('department_id', 'department.id'), ('project_id', 'project.id'), ('product_id', 'product.id'), ('invoice_number', 'invoiceNumber'),
    ('term_of_payment', 'termOfPayment'), ('close_group_id', 'closeGroup.id'), ('posting_type', 'type'), ('external_ref', 'externalRef'),
    ('system_generated', 'systemGenerated'), ('matched', 'matched'),
)
VOUCHER = (
    ('voucher_id', 'voucher.id'), ('version', 'voucher.version'), ('year', 'voucher.year'), ('number', 'voucher.number'),
    ('voucher_date', 'voucher.date'), ('description', 'voucher.description'), ('voucher_type_id', 'voucher.voucherType.id'),
    ('reverse_voucher_id', 'voucher.reverseVoucher.id'),
)
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fields_of(paths):
    """The grammar of `fields`: a,b(c,d(e))."""
    tree = {}
    for path in paths:
        at = tree
        for name in path.split('.'):
            at = at.setdefault(name, {})

    def text(node):
        return ','.join(f'{name}({text(inside)})' if inside else name for name, inside in node.items())
    return text(tree)


def pick(row, path):
    for name in path.split('.'):
        row = row.get(name) if row is not None else None
    return row


class Reader:
    def __init__(self, base_url, headers):
        self.base_url, self.headers = base_url, headers
        self.fields = fields_of([path for _, path in POSTING + VOUCHER])

    def page(self, first, end, offset):
        """The rows, or None where the range holds more than the API gives."""
        query = urllib.parse.urlencode({'dateFrom': first, 'dateTo': end, 'from': offset, 'count': PAGE_ROWS,
                                        'sorting': 'id', 'fields': self.fields})
        request = urllib.request.Request(f'{self.base_url}/ledger/posting?{query}', headers=self.headers)
        try:
            with OPENER.open(request) as answer:
                return json.load(answer)['values']
        except urllib.error.HTTPError as error:
            if json.load(error).get('code') == TOO_LARGE:
                return None
            raise

    def pages(self, first, end):
        offset = 0
        while rows := self.page(first, end, offset):
            yield rows
            offset += len(rows)
        if rows is None:
            middle = first + (end - first) // 2
            yield from self.pages(first, middle)
            yield from self.pages(middle, end)


def upsert(cursor, table, columns, org_nr, rows, keys):
    names = [f'"{name}"' for name, _ in columns]
    sql = (f'INSERT INTO plain.{table} (client_id, {", ".join(names)}) VALUES %s ON CONFLICT (client_id, {keys}) '
           f'DO UPDATE SET ({", ".join(names)}) = ({", ".join("excluded." + name for name in names)})')
    execute_values(cursor, sql, [(int(org_nr), *(pick(row, path) for _, path in columns)) for row in rows], page_size=1000)


def main(base_url, conninfo, org_nr, first, end):
    reader = Reader(base_url, json.load(sys.stdin))
    connection = psycopg2.connect(conninfo)
    cursor = connection.cursor()
    cursor.execute(TABLES)
    connection.commit()
    count = 0
    for rows in reader.pages(datetime.date.fromisoformat(first), datetime.date.fromisoformat(end)):
        upsert(cursor, 'posting', POSTING, org_nr, rows, 'posting_id')
        vouchers = {row['voucher']['id']: row for row in rows}
        upsert(cursor, 'voucher', VOUCHER, org_nr, vouchers.values(), 'voucher_id')
        connection.commit()
        count += len(rows)
    print(count)


if __name__ == '__main__':
    main(*sys.argv[1:])
