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

FAST = 32       # times as fast as USB
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
    if o.icount:
        argv.append('--icount')
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
LIBRARY = ('libwinusb-blocking', 'libwinusb-result', 'libwinusb-event',
           'libwinusb-port', 'libwinusb-port-ex')


def size_text(size):
    for unit, factor in (('MiB', 1 << 20), ('KiB', 1 << 10)):
        if size >= factor:
            return f'{size // factor} {unit}'
    return f'{size} B'


def cell_text(cell):
    return (f'{cell["direction"].upper()} {size_text(cell["size"])} '
            f'depth {cell["depth"]}')


def rst_library(run):
    """What libwinusb takes, of what the driver's commands take."""
    rows = ['   :header: ' + ', '.join(('', *LIBRARY)), '']
    for cell in run['cells']:
        found = {result['method']: result for result in cell['results']}
        row = [cell_text(cell)]
        for method in LIBRARY:
            ratio = found[method].get('cpu_ratio')
            row.append(f'{1 / ratio["median"]:.2f} ({1 / ratio["q3"]:.2f} to '
                       f'{1 / ratio["q1"]:.2f})' if ratio else '')
        if cell['size'] == 512:
            rows.append('   ' + ', '.join(row))
    return '\n'.join(['.. csv-table::', *rows, ''])


def rst(path):
    """CPU time of a transfer, one row for each cell, for the documentation."""
    with open(path) as file:
        run = json.load(file)
    rows = ['   :header: ' + ', '.join(('', *COLUMNS)), '']
    for cell in run['cells']:
        found = {result['method']: result for result in cell['results']}
        row = [cell_text(cell)]
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
    return '\n'.join(['.. csv-table::', *rows, '', rst_library(run)])


def smoke(path):
    """What is wrong with the numbers' form; their size is nobody's business.
    The program itself has compared data and counts."""
    with open(path) as file:
        run = json.load(file)
    bad = []
    calls = {'usbfs-blocking': 1, 'usbfs-async': 2, 'usbfs-mmap': 2,
             'winusb-blocking': 1, 'kernel': 0}
    for cell in run['cells']:
        name = cell_text(cell)
        for result in cell['results']:
            method = result['method']
            if 'left_out' in result:
                if cell['depth'] == 1 or not method.endswith('blocking'):
                    bad.append(f'{name}: no {method}: {result["left_out"]}')
            elif not result['operations_per_second']['median'] > 0:
                bad.append(f'{name}: {method} is not measured')
            elif method in LIBRARY:
                if not result['cpu_ratio']['median'] > 0:
                    bad.append(f'{name}: {method} is not compared')
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


def cmd_isoch(o, folder):
    """Isochronous streams."""
    # QEMU can count instructions. The noise of a real clock is small beside
    # what a fast bus needs.
    o.icount = not o.kernel.startswith('uml')
    o.options = ['--isoch', *['--quick'] * o.smoke,
                 *[f'--pace=1,{FAST}'] * (not o.icount), *o.options]
    status, path = run_once(o, 'scripted', folder)
    if status or not os.path.exists(path):      # --help
        return status
    with open(path) as file:
        run = json.load(file)
    if o.json:
        shutil.copy(path, o.json)
    if o.rst:
        with open(o.rst, 'w') as file:
            file.write(rst_isoch(run))
    bad = smoke_isoch(run) if o.smoke else []
    if o.smoke:
        print('\nbench: this was to try the benchmark; such short rounds say '
              'nothing about speed.')
    for line in bad:
        print(f'bench: {line}', file=sys.stderr)
    return 1 if bad else 0


def smoke_isoch(run):
    """What is wrong with the numbers, speed apart. That each packet is right,
    or was missed because there was no request for it, the program has seen to;
    how many those are tells of this machine."""
    bad = []
    for stream in run['streams']:
        for result in stream['results']:
            name = f'{stream["direction"]}: {result["way"]}'
            if 'left_out' in result:
                bad.append(f'{name}: {result["left_out"]}')
            elif not (result['packets'] and
                      result['cpu_percent']['median'] > 0):
                bad.append(f'{name} is not measured')
    if [stream['direction'] for stream in run['streams']] != \
            ['in', 'out'] * (len(run['streams']) // 2) or not run['streams']:
        bad.append('not both directions were measured')
    return bad


def rst_isoch(run):
    """One row for each way, for the documentation."""
    def text(result, key, form='.2f', scale=1):
        if key not in result:
            return ''
        q1, median, q3 = (result[key][q] * scale
                          for q in ('q1', 'median', 'q3'))
        return f'{median:{form}} ±{(q3 - q1) / 2:{form}}'

    lines = []
    for pace in dict.fromkeys(stream['pace'] for stream in run['streams']):
        if pace > 1:
            lines += ['', f'{pace} times as fast:', '']
        lines += ['.. csv-table::', '   :header: , CPU %, own CPU %, of usbfs, '
                  'of its mmap, sleeps, latency µs, 99 %, lost', '']
        for stream in run['streams']:
            if stream['pace'] != pace:
                continue
            for result in stream['results']:
                if 'left_out' in result:
                    continue
                row = [f'{stream["direction"].upper()} {result["way"]}',
                       text(result, 'cpu_percent'),
                       text(result, 'own_cpu_percent'),
                       text(result, 'own_cpu_ratio'),
                       text(result, 'own_cpu_ratio_to_it'),
                       text(result, 'switches_per_request'),
                       text(result, 'latency_ns', '.0f', 1e-3),
                       text(result, 'latency_p99_ns', '.0f', 1e-3),
                       f'{result["packets_lost"]} of {result["packets"]}']
                lines.append('   ' + ', '.join(row))
    return '\n'.join([*lines, ''])


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
    p.add_argument('--isoch', action='store_true', help='measure instead '
                   'isochronous streams, on the scripted controller')
    p.add_argument('--icount', action='store_true', help='count instructions '
                   'instead of time (stock kernels; --isoch does it there)')
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
    if o.icount and o.kernel.startswith('uml'):
        raise Error('--icount is for what QEMU emulates: choose a stock '
                    'kernel, like --kernel=6.12')
    if o.icount and o.power:
        raise Error('--icount goes without --power, which measures time')
    if o.smp and not o.power:
        raise Error('--smp goes with --power')
    if o.isoch and (o.power or o.svg or o.target != ['scripted']):
        raise Error('--isoch goes without --power, --svg and other targets')
    need('taskset', 'gcc', 'make')
    # Not pinned, and not timed.
    modules.build(prepare(o.kernel, o.smp))
    modules.build_tools(bench=True)
    folder = tempfile.mkdtemp(prefix='winusb-bench-')
    try:
        if o.power:
            return cmd_power(o, folder)
        if o.isoch:
            return cmd_isoch(o, folder)
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
