# SPDX-License-Identifier: MIT
"""scripts/lab: kernels and boards for tests. See --help."""

import argparse
import os
import shutil
import subprocess
import sys

import guest
import kernels
import keyboard
import modules
import stock
from common import CACHE, TREE, Error, cache, lock, need, say

KERNELS = ('uml', 'uml-debug', '6.1', '6.12', 'latest')
# What can be cached and built: uml for several CPUs is a build of its own.
BUILDS = ('uml', 'uml-smp', 'uml-debug', '6.1', '6.12', 'latest')

# The command for which more is built.
BENCH = 'winusb-bench'

RUN_HELP = '''\
Boots a guest and runs COMMAND as root in it, in the same folder. Its output
and exit status are COMMAND's. The guest's root is this machine's file system,
read-only under a scratch layer: nothing that COMMAND does there stays.
Output and errors come by two ways: where their order matters, COMMAND puts
them together (2>&1 inside of it). Without COMMAND: a shell.

Before: winusb.ko is inserted, and each --board is plugged in with usbip and
bound through new_id. After: all that still runs is killed, and winusb.ko must
unload. A complaint of the kernel, a guest that hangs or dies, and on uml-debug
a leak in the driver or lockdep switched off are failures: the reason goes to
stderr, and the exit status is COMMAND's, or 99 if that was 0.
'''
RUN_END = '''\
COMMAND finds in its environment: WINUSB_LAB_KERNEL, WINUSB_LAB_SMP and
WINUSB_LAB_DEBUG (0 or 1), WINUSB_LAB_MODULES (the folder with winusb.ko;
it is empty with --no-driver),
WINUSB_LAB_DEVICES (the boards' names in sysfs, in their order),
WINUSB_LAB_OUT (with --out), and on its PATH the project's tools.

System sleep hangs when the root is a disk of the host. --root=initramfs makes
one in memory: busybox, winusb.ko, winusbctl, COMMAND's program, what --file
names, and the libraries and interpreters that these need; a name without "/"
is looked up as a shell does. The folders are those of the host, with nothing
else in them. Output, exit status and --out come back as always. --board can't
be combined with it: vhci_hcd refuses system sleep.

With --keyboard=xhci or ehci, $WINUSB_LAB_KEYBOARD is the keyboard's name in
sysfs. A line "press KEY [MS]" written to $WINUSB_LAB_HOST, a serial port,
presses and releases a key, MS milliseconds later if that is given; KEY is one
of QEMU's names: a, b, 1, ret, shift. "unplug [MS]" pulls the keyboard out,
and "plug [MS]" plugs it in. "wake MS" wakes the guest from S3, after MS
milliseconds or as soon as it sleeps. "ok", or "error" and why, is read there.
usbhid is not inserted: --module=usbhid does that.

No udev runs in a guest. with-udev starts it for one command, and winusb's
rules and tool are there after make install (the last example).

Examples:
  scripts/lab run --board=fx2 -- winusbctl list
  scripts/lab run --kernel=uml-debug --board=composite,speed=full -- winusbctl info
  scripts/lab run --kernel=6.1 --board=fx2
  scripts/lab run --kernel=6.12 --root=initramfs -- sh -c 'echo +3 \
      >/sys/class/rtc/rtc0/wakealarm; echo mem >/sys/power/state; dmesg | tail'
  scripts/lab run --board=fx2 -- sh -c 'make -s -C tools/winusbctl install &&
      tools/testing/system/with-udev ls -R /dev/winusb'
'''

BOARDS = os.path.join(TREE, 'tools/testing/boards/winusb-boards')


def prepare(kernel, smp=False):
    """The kernel, built or fetched, as an object that guest.py boots."""
    if kernel not in kernels.UML and kernel != 'uml':
        return stock.prepare(kernel)
    name = kernels.uml_name(kernel, smp)
    folder = kernels.build_uml(name)
    return guest.Uml(folder, name, kernels.release(folder),
                     kernels.key_of(name))


