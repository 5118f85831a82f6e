# SPDX-License-Identifier: MIT
"""What the tests of this folder share: a guest that each of them finds as if just started, boards,
udev, and words for what is waited for. Everything here changes the machine: guests only."""

import fcntl
import glob
import os
import shutil
import socket
import struct
import subprocess
import time

FOLDER = os.path.dirname(os.path.realpath(__file__))
TREE = os.path.dirname(os.path.dirname(os.path.dirname(FOLDER)))
LAB = '/run/winusb-lab'
DEVICES = '/sys/bus/usb/devices'
DRIVER = '/sys/bus/usb/drivers/winusb'
AUTOBIND = '/sys/module/winusb/parameters/autobind'
BOARDS = '/run/system-boards.sock'
UDEVD = '/lib/systemd/systemd-udevd'
UDEVD_LOG = '/run/system-udevd.log'
# What winusbctl writes.
SETTINGS = ('/etc/winusb.d', '/etc/udev/rules.d/71-winusb-local.rules',
            '/etc/modprobe.d/winusb.conf', '/etc/modules-load.d/winusb.conf')
# How long what must not happen has to happen, in seconds.
QUIET = 1.0
USBDEVFS_IOCTL = 0xc0105512
USBDEVFS_CONNECT = 0x5517

# What modprobe shall know. All of a stock kernel would take depmod a minute in a guest.
MODULE_FOLDERS = ('kernel/drivers/usb', 'kernel/drivers/net/can', 'kernel/fs/configfs', 'extra')

TESTS = []


class Failed(Exception):
    """What was expected did not happen; the text says what did."""


class Skipped(Exception):
    """A test that cannot run here, and why."""


def test(function):
    TESTS.append((f'{function.__module__.removeprefix("test_")}.{function.__name__}', function))
    return function


def check(good, text):
    if not good:
        raise Failed(text)


def wait_for(what, condition, seconds=20.0):
    """The condition's value as soon as it is true."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f'after {seconds} seconds still not: {what}')
        time.sleep(0.02)


def stays(what, condition, seconds=QUIET):
    """For what must not happen: it has this long to happen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        check(condition(), f'it did not stay so: {what}')
        time.sleep(0.05)


def read(path, default=None):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read()
    except OSError:
        if default is None:
            raise
        return default


