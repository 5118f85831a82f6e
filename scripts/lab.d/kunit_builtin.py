# SPDX-License-Identifier: MIT
"""The suites built into a 6.1 kernel, which also shows that the driver
builds in the kernel's tree.

The build folder is a farm of hard links to the kernel's source, with our
tree beside it and a link to it at drivers/usb/winusb."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile

import kernels
import modules
from common import (LAB_D, Error, cache, check_space, lock, need, read,
                    say, write)
from common import run as run_logged

NAME = 'kunit-6.1'


def replace(path, text):
    """Writes a new file: the old one is shared with the source."""
    os.unlink(path)
    with open(path, 'w') as file:
        file.write(text)


def plant(source, linux, tree):
    """Links the source and hooks our tree in."""
    check_space(os.path.dirname(linux), 1500)
    shutil.rmtree(linux, ignore_errors=True)
    say('linking the tree into the kernel source 6.1')
    result = subprocess.run(['cp', '-al', source, linux + '.new'])
    if result.returncode:
        raise Error(f'cannot link {source} to {linux}')
    usb = os.path.join(linux + '.new', 'drivers/usb')
    os.symlink(tree, f'{usb}/winusb')
    kconfig = read(f'{usb}/Kconfig')
    hook = 'source "drivers/usb/winusb/Kconfig"\n\n'
    mark = 'endif # USB_SUPPORT'
    if mark not in kconfig:
        raise Error('drivers/usb/Kconfig of 6.1 has no place for us')
    replace(f'{usb}/Kconfig', kconfig.replace(mark, hook + mark))
    replace(f'{usb}/Makefile', read(f'{usb}/Makefile') +
            '\nobj-y += winusb/\n')
    os.rename(linux + '.new', linux)


def configure(linux, log):
    fragment = read(os.path.join(LAB_D, f'{NAME}.config'))
    run_logged(['make', '-C', linux, 'ARCH=um',
         f'KCONFIG_ALLCONFIG={LAB_D}/{NAME}.config', 'allnoconfig'], log,
        'configuring the kernel 6.1')
    kernels.check_config(NAME, fragment, read(os.path.join(linux, '.config')))


def build():
    """Path of the kernel, up to date with the tree."""
    need(*kernels.BUILD_TOOLS)
    source = kernels.source('6.1')
    folder = cache('kernel', NAME)
    linux = os.path.join(folder, 'linux')
    tree = os.path.join(folder, 'tree')
    log = os.path.join(folder, 'log')
    image = os.path.join(linux, 'linux')
    key = hashlib.sha256('\n'.join(
        [source, kernels.compiler(),
         read(os.path.join(LAB_D, f'{NAME}.config'))]).encode()).hexdigest()
    with lock(NAME):
        os.makedirs(tree, exist_ok=True)
        changed = modules.copy_tree(tree + '/')
        fresh = read(os.path.join(folder, 'key')) != key
        if not fresh and not changed and os.path.exists(image):
            return image
        write(log, '')
        if not os.path.isdir(linux):
            plant(source, linux, tree)
        if fresh:
            configure(linux, log)
            write(os.path.join(folder, 'key'), key)
        say('building the kernel 6.1 with the suites in it' +
            ('; a minute or two, once' if fresh else ''))
        if os.path.exists(image):
            os.unlink(image)
        run_logged(['nice', 'make', '-C', linux, 'ARCH=um',
             f'-j{os.cpu_count() + 1}'], log, 'building the kernel 6.1')
        for line in read(log).splitlines():
            if re.search(r'drivers/usb/winusb/.*warning:', line):
                print(line)
    return image


def run_image(image, arguments, timeout):
    """(console, status)"""
    with tempfile.TemporaryDirectory(prefix='winusb-kunit-') as folder:
        child = subprocess.Popen(
            [image, 'mem=256M', 'con=null', 'con0=null,fd:1', 'ssl=null',
             'umid=kunit', f'uml_dir={folder}/', 'panic=-1', 'oops=panic',
             *arguments],
            env=dict(os.environ, TMPDIR=folder), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)
        try:
            out, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            out, _ = child.communicate()
            return out + b'\nno end in time\n', 1
        except BaseException:
            child.kill()
            child.wait()
            raise
    return out, child.returncode


def run(pattern, simulate, timeout):
    """(results, log, status): the suites' lines are part of the log."""
    arguments = ['kunit.enable=1', f'kunit.filter_glob={pattern}',
                 'kunit_shutdown=poweroff']
    if simulate:
        arguments.append('time-travel=inf-cpu')
    out, status = run_image(build(), arguments, timeout)
    log = out.decode(errors='replace').replace('\r', '')
    return log, log, status