def check_boards(specs):
    """Before a guest is booted for a board that there is not."""
    text = subprocess.run([BOARDS, '--list'], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    names = {line.split()[0] for line in text.splitlines()
             if line and not line[0].isspace()}
    for spec in specs:
        name = spec.split(',')[0]
        if name not in names:
            raise Error(f'no board {name}; scripts/lab list shows them')


def check_hardware(o):
    """What QEMU offers and a user-mode kernel does not, and the reverse."""
    uml = o.kernel.startswith('uml')
    for option, used in (('--xhci', o.xhci), ('--keyboard', o.keyboard),
                         ('--icount', o.icount)):
        if used and uml:
            raise Error(f'{option} is for what QEMU emulates: choose a stock '
                        'kernel, like --kernel=6.12')
    if o.module and uml:
        raise Error('--module is for stock kernels, like --kernel=6.12; on '
                    f'{o.kernel} use modprobe')
    if o.file and o.root != 'initramfs':
        raise Error('--file is for --root=initramfs: otherwise the guest has '
                    'all files of this machine')
    if o.root == 'host':
        return
    if uml:
        raise Error(f'--root=initramfs is for stock kernels, like '
                    f'--kernel=6.12: {o.kernel} has no disk that hinders its '
                    'sleep')
    if o.board:
        raise Error('--root=initramfs is for system sleep, which boards '
                    'refuse: vhci_hcd cannot suspend a plugged board')


def cmd_run(o):
    if o.kernel == 'uml-debug':
        o.smp = True
    check_hardware(o)
    if o.timeout is None:
        o.timeout = 120 if o.kernel == 'uml' else 600
    if not o.command and not sys.stdin.isatty():
        raise Error('a shell needs a terminal: give a COMMAND')
    if o.board and not o.driver:
        o.bind = False
    need('gcc', 'make', *['usbip'] * bool(o.board))
    kernel = prepare(o.kernel, o.smp)
    modules.build_tools(BENCH in o.command)
    check_boards(o.board)
    with lock(f'kernel-{os.path.basename(kernel.folder)}', shared=True):
        one = guest.Guest(kernel, o)
        try:
            if o.driver:
                modules.build(kernel, o.kunit, o.coverage, one.path('modules'))
            one.write_job()
        except BaseException:
            shutil.rmtree(one.dir)
            raise
        return one.run()


def cmd_build(o):
    for name in o.kernels or BUILDS:
        kernel = prepare(name)
        if not o.kernel_only:
            modules.build(kernel)
    if not o.kernels:
        kernels.source('6.1')
    return 0


def cmd_modules(o):
    print(modules.build(prepare(o.kernel, o.smp), not o.no_kunit, o.coverage))
    return 0


def cmd_kdir(o):
    print(prepare(o.kernel, o.smp).kdir())
    return 0


def cmd_source(o):
    print(kernels.source(o.version))
    return 0


def state_of(name):
    """(version, state) of one kernel, without looking anything up."""
    if name not in kernels.UML:
        release, ready = stock.ready_release(name)
        return release or '-', 'cached' if ready else 'not fetched'
    if kernels.is_ready(name):
        return kernels.release(kernels.folder_of(name)), 'cached'
    for folder in kernels.folders_of(name):
        if os.path.exists(os.path.join(folder, 'key')):
            return kernels.release(folder), 'out of date'
    return '-', 'not built'


def cmd_list(_o):
    print(f'{"KERNEL":<12}{"VERSION":<24}{"STATE":<14}MODULES')
    for name in BUILDS:
        version, state = state_of(name)
        built = 'built' if modules.is_built(name) else '-'
        label = 'uml --smp' if name == 'uml-smp' else name
        print(f'{label:<12}{version:<24}{state:<14}{built}')
    print(f'\nCache: {CACHE}\n\nBOARDS')
    sys.stdout.flush()
    modules.build_tools()
    return subprocess.run([BOARDS, '--list']).returncode


def folders_of(name):
    """Everything in the cache that belongs to one kernel."""
    found = kernels.folders_of(name)
    release, _ = stock.ready_release(name) if name in stock.SUITES else (0, 0)
    if release:
        found.append(os.path.join(CACHE, 'stock', release))
    parent = os.path.join(CACHE, 'modules')
    for entry in os.listdir(parent) if os.path.isdir(parent) else []:
        if entry == name or entry.removesuffix('-coverage').removesuffix(
                '-kunit') == name:
            found.append(os.path.join(parent, entry))
    return found


def remove(path):
    if os.path.exists(path):
        say(f'removing {path}')
        shutil.rmtree(path)


def cmd_clean(o):
    for name in o.kernels:
        for folder in folders_of(name):
            with lock(f'kernel-{os.path.basename(folder)}'):
                remove(folder)
    if o.kernels:
        return 0
    for part in sorted(os.listdir(cache())):
        path = os.path.join(CACHE, part)
        if part in ('kernel', 'stock', 'modules', 'source', 'packages', 'apt',
                    'lab', 'kunit', 'coverage', 'check', 'static', 'bench'):
            remove(path)
    kernels.forget_resolved()
    return 0


def cmd_update(_o):
    kernels.forget_resolved()
    say('the next build looks the newest kernels up again')
    return 0


def add_run(sub):
    p = sub.add_parser('run', help='run a command, or a shell, in a guest',
                       description=RUN_HELP, epilog=RUN_END,
                       formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--kernel', choices=KERNELS, default='uml',
                   help='uml (default), uml-debug, or a stock kernel')
    p.add_argument('--smp', action='store_true',
                   help='several CPUs (uml-debug always has them)')
    p.add_argument('--cpus', type=int, default=2, metavar='N',
                   help='how many with --smp; 2 by default')
    p.add_argument('--board', action='append', default=[],
                   metavar='NAME[,OPTION=VALUE]...',
                   help='plug this board in; may be given several times; '
                   '"lab list" shows them')
    p.add_argument('--xhci', action='store_true',
                   help='an xHCI controller with two empty disks, for '
                   'benchmarks (stock kernels)')
    p.add_argument('--icount', action='store_true',
                   help='an instruction takes a nanosecond of the guest\'s '
                   'time, and waiting none of ours: what is measured is exact '
                   'and repeats (stock kernels)')
    p.add_argument('--root', choices=('host', 'initramfs'), default='host',
                   help='initramfs: a guest without a disk, which can sleep '
                   '(stock kernels); see below')
    p.add_argument('--file', action='append', default=[], metavar='PATH',
                   help='with --root=initramfs: take this file, program or '
                   'folder along; may be given several times')
    p.add_argument('--keyboard', choices=keyboard.CONTROLLERS,
                   help='a USB keyboard at a controller of this kind, whose '
                   'keys COMMAND can press (stock kernels); see below')
    p.add_argument('--module', action='append', default=[], metavar='NAME',
                   help='insert this module of the kernel, and those it '
                   'needs (stock kernels); may be given several times')
    p.add_argument('--timeout', type=float, metavar='S',
                   help='seconds until the guest is killed: 120 on uml, '
                   'else 600')
    p.add_argument('--no-driver', dest='driver', action='store_false',
                   help='do not insert winusb.ko, nor bind it')
    p.add_argument('--no-bind', dest='bind', action='store_false',
                   help='plug the boards in, but do not bind them')
    p.add_argument('--no-leaks', dest='leaks', action='store_false',
                   help='uml-debug without kmemleak: half a minute shorter')
    p.add_argument('--kunit', action='store_true',
                   help='with the KUnit suites among the modules')
    p.add_argument('--coverage', action='store_true',
                   help='with modules that count what runs (uml)')
    p.add_argument('--out', metavar='DIR',
                   help='what COMMAND writes to $WINUSB_LAB_OUT goes to DIR')
    p.add_argument('--log', metavar='FILE',
                   help='write the kernel\'s log there')
    p.add_argument('--memory', metavar='SIZE', help='for example 512M')
    p.add_argument('--append', action='append', default=[], metavar='OPTION',
                   help='for the kernel\'s command line; may be repeated')
    p.add_argument('-v', '--verbose', action='store_true',
                   help='show the kernel\'s log as it comes')
    p.add_argument('command', nargs=argparse.REMAINDER, metavar='COMMAND')
    p.set_defaults(run=cmd_run)


def parser():
    main = argparse.ArgumentParser(
        prog='scripts/lab', description='Guest kernels and emulated boards to '
        'test the driver with. All that is built or fetched is kept in '
        f'$WINUSB_CACHE, by default ~/.cache/winusb.',
        epilog='Each has its own --help.')
    sub = main.add_subparsers(dest='what', required=True, metavar='WHAT')
    add_run(sub)

    p = sub.add_parser('list', help='show kernels, boards, what is cached')
    p.set_defaults(run=cmd_list)

    p = sub.add_parser('build', help='make kernels and our modules ready',
                       description='Builds or fetches the kernels (all of '
                       'them if none is named) and our modules for them.')
    p.add_argument('--kernel-only', action='store_true',
                   help='without our modules')
    p.add_argument('kernels', nargs='*', metavar='KERNEL',
                   help=', '.join(BUILDS))
    p.set_defaults(run=cmd_build)

    one = argparse.ArgumentParser(add_help=False)
    one.add_argument('kernel', metavar='KERNEL', choices=BUILDS,
                     help=', '.join(BUILDS))
    one.add_argument('--smp', action='store_true',
                     help='uml for several CPUs')

    p = sub.add_parser('modules', parents=[one],
                       help='build our modules for a kernel, print the folder')
    p.add_argument('--no-kunit', action='store_true',
                   help='without the KUnit suites')
    p.add_argument('--coverage', action='store_true',
                   help='modules that count what runs (uml)')
    p.set_defaults(run=cmd_modules)

    p = sub.add_parser('kdir', parents=[one],
                       help='print a kernel\'s build folder, for KDIR=')
    p.set_defaults(run=cmd_kdir)

    p = sub.add_parser('source', help='print a kernel source\'s folder')
    p.add_argument('version', choices=('6.1', 'latest'))
    p.set_defaults(run=cmd_source)

    p = sub.add_parser('clean', help='remove kernels from the cache',
                       description='Removes kernels from the cache; without '
                       'a name everything.')
    p.add_argument('kernels', nargs='*', metavar='KERNEL',
                   help=', '.join(BUILDS))
    p.set_defaults(run=cmd_clean)

    p = sub.add_parser('update', help='look for newer kernels at the next use')
    p.set_defaults(run=cmd_update)
    return main


def main():
    o = parser().parse_args()
    if o.what == 'run' and o.command[:1] == ['--']:
        o.command = o.command[1:]
    for name in getattr(o, 'kernels', []):
        if name not in BUILDS:
            print(f'lab: error: no kernel {name}: choose from '
                  f'{", ".join(BUILDS)}', file=sys.stderr)
            return 2
    try:
        return o.run(o)
    except Error as e:
        print(f'lab: error: {e}', file=sys.stderr)
        return 1
    except OSError as e:
        where = f' ({e.filename})' if e.filename else ''
        print(f'lab: error: {e.strerror}{where}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('lab: interrupted', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
