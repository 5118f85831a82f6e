# SPDX-License-Identifier: MIT
"""scripts/bench: runs winusb-bench in a guest. See --help."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import modules
from common import TREE, Error, need, read, say
from lab import KERNELS, prepare

OUT = '/run/winusb-lab/out'     # the guest's name of the --out folder
TARGETS = ('scripted', 'dummy', 'xhci')
# An emulated "rep movsb" takes nanoseconds a byte, which no machine does; with
# these flags off the kernel copies by words. It would favour who copies less.
TCG = '--append=clearcpuid=erms,fsrm'
PICTURE = os.path.join(TREE, 'tools/testing/bench/winusb-bench-svg')


def machine(kernel):
    """What the numbers were made on, without the machine's name."""
    info = read('/proc/cpuinfo', '')
    model = re.search(r'^model name\s*: (.*)$', info, re.M)
    text = f'{model.group(1) if model else "unknown CPU"}, {os.cpu_count()} CPUs'
    if kernel.startswith('uml'):
        return f'User Mode Linux on {text}'
    return f'QEMU without hardware virtualization (TCG) on {text}'


def pick_cpu():
    return max(os.sched_getaffinity(0))


def go_first():
    """Before all else on this CPU, where one may: a guest that has to wait for
    its CPU counts that as its own time. Others have the other CPUs."""
    if os.cpu_count() < 2:
        return
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        say('no right to a higher priority: what else runs here will show')


def run_once(o, target, folder):
    """(exit status, path of the JSON)"""
    name = f'{o.kernel}-{target}.json'
    argv = [os.path.join(TREE, 'scripts/lab'), 'run', f'--kernel={o.kernel}',
            '--memory=1G', f'--timeout={o.timeout}', f'--out={folder}']
    if not o.kernel.startswith('uml'):
        argv.append(TCG)
    if target == 'xhci':
        argv.append('--xhci')
    # Two threads of QEMU do xHCI's work, one of them while the guest waits
    # for it. All else is one thread, and slower when it wanders.
    pin = target != 'xhci'
    if pin:
        argv = ['taskset', '-c', str(pick_cpu()), *argv]
    argv += ['--', 'winusb-bench', f'--target={target}',
             f'--json={OUT}/{name}', f'--machine={machine(o.kernel)}',
             *o.options]
    status = subprocess.run(argv, preexec_fn=go_first if pin else None
                            ).returncode
    return status, os.path.join(folder, name)


def picture(paths, output):
    if subprocess.run([PICTURE, *paths, '--output', output]).returncode:
        raise Error('no picture; the reason stands above')
    say(f'wrote {output}')


COLUMNS = ('kernel', 'usbfs-blocking', 'usbfs-async', 'usbfs-mmap',
           'winusb-blocking', 'winusb-records', 'winusb-uring', 'winusb-fixed')


def size_text(size):
    for unit, factor in (('MiB', 1 << 20), ('KiB', 1 << 10)):
        if size >= factor:
            return f'{size // factor} {unit}'
    return f'{size} B'


def rst(path):
    """CPU time of a transfer, one row for each cell, for the documentation."""
    with open(path) as file:
        run = json.load(file)
    rows = ['   :header: ' + ', '.join(('', *COLUMNS)), '']
    for cell in run['cells']:
        found = {result['method']: result for result in cell['results']}
        row = [f'{cell["direction"].upper()} {size_text(cell["size"])} '
               f'depth {cell["depth"]}']
        for method in COLUMNS:
            result = found[method]
            text = ''
            if 'left_out' not in result:
                us = result['cpu_ns_per_operation']['median'] / 1e3
                text = f'{us:.2f}' if us < 100 else f'{us:.0f}'
                if 'cpu_ratio' in result:
                    text += f' ({result["cpu_ratio"]["median"]:.2f})'
            row.append(text)
        rows.append('   ' + ', '.join(row))
    return '\n'.join(['.. csv-table::', *rows, ''])


def smoke(path):
    """What is wrong with the numbers' form; their size is nobody's business.
    The program itself has compared data and counts."""
    with open(path) as file:
        run = json.load(file)
    bad = []
    calls = {'usbfs-blocking': 1, 'usbfs-async': 2, 'usbfs-mmap': 2,
             'winusb-blocking': 1, 'kernel': 0}
    for cell in run['cells']:
        name = f'{cell["direction"]} {cell["size"]} depth {cell["depth"]}'
        for result in cell['results']:
            method = result['method']
            if 'left_out' in result:
                if cell['depth'] == 1 or not method.endswith('blocking'):
                    bad.append(f'{name}: no {method}: {result["left_out"]}')
            elif not result['operations_per_second']['median'] > 0:
                bad.append(f'{name}: {method} is not measured')
            elif result['calls_per_operation'] != calls.get(
                    method, result['calls_per_operation']):
                bad.append(f'{name}: {method}: '
                           f'{result["calls_per_operation"]} calls each')
    if len(run['cells']) < 8:
        bad.append(f'only {len(run["cells"])} cells')
    bad += [f'cancel: no {way["way"]}: {way["left_out"]}'
            for way in run['cancel']['results'] if 'left_out' in way]
    return bad


