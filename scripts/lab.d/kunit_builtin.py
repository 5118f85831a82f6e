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
from common import (LAB_D, TREE, Error, cache, check_space, lock, need, read,
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
    shutil.rmtree(linux + '.new', ignore_errors=True)
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
    write(os.path.join(os.path.dirname(linux), 'source'), source)


def fragment_text():
    return (read(os.path.join(LAB_D, f'{NAME}.config')) +
            read(os.path.join(TREE, 'kunit/.kunitconfig')))


def configure(linux, log):
    fragment = fragment_text()
    path = os.path.join(os.path.dirname(linux), 'fragment')
    write(path, fragment)
    run_logged(['make', '-C', linux, 'ARCH=um', f'KCONFIG_ALLCONFIG={path}',
                'allnoconfig'], log, 'configuring the kernel 6.1')
    kernels.check_config(NAME, fragment, read(os.path.join(linux, '.config')))


def build():
    """Path of the kernel, up to date with the tree."""
    need(*kernels.BUILD_TOOLS)
    source = kernels.source('6.1')
    folder = cache('kernel', NAME)
    linux = os.path.join(folder, 'linux')
    tree = os.path.join(folder, 'tree')
    log = os.path.join(linux, 'log')
    image = os.path.join(linux, 'linux')
    key = hashlib.sha256('\n'.join(
        [source, kernels.compiler(), fragment_text()]).encode()).hexdigest()
    with lock(NAME):
        os.makedirs(tree, exist_ok=True)
        changed = modules.copy_tree(tree + '/')
        fresh = read(os.path.join(folder, 'key')) != key
        if not fresh and not changed and os.path.exists(image):
            return image
        if read(os.path.join(folder, 'source')) != source:
            plant(source, linux, tree)
        write(log, '')
        say('building the kernel 6.1 with the suites in it' +
            ('; minutes, once' if fresh else ''))
        if os.path.exists(image):
            os.unlink(image)
        if fresh:
            configure(linux, log)
            write(os.path.join(folder, 'key'), key)
        if kernels.compile_with_progress(NAME, linux):
            # Once more, so that the errors are the end of the log.
            run_logged(['make', '-s', 'ARCH=um', 'all'], log,
                       'building the kernel 6.1', cwd=linux)
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
