# SPDX-License-Identifier: MIT
"""scripts/kunit: runs the KUnit suites of kunit/. See --help."""

import argparse
import fnmatch
import glob
import os
import re
import subprocess
import sys
import tempfile
import time

import kernels
import kunit_builtin
from common import TREE, Error, cache, read
from guest import find_splats

KERNELS = ('latest', '6.1')
PREFIX = 'winusb_'

# Runs in the guest. The modules are loaded in the order of their needs; each
# runs its suites while it loads. The results are what debugfs keeps of them.
IN_GUEST = r'''
cd "$WINUSB_LAB_MODULES" || exit
for module in winusb_hcd winusb_hcd_kunit winusb_kunit; do
	[ ! -e $module.ko ] || insmod ./$module.ko || exit
done
for results in /sys/kernel/debug/kunit/*/results; do
	[ ! -e "$results" ] || cat "$results"
done
for module in winusb_kunit winusb_hcd_kunit winusb_hcd; do
	[ ! -e $module.ko ] || rmmod $module || exit
done
'''


def all_suites():
    """The suites that the sources define: all of them have to run."""
    names = []
    for path in sorted(glob.glob(f'{TREE}/kunit/*_kunit.c')):
        found = re.findall(r'struct kunit_suite \w+ =\s*(?:\{\s*\.name = |WINUSB_BENCH_SUITE\()"(\w+)"',
                           read(path))
        if not found:
            raise Error(f'{os.path.relpath(path, TREE)} defines no suite')
        names += found
    if not names:
        raise Error('there are no suites in kunit/')
    return names


def choose(pattern, suites):
    """The KUnit glob for a pattern, and the suites that it has to run."""
    suite, _, test = pattern.partition('.')
    if not suite.startswith(PREFIX):
        suite = PREFIX + suite
    if not suite.endswith('*') and suite not in suites:
        suite += '*'
    chosen = [name for name in suites if fnmatch.fnmatchcase(name, suite)]
    if not chosen:
        raise Error(f'no suite {pattern}; there are ' + ', '.join(
            name[len(PREFIX):] for name in suites))
    return suite + ('.' + test if test else ''), chosen


def run_latest(o, pattern):
    """Runs the modules in a guest of the lab; returns the suites' KTAP."""
    kernel = 'uml-debug' if o.debug else 'uml'
    argv = [f'{TREE}/scripts/lab', 'run', f'--kernel={kernel}', '--kunit',
            '--append=kunit.enable=1', '--append=kunit.autorun=1',
            f'--append=kunit.filter_glob={pattern}']
    if o.smp:
        argv.append('--smp')
    elif not o.debug and not o.real_time:
        argv.append('--append=time-travel=inf-cpu')
    timeout = o.timeout or (2400 if o.debug else 850)
    argv.append(f'--timeout={timeout}')
    with tempfile.TemporaryDirectory(prefix='winusb-kunit-') as folder:
        log = os.path.join(folder, 'log')
        result = subprocess.run([*argv, f'--log={log}', '--', 'sh', '-c',
                                 IN_GUEST], text=True,
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE)
        return result.stdout, read(log, ''), result.returncode


def run_61(o, pattern):
    return kunit_builtin.run(pattern, not o.real_time, o.timeout or 850)


def split(text):
    """Suite name -> the lines of its results, in the order of the text."""
    found = {}
    lines = []
    for line in text.splitlines():
        line = re.sub(r'^\[ *[0-9.]+\](?: \[[^]]*\])? ?', '', line)
        if re.match(r'^(K?TAP version \d+|1\.\.\d+)$', line):
            continue
        lines.append(line)
        match = re.match(r'^(?:not )?ok \d+ (?:- )?(winusb_\w+)', line)
        if match:
            found[match[1]] = lines
            lines = []
    return found


def combine(found):
    """One KTAP document of all suites."""
    text = ['KTAP version 1', f'1..{len(found)}']
    for number, (name, lines) in enumerate(found.items(), 1):
        text += lines[:-1]
        text.append(re.sub(r'ok \d+', f'ok {number}', lines[-1], count=1))
    return '\n'.join(text) + '\n'


