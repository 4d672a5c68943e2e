#!/usr/bin/python3
"""profile.py BUILD - where the time of a first load goes: in the daemon by function, in PostgreSQL by statement.

PROFILE_POSTINGS (100000) are loaded once with pages at hand, then once more under perf; where perf is not there or may not look, under callgrind,
which takes its time, and a tenth of the postings. What perf or callgrind wrote stays in BUILD/bench.
"""
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402
from stand import Stand, end, org_nrs  # noqa: E402

SHOWN = 25
STATEMENTS = r"""
SELECT sum(total_exec_time)::numeric(12,1), sum(calls),
       left(regexp_replace(query, '\s+', ' ', 'g'), 100)
  FROM pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = 'saldod') AND userid = 'saldod_daemon'::regrole AND toplevel
 GROUP BY 3 ORDER BY 1 DESC LIMIT %s"""


def may_perf(folder):
    if not shutil.which('perf'):
        return False
    tried = subprocess.run(['perf', 'record', '-q', '-o', f'{folder}/perf.try', 'true'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           check=False)
    return tried.returncode == 0


def show_statements(stand):
    rows = stand.ask(STATEMENTS, SHOWN)
    print('\nPostgreSQL: ms, calls, statement')
    for taken_ms, calls, query in rows:
        print(f'{taken_ms:>10} {calls:>6}  {query}')


def load(stand, org, wrapper=()):
    start = stand.start_daemon
    stand.start_daemon = lambda: start(wrapper)
    try:
        return bench.first_load(stand, [org], pull_interval='1h')
    finally:
        stand.start_daemon = start


def show_perf(stand, org, folder):
    data = f'{folder}/perf.data'
    load(stand, org, ('perf', 'record', '-q', '-F', '997', '-g', '-o', data))
    show_statements(stand)
    end(stand.daemon)
    print('\nsaldod: share of its CPU by function')
    report = subprocess.run(['perf', 'report', '-i', data, '--no-children', '-g', 'none', '--percent-limit', '0.7', '--stdio', '-q'],
                            capture_output=True, text=True, check=True)
    print('\n'.join(line for line in report.stdout.splitlines() if line.strip()))


def show_callgrind(stand, org, folder):
    data = f'{folder}/callgrind.out'
    load(stand, org, ('valgrind', '-q', '--tool=callgrind', f'--callgrind-out-file={data}'))
    end(stand.daemon)
    print('\nsaldod: instructions by function (callgrind)')
    report = subprocess.run(['callgrind_annotate', data], capture_output=True, text=True, check=True)
    print('\n'.join(report.stdout.splitlines()[:SHOWN + 25]))


def main(build):
    folder = os.path.join(os.path.abspath(build), 'bench')
    os.makedirs(folder, exist_ok=True)
    postings = int(os.environ.get('PROFILE_POSTINGS', '100000'))
    has_perf = may_perf(folder)
    if not has_perf:
        postings //= 10
    org, = org_nrs(91000000, 1)
    with Stand(build) as stand:
        stand.start_sandbox([bench.company(org, postings)], cache_mib=bench.cache_mib(postings))
        load(stand, org)
        stand.stop_daemon()
        begun = time.monotonic()
        measured = load(stand, org)
        print(f"first load of {measured['rows']} postings: {time.monotonic() - begun:.1f} s, {measured['cpu_s']:.2f} s of it CPU of saldod, "
              f"load average {os.getloadavg()[0]:.1f}")
        if not has_perf:
            show_statements(stand)
        stand.stop_daemon()
        (show_perf if has_perf else show_callgrind)(stand, org, folder)


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
