"""stand.py - what a benchmark runs on: a PostgreSQL of its own, the sandbox, and saldod. All are gone afterwards."""
import base64
import glob
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import psycopg2

CONSUMER_TOKEN = 'bench-consumer'
BUREAU_TOKEN = 'bench-bureau'
START_MAX_S = 30
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# Nothing that makes a crash unsafe: only room, so that no checkpoint falls into one run and not into the next.
POSTGRES = {
    'listen_addresses': "''",
    'shared_buffers': '256MB',
    'max_wal_size': '4GB',
    'checkpoint_timeout': '30min',
    'autovacuum_naptime': '10min',
    'shared_preload_libraries': 'pg_stat_statements',
    'pg_stat_statements.track': 'all',
}


def org_nr(number):
    """An organisation number with a right control digit, made from a number; None where none fits."""
    digits = f'{number:08d}'
    rest = 11 - sum(int(d) * w for d, w in zip(digits, (3, 2, 7, 6, 5, 4, 3, 2))) % 11
    return None if rest == 10 else digits + str(rest % 11)


def org_nrs(first, count):
    found = []
    while len(found) < count:
        made = org_nr(first)
        if made:
            found.append(made)
        first += 1
    return found


def is_there(process):
    return process is not None and process.poll() is None


def end(process, how=signal.SIGTERM):
    if not is_there(process):
        return
    process.send_signal(how)
    try:
        process.wait(START_MAX_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Stand:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.work = tempfile.mkdtemp(prefix='saldod-bench.', dir='/tmp')
        os.chmod(self.work, 0o711)
        self.sandbox = self.daemon = None
        self.as_postgres = ['runuser', '-u', 'postgres', '--'] if os.getuid() == 0 else []
        self.bin = sorted(glob.glob('/usr/lib/postgresql/*/bin'))[-1]
        self.conninfo = f'host={self.work} dbname=saldod user=saldod'
        self.is_up = False

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
        try:
            self._start_postgres()
            self._make_template()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        end(self.daemon)
        end(self.sandbox)
        if self.is_up:
            self._postgres('pg_ctl', '-D', f'{self.work}/data', '-m', 'immediate', 'stop')
        shutil.rmtree(self.work, ignore_errors=True)

    # --- PostgreSQL ---

    def _postgres(self, program, *arguments):
        subprocess.run([*self.as_postgres, f'{self.bin}/{program}', *arguments], cwd=self.work, check=True,
                       stdout=subprocess.DEVNULL)

    def _start_postgres(self):
        if self.as_postgres:
            shutil.chown(self.work, 'postgres')
        self._postgres('initdb', '-D', f'{self.work}/data', '-U', 'postgres', '-A', 'trust', '-E', 'UTF8',
                       '--locale=C.UTF-8')
        with open(f'{self.work}/data/postgresql.auto.conf', 'a', encoding='utf-8') as conf:
            conf.writelines(f"{name} = {value if value[0] == chr(39) else repr(value)}\n" for name, value in POSTGRES.items())
            conf.write(f"unix_socket_directories = '{self.work}'\n")
        self._postgres('pg_ctl', '-D', f'{self.work}/data', '-l', f'{self.work}/data/log', '-w', 'start')
        self.is_up = True

    def connect(self, user='postgres', database='saldod'):
        connection = psycopg2.connect(host=self.work, user=user, dbname=database)
        connection.autocommit = True
        return connection

    def ask(self, sql, *values, user='postgres'):
        connection = self.connect(user)
        try:
            cursor = connection.cursor()
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def ask_version(self):
        connection = self.connect(database='postgres')
        try:
            cursor = connection.cursor()
            cursor.execute('SHOW server_version')
            return cursor.fetchone()[0]
        finally:
            connection.close()

    def _make_template(self):
        connection = self.connect(database='postgres')
        cursor = connection.cursor()
        for role in ('saldod_daemon', 'saldod_admin', 'saldod_reader'):
            cursor.execute(f'CREATE ROLE {role} NOLOGIN')
        cursor.execute('CREATE ROLE saldod LOGIN IN ROLE saldod_daemon')
        cursor.execute('CREATE DATABASE saldod OWNER saldod_daemon')
        connection.close()
        self._write_secrets()
        self.configure()
        subprocess.run([f'{self.build}/saldod', 'migrate', '-c', f'{self.work}/saldod.conf'], check=True,
                       stdout=subprocess.DEVNULL)
        connection = self.connect(database='postgres')
        connection.cursor().execute('ALTER DATABASE saldod RENAME TO saldod_empty')
        connection.close()

    def fresh_database(self):
        connection = self.connect(database='postgres')
        cursor = connection.cursor()
        cursor.execute('DROP DATABASE IF EXISTS saldod WITH (FORCE)')
        cursor.execute('CREATE DATABASE saldod TEMPLATE saldod_empty OWNER saldod_daemon')
        cursor.execute('CHECKPOINT')
        connection.close()
        self.ask('CREATE EXTENSION IF NOT EXISTS pg_stat_statements')

    # --- saldod ---

    def _write_secrets(self):
        for name, content in (('consumer-token', CONSUMER_TOKEN), ('seal-key', '5a' * 32)):
            with open(os.open(f'{self.work}/{name}', os.O_CREAT | os.O_WRONLY, 0o600), 'w', encoding='ascii') as file:
                file.write(content)

    def configure(self, connections=4, **schedule):
        lines = ''.join(f'{name} = {value}\n' for name, value in schedule.items())
        port = getattr(self, 'port', 1)
        with open(f'{self.work}/saldod.conf', 'w', encoding='utf-8') as conf:
            conf.write(f'[database]\nconninfo = {self.conninfo}\nconnections = {connections}\n'
                       f'[tripletex]\nbase_url = http://127.0.0.1:{port}/v2\n'
                       f'consumer_token_file = {self.work}/consumer-token\n'
                       f'[mirror]\nresources = none\n[schedule]\n{lines}[security]\nseal_key_file = {self.work}/seal-key\n[status]\nlisten =\n')

    def start_daemon(self, wrapper=()):
        with open(f'{self.work}/saldod.log', 'w', encoding='utf-8') as log:
            self.daemon = subprocess.Popen([*wrapper, f'{self.build}/saldod', 'run', '-c', f'{self.work}/saldod.conf'],
                                           stderr=log, stdout=log)
        until = time.monotonic() + START_MAX_S
        while ' is ready' not in self.log_tail():
            if not is_there(self.daemon) or time.monotonic() > until:
                raise RuntimeError('saldod did not start:\n' + self.log_tail())
            time.sleep(0.02)

    def log_tail(self):
        with open(f'{self.work}/saldod.log', encoding='utf-8') as log:
            return ''.join(log.readlines()[-20:])

    def stop_daemon(self):
        end(self.daemon)
        self.daemon = None

    def daemon_memory_mib(self, what='VmHWM'):
        with open(f'/proc/{self.daemon.pid}/status', encoding='ascii') as status:
            for line in status:
                if line.startswith(what + ':'):
                    return int(line.split()[1]) / 1024
        raise RuntimeError(f'{what} is not told')

    def daemon_cpu_s(self):
        nanoseconds = 0
        for path in glob.glob(f'/proc/{self.daemon.pid}/task/*/schedstat'):
            with open(path, encoding='ascii') as stat:
                nanoseconds += int(stat.read().split()[0])
        return nanoseconds / 1e9

    def wait_changes(self, connection, is_reached, max_s):
        """Looks at each notification of what readers see, and now and then without one."""
        until = time.monotonic() + max_s
        while not is_reached():
            if not is_there(self.daemon) or time.monotonic() > until:
                raise RuntimeError(f'nothing came within {max_s} s:\n' + self.log_tail())
            if select.select([connection], [], [], 0.05)[0]:
                connection.poll()
                connection.notifies.clear()

    # --- sandbox ---

    def start_sandbox(self, companies, tokens=None, cache_mib=64):
        end(self.sandbox)
        orgs = [company['orgNr'] for company in companies]
        tokens = tokens or [{'employeeToken': BUREAU_TOKEN, 'name': 'bureau', 'kind': 'bureau', 'access': orgs}]
        with open(f'{self.work}/world.json', 'w', encoding='utf-8') as world:
            json.dump({'consumerToken': CONSUMER_TOKEN, 'budget': {'limit': 100000000, 'windowSeconds': 60},
                       'companies': companies, 'tokens': tokens}, world)
        port_file = f'{self.work}/port'
        if os.path.exists(port_file):
            os.remove(port_file)
        self.sandbox = subprocess.Popen([f'{self.build}/tests/sandbox/tripletex-sandbox', '--port-file', port_file,
                                         '--world', f'{self.work}/world.json', '--cache', str(cache_mib),
                                         '--parent', str(os.getpid())], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 4 * START_MAX_S
        while not os.path.exists(port_file):
            if not is_there(self.sandbox) or time.monotonic() > until:
                raise RuntimeError('the sandbox did not start')
            time.sleep(0.02)
        with open(port_file, encoding='ascii') as file:
            self.port = int(file.read())

    def control(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f'http://127.0.0.1:{self.port}/control{path}', data=data, method=method)
        try:
            with OPENER.open(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f'{method} {path}: {error.read().decode()}') from error

    def session(self, company):
        """Headers of a session for a company."""
        body = {'consumerToken': CONSUMER_TOKEN, 'employeeToken': BUREAU_TOKEN,
                'expirationDate': time.strftime('%Y-%m-%d', time.gmtime(time.time() + 2 * 86400))}
        request = urllib.request.Request(f'http://127.0.0.1:{self.port}/v2/token/session/:create',
                                         data=json.dumps(body).encode(), method='POST',
                                         headers={'User-Agent': 'saldod/bench', 'Content-Type': 'application/json'})
        with OPENER.open(request, timeout=60) as answer:
            token = json.load(answer)['value']['token']
        ids = [c['id'] for c in self.control('GET', '/company') if c['orgNr'] == company]
        basic = base64.b64encode(f'{ids[0]}:{token}'.encode()).decode()
        return {'User-Agent': 'saldod/bench', 'Authorization': f'Basic {basic}', 'If-None-Match': '0'}
