#!/usr/bin/python3
"""bench.py BUILD [PART ...] - what saldod costs, beside what its work costs at least. Parts: load, change, idle, growth (all).

Prints a table, and writes BUILD/bench/results.json and growth.svg. Every figure is the median of BENCH_RUNS (5) measurements, with the
smallest and the largest beside it. Sizes, by variables:

    BENCH_POSTINGS   of the first load that is compared (60000)
    BENCH_CLIENTS    postings of the clients in which a voucher is changed ("1000 10000 100000")
    BENCH_IDLE       numbers of idle clients ("100 1000")
    BENCH_GROWTH     postings of the first loads whose cost per row is compared ("30000 100000 300000")
"""
import json
import os
import platform
import select
import statistics
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stand import BUREAU_TOKEN, Stand, org_nrs  # noqa: E402

YEARS = 3
LOAD_MAX_S = 3600
CHANGE_MAX_S = 30
IDLE_INTERVAL_S = 5  # at least; thousands of clients are asked less often, or the machine would do nothing else
IDLE_RATE = 200
IDLE_CONNECTIONS = 16  # what is measured comes after thousands of first loads
TOKEN_CLIENTS = 50
WARM_UP = 1
# The publishing transaction of a pull, by the comments its statements begin with and the tables they write.
MERGE_LIKE = ('%INSERT INTO mirror.%', '%DELETE FROM mirror.%', '%UPDATE mirror.%', '%INTO sync.range%', '%stage_delta%', '%UPDATE sync.client_state%')


def numbers(variable, otherwise):
    return [int(word) for word in os.environ.get(variable, otherwise).split()]


RUNS = max(1, numbers('BENCH_RUNS', '5')[0])


class Results:
    """Figures as they are measured: a line of the table each, and all of them in the file."""

    def __init__(self):
        self.figures = []

    def add(self, what, unit, values):
        figure = {'what': what, 'unit': unit, 'median': statistics.median(values), 'least': min(values), 'most': max(values),
                  'values': values, 'load_average': os.getloadavg()[0]}
        self.figures.append(figure)
        print(f"{what:<58} {figure['median']:>10.2f} {figure['least']:>10.2f} {figure['most']:>10.2f}  {unit:<8} "
              f"{figure['load_average']:>5.1f}", flush=True)
        return figure['median']


