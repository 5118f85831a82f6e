# SPDX-License-Identifier: MIT
"""One run of a guest: its orders, its start, its output, its judgement."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time

from channel import Channel
from common import CACHE, LAB_D, TREE, Error, cache, lock, read, say, write
from keyboard import Keyboard

# Not the guest's business, or wrong there.
DROPPED = re.compile(r'^(LD_PRELOAD|LD_LIBRARY_PATH|TMPDIR|TMP|TEMP|XDG_.*|'
                     r'DBUS_.*|SSH_.*|DISPLAY|SHLVL|_|OLDPWD|MAKEFLAGS|'
                     r'MFLAGS|MAKELEVEL|MAKEOVERRIDES|WINUSB_LAB_.*)$')
TOOL_FOLDERS = ('tools/winusbctl', 'tools/testing/boards',
                'tools/testing/selftests', 'tools/testing/bench')
BOOTED = 'winusb-lab: booted'


def helper(name):
    """Path of a small static C program of the lab, built when it changed."""
    sources = {
        'init': ['init.c', 'init-channel.c', 'init-boards.c', 'init-run.c',
                 'init-finish.c'],
        'jail': ['jail.c'],
    }[name]
    paths = [os.path.join(LAB_D, source) for source in sources]
    inputs = paths + [os.path.join(LAB_D, 'init.h')]
    built = os.path.join(cache('lab'), name)
    stamp = ' '.join(f'{p}:{os.stat(p).st_mtime_ns}' for p in inputs)
    if read(f'{built}.stamp') == stamp and os.path.exists(built):
        return built
    with lock(f'helper-{name}'):
        result = subprocess.run(['gcc', '-O2', '-Wall', '-Wextra', '-static',
                                 '-o', f'{built}.new', *paths],
                                stdout=sys.stderr)
        if result.returncode:
            raise Error(f'cannot compile the lab\'s {name}')
        os.rename(f'{built}.new', built)
        write(f'{built}.stamp', stamp)
    return built


def load_patterns(name):
    """The lines of a pattern file, as one regular expression."""
    lines = [line for line in (read(os.path.join(LAB_D, name)) or ''
                               ).splitlines()
             if line and not line.startswith('#')]
    return re.compile('|'.join(f'(?:{line})' for line in lines) or r'(?!)')


def find_splats(log):
    """[(line number, line)] of what a kernel must not say."""
    splat = load_patterns('splats')
    excused = load_patterns('boot-splats')
    booted = False
    found = []
    lines = log.splitlines()
    for number, line in enumerate(lines):
        booted = booted or BOOTED in line
        if not splat.search(line):
            continue
        if not booted and excused.match('\n'.join(lines[number:number + 6])):
            continue
        found.append((number, line))
    return found


def show(title, lines):
    sys.stdout.flush()
    sys.stderr.write(f'lab: ---- {title}\n')
    sys.stderr.write(''.join(f'  {line}\n' for line in lines))
    sys.stderr.write('lab: ----\n')
    sys.stderr.flush()


class Follower:
    """Copies a growing file to one of our own descriptors."""

    def __init__(self, path, fd):
        self.path, self.fd, self.file = path, fd, None

    def move(self):
        if not self.file:
            try:
                self.file = open(self.path, 'rb', buffering=0)
            except FileNotFoundError:
                return
        while data := self.file.read(1 << 16):
            while data:
                data = data[os.write(self.fd, data):]


class Guest:
    """kernel: an object with name, command(guest) and timeout."""

    def __init__(self, kernel, options):
        self.kernel = kernel
        self.options = options
        base = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
        self.dir = tempfile.mkdtemp(prefix='winusb-lab-', dir=base)
        os.chmod(self.dir, 0o755)
        os.mkdir(self.path('out'))
        os.mkdir(self.path('modules'))
        self.channel = None
        if options.root == 'initramfs':
            self.channel = Channel(self.dir)
        self.keyboard = None
        self.child = None
        self.console = bytearray()
        self.stopped = None

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    # -- before

    def environment(self):
        o = self.options
        env = {k: v for k, v in os.environ.items() if not DROPPED.match(k)}
        tools = [os.path.join(TREE, folder) for folder in TOOL_FOLDERS]
        tools.append(os.path.join(CACHE, 'bench'))
        env['PATH'] = ':'.join(tools + [
            env.get('PATH', ''), '/usr/sbin', '/usr/bin', '/sbin', '/bin'])
        env['HOME'] = env.get('HOME') or '/root'
        env['WINUSB_LAB_KERNEL'] = o.kernel
        env['WINUSB_LAB_SMP'] = '1' if o.smp else '0'
        env['WINUSB_LAB_DEBUG'] = '1' if o.kernel == 'uml-debug' else '0'
        env['WINUSB_LAB_MODULES'] = '/run/winusb-lab/modules'
        if o.out:
            env['WINUSB_LAB_OUT'] = '/run/winusb-lab/out'
        if o.keyboard:
            env['WINUSB_LAB_HOST'] = '/dev/ttyS2'
        return env

    def write_job(self):
        o = self.options
        job = [('cwd', os.getcwd()),
               ('plug_timeout', '60' if o.kernel == 'uml-debug' else '20')]
        job += [('env', f'{k}={v}') for k, v in self.environment().items()]
        if o.root == 'host':
            job += [('lib_modules', self.kernel.lib_modules)]
        job += [('insmod', path) for path in self.kernel.insmod(o)]
        if o.driver:
            job += [('insmod', '/run/winusb-lab/modules/winusb.ko')]
            if o.bind:
                job += [('bind', '1')]
        job += [('board', board) for board in o.board]
        if o.keyboard:
            job += [('keyboard', '1')]
        if o.kernel == 'uml-debug' and o.leaks:
            job += [('leaks', '1')]
        if o.command:
            job += [('arg', arg) for arg in o.command]
        else:
            job += [('shell', self.kernel.tty)]
            size = shutil.get_terminal_size()
            job += [('winsize', f'{size.lines} {size.columns}')]
        data = b''.join(os.fsencode(f'{k}={v}') + b'\0' for k, v in job)
        if len(data) >= 256 * 1024:
            raise Error('command and environment are longer than 256 KiB')
        with open(self.path('job'), 'wb') as file:
            file.write(data)

    # -- during

    def start(self):
        interactive = not self.options.command
        writable = ['-w', self.dir]
        os.mkdir(self.path('tmp'))
        if self.options.out:
            os.makedirs(self.options.out, exist_ok=True)
        if self.options.keyboard:
            self.keyboard = Keyboard(self.dir)
        argv = [helper('jail'), *writable, *self.kernel.command(self, helper('init'))]
        env = dict(os.environ, TMPDIR=self.path('tmp'))
        if interactive:
            return subprocess.Popen(argv, env=env)
        return subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT,
                                start_new_session=True)

    def read_console(self):
        """In a thread: keeps the pipe empty and notes progress."""
        while data := os.read(self.child.stdout.fileno(), 1 << 16):
            self.console += data
            if self.options.verbose:
                sys.stderr.buffer.write(data)
                sys.stderr.flush()

    def stop(self, why):
        self.stopped = self.stopped or why
        self.child.kill()

    def move(self, followers):
        if self.channel:
            self.channel.move()
        for follower in followers:
            follower.move()

    def follow(self):
        """Shows the output as it comes, until the guest ends."""
        followers = [Follower(self.path('stdout'), 1),
                     Follower(self.path('stderr'), 2)]
        reader = threading.Thread(target=self.read_console, daemon=True)
        reader.start()
        end = time.monotonic() + self.options.timeout
        waiter = os.pidfd_open(self.child.pid)
        try:
            while not select.select([waiter], [], [], 0.05)[0]:
                self.move(followers)
                if time.monotonic() > end and not self.stopped:
                    self.stop(f'no end after {self.options.timeout} s; '
                              '--timeout=S allows more')
        except (BrokenPipeError, KeyboardInterrupt):
            self.stop('interrupted')
            raise
        finally:
            self.child.wait()
            os.close(waiter)
            reader.join(5)
        self.move(followers)

    def interact(self):
        fd = sys.stdin.fileno()
        saved = termios.tcgetattr(fd) if os.isatty(fd) else None
        try:
            self.child.wait()
        finally:
            if self.child.poll() is None:
                self.child.kill()
                self.child.wait()
            if saved:
                termios.tcsetattr(fd, termios.TCSADRAIN, saved)

    # -- after

    def log(self):
        text = self.console.decode(errors='replace').replace('\r', '')
        # Colours of the host's tools have no place in a log.
        return re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', text)

    def leaks(self):
        """kmemleak's entries that are ours: our symbols, or no symbol left
        because the module is gone."""
        report = read(self.path('kmemleak'))
        if not report:
            return []
        entries = re.split(r'(?m)^(?=unreferenced object )', report)
        return [entry for entry in entries
                if re.search(r'winusb_|\[winusb|^\s+(\[<[0-9a-f]+>\] )?'
                             r'0x[0-9a-f]{8,16}$', entry, re.M)]

    def judge(self):
        """The exit status for the caller; says what went wrong."""
        log = self.log()
        lines = log.splitlines()
        status = read(self.path('rc'))
        failed = False
        if self.options.log:
            write(self.options.log, log)

        splats = find_splats(log)
        if splats:
            first = splats[0][0]
            show('the kernel complained', lines[max(0, first - 3):first + 70])
            if len(splats) > 1:
                show('further lines of that kind',
                     [line for _, line in splats[1:20]])
            say(f'failed: {splats[0][1].strip()}')
            failed = True
        for line in (read(self.path('findings')) or '').splitlines():
            say(f'failed: {line}')
            failed = True
        leaks = self.leaks()
        if leaks:
            show('kmemleak found memory of the driver',
                 ''.join(leaks[:5]).splitlines())
            for name in os.listdir(self.dir):
                if name.startswith('text-of-'):
                    say(f'.text: {read(self.path(name))}')
            say(f'failed: {len(leaks)} leaks')
            failed = True
        if status is None:
            if not splats:
                show('the end of the console', lines[-60:])
            say('failed: ' + (read(self.path('error')) or self.stopped or
                              'the guest ended without an exit status'))
            failed = True
        if failed:
            return int(status) if status and int(status) else 99
        return int(status)

    def run(self):
        def on_signal(number, _frame):
            raise KeyboardInterrupt(number)

        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, on_signal)
        try:
            self.child = self.start()
            if self.options.command:
                self.follow()
                status = self.judge()
            else:
                self.interact()
                self.move([])
                status = int(read(self.path('rc'), '99'))
            if self.options.out:
                shutil.copytree(self.path('out'), self.options.out,
                                dirs_exist_ok=True)
            return status
        finally:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            if self.child and self.child.poll() is None:
                self.child.kill()
                self.child.wait()
            shutil.rmtree(self.dir, ignore_errors=True)


class Uml:
    """A user-mode kernel as a guest's kernel."""

    tty = '/dev/tty0'

    def __init__(self, folder, name, release, key):
        self.folder = folder
        self.name = name
        self.key = key
        self.lib_modules = os.path.join(folder, 'modules/lib/modules', release)

    def kdir(self):
        return self.folder

    def insmod(self, options):
        if not options.board:
            return []
        drivers = os.path.join(self.lib_modules, 'kernel/drivers/usb/usbip')
        return [os.path.join(drivers, 'usbip-core.ko'),
                os.path.join(drivers, 'vhci-hcd.ko')]

    def make_modules(self, tree):
        return ['make', '-s', '-C', self.folder, f'M={tree}', 'ARCH=um',
                f'-j{os.cpu_count()}', 'modules']

    def command(self, guest, init):
        o = guest.options
        argv = [os.path.join(self.folder, 'linux'),
                f'mem={o.memory or ("1G" if o.kernel == "uml-debug" else "384M")}',
                'seccomp=on', 'rootfstype=hostfs', 'rootflags=/', 'ro',
                f'init={init}', f'winusb_out={guest.dir}',
                'con=null', 'con0=fd:0,fd:1', 'umid=lab',
                f'uml_dir={guest.path("tmp")}/', 'panic=-1', 'oops=panic']
        if o.smp:
            argv.append(f'ncpus={o.cpus}')
        if o.kernel == 'uml-debug':
            # Without caches of free objects, whose stale pointers hide leaks.
            argv.append('slab_debug=F' if o.leaks else 'kmemleak=off')
        if not o.command:
            argv.append('quiet')
        return argv + o.append