def write(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def sh(*argv, status=0, **options):
    """A command's output; its exit status must be this one, or may be any with None."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace', check=False,
                          **options)
    if status is not None and done.returncode != status:
        raise Failed(f'status {done.returncode}, not {status}: {" ".join(argv)}\n{done.stdout}')
    return done.stdout


def is_loaded(module):
    return os.path.exists(f'/sys/module/{module}/initstate')


def modprobe(*argv):
    sh('modprobe', *argv)


def driver_of(interface):
    """The name of the interface's driver, or None."""
    try:
        return os.path.basename(os.readlink(f'{DEVICES}/{interface}/driver'))
    except OSError:
        return None


def is_bound(interface):
    """Whether winusb has it. A link to the driver is there before, while it is being asked."""
    return os.path.exists(f'/sys/class/winusb/{interface}')


def attribute(node, name):
    """Text of a file of the node, or None while there is no such file."""
    try:
        return read(f'/sys/class/winusb/{node}/{name}').rstrip('\n')
    except FileNotFoundError:
        return None


def wait_for_node(node):
    """Until it is all there: its siblings bound, its descriptors read."""
    wait_for(f'{node} is bound', lambda: is_bound(node))
    wait_for(f'{node} is complete', lambda: attribute(node, 'function_complete') == '1')


def autobind(mode):
    write(AUTOBIND, mode)


def devices():
    """Names in sysfs of the devices that are no hubs of a controller."""
    return {name for name in os.listdir(DEVICES) if ':' not in name and not name.startswith('usb')}


def usb_node(device):
    """Its node of usbfs."""
    numbers = [int(read(f'{DEVICES}/{device}/{name}')) for name in ('busnum', 'devnum')]
    return '/dev/bus/usb/%03d/%03d' % tuple(numbers)


def usbfs_connect(device, number):
    """What libusb_attach_kernel_driver() does. Whether a driver took the interface."""
    argument = bytearray(struct.pack('IIQ', number, USBDEVFS_CONNECT, 0))
    fd = os.open(usb_node(device), os.O_RDWR | os.O_CLOEXEC)
    try:
        return fcntl.ioctl(fd, USBDEVFS_IOCTL, argument) == 1
    finally:
        os.close(fd)


class Boards:
    """A server of emulated boards, which are plugged in when a test says so."""

    def __init__(self, *specs):
        if not os.path.exists('/sys/devices/platform/vhci_hcd.0'):
            modprobe('vhci_hcd')
        # A board answers at once whatever the machine does: the driver waits half a second for it.
        self.server = subprocess.Popen(
            ['chrt', '--fifo', '1', 'winusb-boards', '--port=none', f'--control={BOARDS}', *specs],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        word = self.server.stdout.readline()
        if word.strip() != 'ready':
            self.stop()
            raise Failed(f'winusb-boards does not start: {word}')

    def command(self, board, text):
        """Its answer as a dictionary."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.connect(BOARDS)
            channel.sendall(f'{board} {text}\n'.encode())
            answer = channel.makefile().readline()
        check(answer.startswith('result=ok'), f'board {board}, {text}: {answer}')
        return dict(word.partition('=')[::2] for word in answer.split() if '=' in word)

    def attach(self, board=1):
        """Plugs it in; its name in sysfs."""
        before = devices()
        self.command(board, 'attach')
        self.command(board, 'wait config 1 20000')
        name = wait_for(f'board {board} is in sysfs', lambda: devices() - before).pop()
        wait_for(f'{name} has an interface',
                 lambda: glob.glob(f'{DEVICES}/{name}/{name}:*'))
        return name

    def unplug(self, board, name):
        self.command(board, 'unplug')
        wait_for(f'{name} is gone', lambda: name not in devices())

    def stop(self):
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()


class Udev:
    """systemd-udevd, with what it has made of the USB devices that there are. It says all that it
    does, for tests that fail, or only what is wrong."""

    def __init__(self, level='debug'):
        if not os.path.ismount(LAB):
            raise Failed('udev is started in guests of scripts/lab only, not on this machine')
        if not os.access(UDEVD, os.X_OK):
            raise Failed(f'there is no {UDEVD}: scripts/setup installs it')
        self.log = open(UDEVD_LOG, 'wb')
        self.daemon = subprocess.Popen([UDEVD], stdin=subprocess.DEVNULL, stdout=self.log,
                                       stderr=subprocess.STDOUT,
                                       env={**os.environ, 'SYSTEMD_LOG_LEVEL': level})
        wait_for('udevd answers', self.answers)
        sh('udevadm', 'trigger', '--type=subsystems', '--action=add')
        sh('udevadm', 'trigger', '--type=devices', '--action=add', '--subsystem-match=usb',
           '--subsystem-match=winusb')
        self.settle()

    def answers(self):
        check(self.daemon.poll() is None, 'udevd ended: ' + read(UDEVD_LOG))
        return not subprocess.run(['udevadm', 'control', '--ping', '--timeout=5'], check=False,
                                  stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL).returncode

    @staticmethod
    def settle():
        sh('udevadm', 'settle', '--timeout=60')

    @staticmethod
    def properties(path):
        """{name: value} of the database, for a path in /sys or a node."""
        text = sh('udevadm', 'info', '--query=property', path)
        return dict(line.partition('=')[::2] for line in text.splitlines())

    def stop(self):
        self.daemon.terminate()
        try:
            self.daemon.wait(30)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.log.close()
        remove(UDEVD_LOG)
        for part in glob.glob('/run/udev/*'):
            remove(part)


class Machine:
    """Remembers what a test did to the guest, and undoes it."""

    def __init__(self):
        self.parts = []
        self.files = []

    def boards(self, *specs):
        self.parts.append(Boards(*specs))
        return self.parts[-1]

    def udev(self, level='debug'):
        self.parts.append(Udev(level))
        return self.parts[-1]

    def keep(self, part):
        """Something with a stop()."""
        self.parts.append(part)
        return part

    def file(self, path, text):
        """A file that is there until the test ends."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.files.append(path)
        write(path, text)

    def reset(self):
        while self.parts:
            self.parts.pop().stop()
        while self.files:
            remove(self.files.pop())
        for path in (*SETTINGS, '/dev/winusb/by-guid', '/dev/winusb/by-id'):
            remove(path)
        wait_for('all devices are gone', lambda: not devices())
        for module in ('gs_usb', 'winusb'):
            if is_loaded(module):
                sh('rmmod', module)


MACHINE = Machine()


def install_tools():
    """winusbctl and the udev rule that calls it."""
    sh('make', '-s', '-C', os.path.join(TREE, 'tools/winusbctl'), 'install')


def install_module():
    """winusb.ko where modprobe finds it."""
    release = os.uname().release
    base = f'/lib/modules/{release}'
    os.makedirs(f'{base}/extra', exist_ok=True)
    shutil.copy(os.path.join(os.environ['WINUSB_LAB_MODULES'], 'winusb.ko'), f'{base}/extra')
    modules = []
    for folder in MODULE_FOLDERS:
        for path, _, names in os.walk(f'{base}/{folder}'):
            modules += [os.path.join(path, name) for name in names if '.ko' in name]
    sh('depmod', release, *modules)