def company(org_nr, postings, seed=1):
    return {'orgNr': org_nr, 'name': f'Klient {org_nr}', 'seed': seed, 'postingsPerYear': max(4, postings // YEARS)}


def cache_mib(postings):
    return 64 + postings * 3 // 1000


# --- one first load -------------------------------------------------------------------------------


def register(cursor, orgs):
    cursor.execute('SELECT bureau.add_bureau(%s, %s)', ('Bench', BUREAU_TOKEN))
    for org in orgs:
        cursor.execute('SELECT bureau.add_client(%s, %s, %s)', (org, f'Klient {org}', 'Bench'))


def listen(stand):
    connection = stand.connect()
    connection.cursor().execute('LISTEN finale_changed')
    return connection


def is_loaded(cursor):
    cursor.execute("SELECT bool_and(state NOT IN ('waiting', 'loading')) FROM bureau.status")
    return cursor.fetchone()[0]


def first_load(stand, orgs, **schedule):
    """From the registration of the clients until every year of theirs is visible; the daemon is left running."""
    stand.fresh_database()
    stand.configure(**schedule)
    stand.start_daemon()
    connection = listen(stand)
    cursor = connection.cursor()
    stand.control('GET', '/requests?reset=1')
    begun, cpu_s = time.monotonic(), stand.daemon_cpu_s()
    register(cursor, orgs)
    stand.wait_changes(connection, lambda: is_loaded(cursor), LOAD_MAX_S)
    taken_s = time.monotonic() - begun
    cursor.execute('SELECT count(*) FROM mirror.posting')
    measured = {'s': taken_s, 'rows': cursor.fetchone()[0], 'cpu_s': stand.daemon_cpu_s() - cpu_s, 'mib': stand.daemon_memory_mib()}
    connection.close()
    return measured


def measured_loads(stand, org):
    loads = []
    for _ in range(WARM_UP + RUNS):
        loads.append(first_load(stand, [org], pull_interval='1h'))
        stand.stop_daemon()
    return loads[WARM_UP:]


# --- what it costs at least -----------------------------------------------------------------------


def pages_read(stand):
    """The addresses of all rows that the last load read."""
    found = []
    for request in stand.control('GET', '/requests')['requests']:
        if request['status'] == 200 and request['method'] == 'GET' and request['path'].startswith(('/ledger/', '/balanceSheet')):
            found.append(f"http://127.0.0.1:{stand.port}/v2{urllib.parse.quote(request['path'])}?{request['query'] or ''}")
    return found


def downloads(stand, org, urls):
    config = f'{stand.work}/curl.conf'
    with open(config, 'w', encoding='utf-8') as file:
        for name, value in stand.session(org).items():
            file.write(f'header = "{name}: {value}"\n')
        file.writelines(f'url = "{url}"\noutput = "/dev/null"\n' for url in urls)
    taken = []
    for _ in range(WARM_UP + RUNS):
        begun = time.monotonic()
        subprocess.run(['curl', '--silent', '--show-error', '--fail', '--noproxy', '*', '--globoff', '-K', config], check=True)
        taken.append(time.monotonic() - begun)
    return taken[WARM_UP:]


def copies(stand):
    """COPY of every row that the load wrote into tables of the same shape, one transaction a table."""
    connection = stand.connect()
    cursor = connection.cursor()
    cursor.execute("""SELECT c.relname, coalesce(array_to_string(c.reloptions, ', '), '') FROM pg_class c
                       WHERE c.relnamespace = 'mirror'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition""")
    tables = []
    for table, options in cursor.fetchall():
        path = f'{stand.work}/{table}.copy'
        with open(path, 'wb') as file:
            cursor.copy_expert(f'COPY mirror.{table} TO STDOUT (FORMAT binary)', file)
        if cursor.rowcount > 0:
            tables.append((table, options, path))
    taken = []
    for _ in range(WARM_UP + RUNS):
        cursor.execute('DROP SCHEMA IF EXISTS floor CASCADE; CREATE SCHEMA floor')
        for table, options, _ in tables:
            cursor.execute(f'CREATE TABLE floor.{table} (LIKE mirror.{table} INCLUDING ALL)' + (f' WITH ({options})' if options else ''))
        cursor.execute('CHECKPOINT')
        begun = time.monotonic()
        for table, _, path in tables:
            with open(path, 'rb') as file:
                cursor.copy_expert(f'COPY floor.{table} FROM STDIN (FORMAT binary)', file)
        taken.append(time.monotonic() - begun)
    cursor.execute('DROP SCHEMA floor CASCADE')
    connection.close()
    return taken[WARM_UP:]


def plain_loads(stand, org):
    (first, end), = stand.ask('SELECT min(start_date)::text, max(next_start_date)::text FROM mirror.year')
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'plain.py')
    taken = []
    for _ in range(RUNS):
        stand.ask('DROP SCHEMA IF EXISTS plain CASCADE')
        headers = json.dumps(stand.session(org)).encode()
        begun = time.monotonic()
        subprocess.run([sys.executable, script, f'http://127.0.0.1:{stand.port}/v2', f'host={stand.work} user=postgres dbname=saldod',
                        org, first, end], input=headers, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.monotonic() - begun)
    return taken


def bench_load(stand, results):
    postings = numbers('BENCH_POSTINGS', '60000')[0]
    org, = org_nrs(91000000, 1)
    stand.start_sandbox([company(org, postings)], cache_mib=cache_mib(postings))
    loads = measured_loads(stand, org)
    urls = pages_read(stand)
    rows = loads[0]['rows']
    saldod = results.add(f'first load, {rows} postings', 's', [load['s'] for load in loads])
    results.add('  CPU of the daemon', 's', [load['cpu_s'] for load in loads])
    results.add('  most memory of the daemon', 'MiB', [load['mib'] for load in loads])
    floors = [('download of the same pages (curl)', downloads(stand, org, urls)), ('COPY of the same rows', copies(stand)),
              ('plain script (plain.py)', plain_loads(stand, org))]
    for name, taken in floors:
        median = results.add(f'  {name}', 's', taken)
        results.add(f'    first load / {name}', 'times', [saldod / median])


# --- change to visible ----------------------------------------------------------------------------


def change_voucher(stand, cursor, org, run):
    """One more krone on one row of a voucher and one less on another: it still sums to 0."""
    cursor.execute("""SELECT voucher_id, (array_agg(posting_id ORDER BY posting_id))[1:2], (array_agg(amount ORDER BY posting_id))[1:2]
                        FROM finale.posting
                       WHERE org_nr = %s AND posting_date < current_date AND currency = 'NOK' AND voucher_number > 0
                       GROUP BY voucher_id HAVING count(*) > 1
                       ORDER BY voucher_id DESC OFFSET %s LIMIT 1""", (org, 3 * run))
    voucher, ids, amounts = cursor.fetchone()
    stand.control('PUT', '/voucher', {'orgNr': org, 'id': voucher, 'rows': [{'id': ids[0], 'amount': str(amounts[0] + 1)},
                                                                          {'id': ids[1], 'amount': str(amounts[1] - 1)}]})


def found_ms(stand, mark):
    """When the first answer after the change came that was no 304: it found the change."""
    for request in stand.control('GET', f'/requests?since={mark}')['requests']:
        if request['path'] == '/ledger/posting' and request['status'] == 200:
            return request['timeMs']
    raise RuntimeError('no request found the change')


def merge_ms(cursor):
    cursor.execute("""SELECT coalesce(sum(total_exec_time), 0) FROM pg_stat_statements
                       WHERE userid = 'saldod_daemon'::regrole AND toplevel AND query LIKE ANY (%s)""", (list(MERGE_LIKE),))
    return float(cursor.fetchone()[0])


def one_change(stand, connection, org, run):
    cursor = connection.cursor()
    mark = stand.control('GET', '/requests')['mark']
    change_voucher(stand, cursor, org, run)
    cursor.execute('SELECT pg_stat_statements_reset()')
    connection.poll()
    connection.notifies.clear()
    asked = time.time()
    cursor.execute('SELECT bureau.pull_now(%s)', (org,))
    until = time.monotonic() + CHANGE_MAX_S
    while not connection.notifies:
        if time.monotonic() > until:
            raise RuntimeError('the change did not come:\n' + stand.log_tail())
        if select.select([connection], [], [], 1)[0]:
            connection.poll()
    seen = time.time()
    return (seen - asked) * 1000, seen * 1000 - found_ms(stand, mark), merge_ms(cursor)


def bench_change(stand, results):
    sizes = numbers('BENCH_CLIENTS', '1000 10000 100000')
    orgs = org_nrs(92000000, len(sizes))
    stand.start_sandbox([company(org, size) for org, size in zip(orgs, sizes)], cache_mib=cache_mib(sum(sizes)))
    first_load(stand, orgs, pull_interval='1h')
    connection = listen(stand)
    connection.cursor().execute('VACUUM ANALYZE')
    for org, size in zip(orgs, sizes):
        changes = [one_change(stand, connection, org, run) for run in range(WARM_UP + RUNS)][WARM_UP:]
        results.add(f'change in a client of {size} postings, from the order', 'ms', [change[0] for change in changes])
        results.add('  from the request that found it', 'ms', [change[1] for change in changes])
        results.add('  statements of the merge', 'ms', [change[2] for change in changes])
    connection.close()
    stand.stop_daemon()


# --- idle -----------------------------------------------------------------------------------------


def idle_world(count):
    orgs = org_nrs(93000000, count)
    tokens = [{'employeeToken': f'{BUREAU_TOKEN}-{at}', 'name': f'bureau {at}', 'kind': 'bureau', 'access': orgs[at:at + TOKEN_CLIENTS]}
              for at in range(0, count, TOKEN_CLIENTS)]
    return orgs, tokens


def register_idle(cursor, tokens):
    for token in tokens:
        cursor.execute('SELECT bureau.add_bureau(%s, %s)', (token['name'], token['employeeToken']))
        for org in token['access']:
            cursor.execute('SELECT bureau.add_client(%s, %s, %s)', (org, f'Klient {org}', token['name']))


def is_idle(cursor):
    """As is_loaded, without the cost of the view for thousands of clients."""
    time.sleep(1)
    cursor.execute('SELECT NOT EXISTS (SELECT FROM sync.client_state s WHERE NOT EXISTS (SELECT FROM mirror.year y WHERE y.client_id = s.client_id)'
                   ' OR EXISTS (SELECT FROM mirror.year y WHERE y.client_id = s.client_id AND NOT y.complete))')
    return cursor.fetchone()[0]


def idle_window(stand, interval_s):
    before = stand.control('GET', '/requests')['total']
    begun, cpu_s = time.monotonic(), stand.daemon_cpu_s()
    time.sleep(interval_s)
    requests = stand.control('GET', '/requests')['total'] - before
    return {'rate': requests / (time.monotonic() - begun), 'us': (stand.daemon_cpu_s() - cpu_s) * 1e6 / max(1, requests),
            'mib': stand.daemon_memory_mib('VmRSS')}


def bench_idle(stand, results):
    for count in numbers('BENCH_IDLE', '100 1000'):
        interval_s = max(IDLE_INTERVAL_S, count // IDLE_RATE)
        orgs, tokens = idle_world(count)
        stand.start_sandbox([company(org, 30, seed) for seed, org in enumerate(orgs, 1)], tokens, cache_mib=512)
        stand.fresh_database()
        stand.configure(IDLE_CONNECTIONS, pull_interval=f'{interval_s}s', history_years=0, future_months=1)
        stand.start_daemon()
        connection = listen(stand)
        register_idle(connection.cursor(), tokens)
        stand.wait_changes(connection, lambda: is_idle(connection.cursor()), LOAD_MAX_S)
        time.sleep(2 * interval_s)
        windows = [idle_window(stand, interval_s) for _ in range(RUNS)]
        results.add(f'idle, {count} clients every {interval_s} s: requests a second', '/s', [w['rate'] for w in windows])
        results.add('  requests that the schedule asks for, of those', 'times', [count / interval_s / w['rate'] for w in windows])
        results.add('  CPU of the daemon a request', 'us', [w['us'] for w in windows])
        results.add('  memory of the daemon', 'MiB', [w['mib'] for w in windows])
        connection.close()
        stand.stop_daemon()


# --- growth ---------------------------------------------------------------------------------------


def draw(folder, points):
    with open(f'{folder}/growth.dat', 'w', encoding='ascii') as file:
        file.writelines(f'{rows} {low} {median} {high}\n' for rows, low, median, high in points)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'growth.gp')
    subprocess.run(['gnuplot', '-e', f"data='{folder}/growth.dat'; picture='{folder}/growth.svg'", script], check=True)


def bench_growth(stand, results, folder):
    points = []
    for postings in numbers('BENCH_GROWTH', '30000 100000 300000'):
        org, = org_nrs(94000000 + postings % 1000000, 1)
        stand.start_sandbox([company(org, postings)], cache_mib=cache_mib(postings))
        loads = measured_loads(stand, org)
        rows = loads[0]['rows']
        per_row = [load['s'] * 1e6 / load['rows'] for load in loads]
        results.add(f'growth: {rows} postings, a row', 'us', per_row)
        results.add('  most memory of the daemon', 'MiB', [load['mib'] for load in loads])
        points.append((rows, min(per_row), statistics.median(per_row), max(per_row)))
    if len(points) > 1:
        results.add('  a row of the largest / of the smallest', 'times', [points[-1][2] / points[0][2]])
    draw(folder, points)


def main(build, *parts):
    folder = os.path.join(os.path.abspath(build), 'bench')
    os.makedirs(folder, exist_ok=True)
    results = Results()
    machine = {'cores': os.cpu_count(), 'kernel': platform.release(), 'load_average_before': os.getloadavg()}
    print(f"{os.cpu_count()} cores, load average {machine['load_average_before'][0]:.1f} before, medians of {RUNS}")
    print(f"{'':<58} {'median':>10} {'least':>10} {'most':>10}  {'unit':<8} {'load':>5}")
    with Stand(build) as stand:
        machine['postgresql'] = stand.ask_version()
        for name in parts or ('load', 'change', 'idle', 'growth'):
            if name == 'growth':
                bench_growth(stand, results, folder)
            else:
                {'load': bench_load, 'change': bench_change, 'idle': bench_idle}[name](stand, results)
    with open(f'{folder}/results.json', 'w', encoding='utf-8') as file:
        json.dump({'machine': machine, 'runs': RUNS, 'figures': results.figures}, file, indent=1)


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
