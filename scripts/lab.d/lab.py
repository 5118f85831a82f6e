# SPDX-License-Identifier: MIT
"""scripts/lab: kernels and boards for tests. See --help."""

import argparse
import os
import shutil
import sys

import guest
import kernels
import modules
import stock
from common import TREE, Error, cache, lock, need

KERNELS = ('uml', 'uml-debug', '6.1', '6.12', 'latest')


def kernel_argument(parser, **kwargs):
    parser.add_argument('kernel', metavar='KERNEL', choices=KERNELS, **kwargs)
    parser.add_argument('--smp', action='store_true',
                        help='the build for several CPUs')


def prepare(kernel, smp):
    if kernel.startswith('uml'):
        name = kernels.uml_name(kernel, smp)
        folder = kernels.build_uml(name)
        return guest.Uml(folder, name, kernels.release(folder),
                         kernels.key_of(name))
    return stock.prepare(kernel)


def cmd_run(o):
    if o.timeout is None:
        o.timeout = 120 if o.kernel == 'uml' else 600
    if o.kernel == 'uml-debug':
        o.smp = True
    if not o.command and not sys.stdin.isatty():
        raise Error('a shell needs a terminal: give a COMMAND')
    kernel = prepare(o.kernel, o.smp)
    modules.build_tools()
    with lock(f'kernel-{kernel.name}', shared=True):
        g = guest.Guest(kernel, o)
        if o.driver:
            modules.build(kernel, o.kunit, o.coverage, g.path('modules'))
        g.write_job()
        return g.run()


def cmd_modules(o):
    print(modules.build(prepare(o.kernel, o.smp), not o.no_kunit, o.coverage))
    return 0


def cmd_kdir(o):
    print(prepare(o.kernel, o.smp).kdir())
    return 0


def cmd_source(o):
    print(kernels.source(o.version))
    return 0


def parser():
    main = argparse.ArgumentParser(
        prog='scripts/lab',
        description='Boots a guest kernel whose root is this machine\'s file '
        'system, read-only under a scratch layer, and runs a command in it.')
    sub = main.add_subparsers(dest='what', required=True, metavar='WHAT')

    p = sub.add_parser('run', help='run a command (or a shell) in a guest')
    p.add_argument('--kernel', choices=KERNELS, default='uml')
    p.add_argument('--smp', action='store_true', help='several CPUs')
    p.add_argument('--cpus', type=int, default=2, metavar='N')
    p.add_argument('--board', action='append', default=[],
                   metavar='NAME[,OPTION=VALUE]...')
    p.add_argument('--timeout', type=float, metavar='S')
    p.add_argument('--no-driver', dest='driver', action='store_false')
    p.add_argument('--no-bind', dest='bind', action='store_false')
    p.add_argument('--no-leaks', dest='leaks', action='store_false')
    p.add_argument('--kunit', action='store_true')
    p.add_argument('--coverage', action='store_true')
    p.add_argument('--out', metavar='DIR')
    p.add_argument('--log', metavar='FILE')
    p.add_argument('--memory', metavar='SIZE')
    p.add_argument('--append', action='append', default=[])
    p.add_argument('-v', '--verbose', action='store_true')
    p.add_argument('command', nargs=argparse.REMAINDER)
    p.set_defaults(run=cmd_run)

    p = sub.add_parser('kdir', help='print a kernel\'s build folder')
    kernel_argument(p)
    p.set_defaults(run=cmd_kdir)

    p = sub.add_parser('modules', help='build our modules for a kernel and '
                       'print their folder')
    kernel_argument(p)
    p.add_argument('--no-kunit', action='store_true')
    p.add_argument('--coverage', action='store_true')
    p.set_defaults(run=cmd_modules)

    p = sub.add_parser('source', help='print a kernel source folder')
    p.add_argument('version', choices=('6.1', 'latest'))
    p.set_defaults(run=cmd_source)
    return main


def main():
    o = parser().parse_args()
    if o.what == 'run' and o.command[:1] == ['--']:
        o.command = o.command[1:]
    try:
        return o.run(o)
    except Error as e:
        print(f'lab: error: {e}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


sys.exit(main())
