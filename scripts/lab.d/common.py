# SPDX-License-Identifier: MIT
"""What all parts of the lab share: folders, locks, messages, commands."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys

LAB_D = os.path.dirname(os.path.realpath(__file__))
TREE = os.path.dirname(os.path.dirname(LAB_D))
CACHE = os.environ.get('WINUSB_CACHE') or os.path.join(
    os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'),
    'winusb')


class Error(Exception):
    """A failure that one sentence explains; no trace is wanted."""


def say(text):
    """Progress goes to stderr: stdout belongs to the command."""
    print(f'lab: {text}', file=sys.stderr, flush=True)


def cache(*parts):
    """A folder in the cache, made if it is not there."""
    path = os.path.join(CACHE, *parts)
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as e:
        raise Error(f'cannot make the cache folder {path}: {e.strerror}; '
                    'set WINUSB_CACHE to a folder you can write') from e
    return path


@contextlib.contextmanager
def lock(name, shared=False, wait=True):
    """One builder at a time; users of a kernel hold it shared. Gives whether
    it is locked, which it is not only when wait is off."""
    path = os.path.join(cache('lock'), name)
    with open(path, 'w') as file:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                yield False
                return
            say(f'waiting for another lab that is busy with {name}')
            fcntl.flock(file, kind)
        yield True


def read(path, default=None):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return default


def write(path, text):
    """All or nothing."""
    with open(path + '.new', 'w') as file:
        file.write(text)
    os.rename(path + '.new', path)


def need(*tools):
    """Installs what is missing; cheap when nothing is."""
    path = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
    if all(shutil.which(tool, path=path) for tool in tools):
        return
    result = subprocess.run([os.path.join(TREE, 'scripts', 'setup')],
                            stdout=sys.stderr)
    if result.returncode:
        raise Error('a tool is missing: ' + ', '.join(
            tool for tool in tools if not shutil.which(tool, path=path)))


def check_space(path, megabytes):
    free = shutil.disk_usage(path).free >> 20
    if free < megabytes:
        raise Error(f'{path} has {free} MB free, {megabytes} MB are needed; '
                    'make room or set WINUSB_CACHE to another disk')


def run(argv, log, what, **kwargs):
    """Runs argv, its output in the log file; an Error shows its end."""
    with open(log, 'ab') as file:
        result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=file,
                                stderr=subprocess.STDOUT, **kwargs)
    if result.returncode:
        lines = (read(log) or '').splitlines()
        sys.stderr.write(''.join(f'  {line}\n' for line in lines[-25:]))
        if any('No space left on device' in line for line in lines[-25:]):
            raise Error(f'{what}: the disk is full; make room or set '
                        'WINUSB_CACHE to another disk')
        raise Error(f'{what} failed; the log is {log}')
