# SPDX-License-Identifier: MIT
"""Our modules, built for each kernel from a copy of the tree in the cache,
so that kernels do not disturb each other and the tree stays clean."""

import glob
import os
import subprocess
import sys

import kernels
from common import TREE, Error, cache, lock, need, read, run, say, write

PARTS = ('Kbuild', 'Kconfig', 'driver', 'include', 'kunit',
         'tools/testing/hcd')
PRODUCTS = ('*.o', '*.ko', '*.mod', '*.mod.c', '*.cmd', '*.symvers', '*.order',
            '*.gcno', '*.gcda', '.tmp_*', '*.d')


def copy_tree(target):
    """True when anything changed. Unchanged files keep their times."""
    parts = [part for part in PARTS if os.path.exists(f'{TREE}/{part}')]
    argv = ['rsync', '-rlpR', '--checksum', '--delete', '--itemize-changes']
    argv += [f'--exclude={pattern}' for pattern in PRODUCTS]
    result = subprocess.run([*argv, *parts, target], cwd=TREE, text=True,
                            stdout=subprocess.PIPE)
    if result.returncode:
        raise Error(f'cannot copy the tree to {target}')
    return any(line[:1] in '<>c*' for line in result.stdout.splitlines())


def snapshot(build, target):
    """Links or copies the modules, and what tools need to read them."""
    for path in glob.glob(f'{build}/**/*.ko', recursive=True):
        subprocess.run(['cp', '-f', path, target], check=True)


def build(kernel, kunit=False, coverage=False, target=None):
    """Folder with our .ko files for that kernel, all in one level; with
    target, a copy of it that nobody changes."""
    name = (kernel.name + ('-kunit' if kunit else '') +
            ('-coverage' if coverage else ''))
    folder = cache('modules', name)
    tree = os.path.join(folder, 'tree')
    log = os.path.join(folder, 'log')
    stamp = os.path.join(folder, 'key')
    need('rsync', 'make', 'gcc')
    os.makedirs(tree, exist_ok=True)
    with lock(f'modules-{name}'):
        argv = kernel.make_modules(tree) + ['WINUSB_TESTS=y']
        if not kunit:
            argv.append('CONFIG_KUNIT=')
        if coverage:
            argv.append('GCOV_PROFILE=y')
        key = kernel.key + '\n' + ' '.join(argv)
        changed = copy_tree(tree + '/')
        if changed or read(stamp) != key:
            if os.path.exists(stamp):
                os.unlink(stamp)
            write(log, '')
            say(f'building the driver for {name}')
            run(argv, log, f'building the driver for {name}')
            out = cache('modules', name, 'ko')
            for old in os.listdir(out):
                os.unlink(os.path.join(out, old))
            snapshot(tree, out)
            if not os.path.exists(os.path.join(out, 'winusb.ko')):
                raise Error(f'the build made no winusb.ko; the log is {log}')
            warnings = [line for line in read(log).splitlines()
                        if 'warning:' in line and 'compiler differs' not in line]
            for line in warnings:
                print(line, file=sys.stderr)
            write(stamp, key)
        out = os.path.join(folder, 'ko')
        if target:
            subprocess.run(['cp', '-r', '--', f'{out}/.', target], check=True)
    return out


def is_built(name):
    return os.path.exists(os.path.join(cache('modules', name), 'key'))


def build_tools(bench=False):
    """The programs that commands in a guest find on their PATH."""
    folders = ['tools/testing/boards', 'tools/winusbctl']
    if bench:
        # Its library is not needed otherwise.
        if not os.path.exists('/usr/include/liburing.h'):
            need('liburing.h')
        folders.append('tools/testing/bench')
        build_testusb()
    for folder in folders:
        path = os.path.join(TREE, folder)
        if not os.path.exists(os.path.join(path, 'Makefile')):
            continue
        with lock('tools-' + os.path.basename(folder)):
            result = subprocess.run(['make', '-s', '-C', path],
                                    stdin=subprocess.DEVNULL,
                                    stdout=sys.stderr)
        if result.returncode:
            raise Error(f'cannot build {folder}')


def build_testusb():
    """The program of the kernel's source that runs usbtest's cases."""
    program = os.path.join(cache('bench'), 'testusb')
    if os.path.exists(program):
        return
    source = os.path.join(kernels.source('latest'), 'tools/usb/testusb.c')
    with lock('testusb'):
        run(['gcc', '-O2', '-pthread', '-o', f'{program}.new', source],
            f'{program}.log', 'building testusb')
        os.rename(f'{program}.new', program)