def parse(ktap):
    """The kernel's own kunit.py judges."""
    tool = os.path.join(kernels.source('latest'), 'tools/testing/kunit')
    result = subprocess.run([sys.executable, '-B', f'{tool}/kunit.py',
                             'parse'], input=ktap, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    counts = re.search(r'Testing complete\. Ran \d+ tests?: (.*)',
                       result.stdout)
    numbers = dict((word, int(number)) for word, number in re.findall(
        r'(\w+): (\d+)', counts[1] if counts else ''))
    return result.stdout, result.returncode, numbers


def show(o, kernel, expected, text, log, status):
    """Reports one kernel's run; returns (passed, failed)."""
    found = split(text)
    report, code, numbers = parse(combine(found))
    passed = numbers.get('passed', 0)
    failed = sum(numbers.get(word, 0) for word in
                 ('failed', 'crashed', 'errors'))
    if o.tap:
        print(combine(found), end='')
    elif o.verbose or code or failed:
        print(report, end='')
    for name in expected:
        if name not in found:
            print(f'not ok {name} on {kernel}: did not run')
            failed += 1
            continue
        last = found[name][-1]
        cases = sum(1 for line in found[name]
                    if re.match(r'    (?:not )?ok ', line))
        word = 'not ok' if last.startswith('not') else 'ok'
        if not o.tap:
            print(f'{word} {name} on {kernel}: {cases} cases')
    if code and not failed:
        print(f'not ok kunit.py on {kernel}: refuses the results')
        failed += 1
    if status:
        print(f'not ok {kernel}: the run itself failed')
        failed += 1
    if failed:
        keep = os.path.join(cache('kunit'), f'{kernel}.log')
        with open(keep, 'w') as file:
            file.write(log)
        print(f'# the log of {kernel} is {keep}')
    if numbers.get('skipped') and not o.tap:
        print(f'# {numbers["skipped"]} skipped on {kernel}')
    return passed, failed


def parser():
    p = argparse.ArgumentParser(
        prog='scripts/kunit',
        description='Runs the KUnit suites of kunit/ in user-mode Linux: as '
        'modules on the newest kernel, or built into 6.1. Time is simulated '
        'there, so that waiting costs nothing and runs repeat exactly.',
        epilog='A suite that the sources define and that did not run is a '
        'failure. The last line is "N passed, N failed".')
    p.add_argument('suite', nargs='?', default='*', metavar='SUITE',
                   help='only suites whose name begins so, without winusb_; '
                   'SUITE.TEST for some of its tests; * is a wildcard')
    p.add_argument('--kernel', action='append', choices=KERNELS,
                   help='may be given twice; default: latest')
    p.add_argument('--all', action='store_true', help='all kernels')
    p.add_argument('--debug', action='store_true',
                   help='latest with all checkers and several CPUs')
    p.add_argument('--smp', action='store_true',
                   help='latest with several CPUs')
    p.add_argument('--real-time', action='store_true',
                   help='do not simulate time; --debug and --smp never do')
    p.add_argument('--timeout', type=float, metavar='S',
                   help='give up a run after so many seconds')
    p.add_argument('--list', action='store_true', help='list the suites')
    p.add_argument('--tap', action='store_true',
                   help='print KTAP, for scripts/check')
    p.add_argument('-v', '--verbose', action='store_true',
                   help='show every test')
    return p


def main():
    o = parser().parse_args()
    suites = all_suites()
    if o.list:
        print('\n'.join(name[len(PREFIX):] for name in suites))
        return 0
    pattern, expected = choose(o.suite, suites)
    passed = failed = 0
    start = time.monotonic()
    for kernel in KERNELS if o.all else (o.kernel or ['latest']):
        run = run_latest if kernel == 'latest' else run_61
        text, log, status = run(o, pattern)
        if kernel == '6.1' and find_splats(log):
            print(f'not ok 6.1: the kernel said: {find_splats(log)[0][1]}')
            failed += 1
        p, f = show(o, kernel, expected, text, log, status)
        passed += p
        failed += f
    print(f'# {time.monotonic() - start:.1f} s')
    if not passed and not failed:
        print('not ok: nothing ran')
        failed = 1
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


try:
    sys.exit(main())
except Error as e:
    print(f'kunit: error: {e}', file=sys.stderr)
    print('0 passed, 1 failed')
    sys.exit(1)
except KeyboardInterrupt:
    sys.exit(130)