def cmd_smoke(o, folder):
    o.target = ['scripted']
    o.options = ['--quick']
    status, path = run_once(o, 'scripted', folder)
    if status:
        return status
    picture([path], os.path.join(folder, 'picture.svg'))
    bad = smoke(path)
    print('\nbench: this was to try the benchmark; such short rounds say '
          'nothing about speed.')
    for line in bad:
        print(f'bench: {line}', file=sys.stderr)
    return 1 if bad else 0


def cmd_power(o, folder):
    """A device that sleeps while a program waits, by winusb and by usbfs."""
    argv = [os.path.join(TREE, 'scripts/lab'), 'run', f'--kernel={o.kernel}',
            *['--smp'] * o.smp, f'--timeout={o.timeout}', f'--out={folder}',
            '--', 'winusb-bench-power', f'--json={OUT}/power.json',
            f'--machine={machine(o.kernel)}', *['--quick'] * o.smoke,
            *o.options]
    status = subprocess.run(argv).returncode
    path = os.path.join(folder, 'power.json')
    if status or not os.path.exists(path):      # --help
        return status
    with open(path) as file:
        run = json.load(file)
    if o.json:
        shutil.copy(path, o.json)
    bad = smoke_power(run) if o.smoke else []
    if o.smoke:
        print('\nbench: this was to try the benchmark; such short rounds say '
              'nothing about speed.')
    for line in bad:
        print(f'bench: {line}', file=sys.stderr)
    return 1 if bad else 0


def smoke_power(run):
    """What is wrong with the numbers, speed apart."""
    bad = []
    if [result['way'] for result in run['results']] != ['winusb', 'usbfs']:
        bad.append('not both ways were measured')
    for result in run['results']:
        if result['bytes_lost'] or not result['bytes']:
            bad.append(f'{result["way"]}: {result["bytes_lost"]} of '
                       f'{result["bytes"]} bytes are lost')
        if not result['latency_ms']['median'] > 0:
            bad.append(f'{result["way"]} is not measured')
        if result['way'] == 'winusb' and result['wakes'] < result['events']:
            bad.append(f'{result["wakes"]} wakes for {result["events"]} events')
    return bad


def parser():
    p = argparse.ArgumentParser(
        prog='scripts/bench', description='Boots a guest and measures winusb '
        'against usbfs and a loop inside the kernel with winusb-bench. Builds '
        'what that needs. Leave the machine alone meanwhile.',
        epilog='More options of winusb-bench go behind "--"; scripts/bench -- '
        '--help shows them.')
    p.add_argument('--kernel', choices=KERNELS, default='uml',
                   help='uml (default), or a stock kernel under QEMU')
    p.add_argument('--target', choices=TARGETS, action='append',
                   help='scripted (default), dummy, or xhci (stock kernels); '
                   'may be given several times')
    p.add_argument('--json', metavar='FILE', help='keep the numbers as JSON; '
                   'with several targets FILE gets the target\'s name before '
                   'its suffix')
    p.add_argument('--svg', metavar='FILE', help='draw a picture')
    p.add_argument('--rst', metavar='FILE', help='write a table for the '
                   'documentation')
    p.add_argument('--timeout', type=int, default=3600, metavar='S',
                   help='seconds until a guest is killed (3600)')
    p.add_argument('--power', action='store_true', help='measure instead how '
                   'a device sleeps while a program waits for its data; '
                   'options are those of winusb-bench-power')
    p.add_argument('--smp', action='store_true', help='several CPUs (with '
                   '--power, on uml)')
    p.add_argument('--smoke', action='store_true', help='a short run of '
                   'everything that checks the benchmark, not the speed')
    p.add_argument('options', nargs='*', metavar='OPTION',
                   help='for winusb-bench')
    return p


def json_name(o, target):
    if len(o.target) == 1:
        return o.json
    stem, suffix = os.path.splitext(o.json)
    return f'{stem}-{target}{suffix}'


def main():
    o = parser().parse_args()
    o.target = o.target or ['scripted']
    if 'xhci' in o.target and o.kernel.startswith('uml'):
        raise Error('target xhci is emulated by QEMU: choose a stock kernel, '
                    'like --kernel=6.12')
    if o.smp and not o.power:
        raise Error('--smp goes with --power')
    need('taskset', 'gcc', 'make')
    # Not pinned, and not timed.
    modules.build(prepare(o.kernel, o.smp))
    modules.build_tools(bench=True)
    folder = tempfile.mkdtemp(prefix='winusb-bench-')
    try:
        if o.power:
            return cmd_power(o, folder)
        if o.smoke:
            return cmd_smoke(o, folder)
        paths = []
        for target in o.target:
            status, path = run_once(o, target, folder)
            if status:
                return status
            if not os.path.exists(path):    # --help and --list
                continue
            with open(path) as file:
                json.load(file)
            if o.json:
                shutil.copy(path, json_name(o, target))
            paths.append(path)
        if o.rst and paths:
            with open(o.rst, 'w') as file:
                file.write('\n'.join(rst(path) for path in paths))
        if o.svg and paths:
            picture(paths, o.svg)
        return 0
    finally:
        shutil.rmtree(folder)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except Error as e:
        print(f'bench: error: {e}', file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
