# SPDX-License-Identifier: MIT
"""The files that a guest boots with, as an archive that the kernel unpacks:
what reaches the disk, or, for --root=initramfs, all that there is."""

import os
import re
import shutil
import stat
import subprocess

from common import TREE, Error, need

# Links to folders, as on the host.
LINKS = {'bin': 'usr/bin', 'sbin': 'usr/sbin', 'lib': 'usr/lib',
         'lib64': 'usr/lib64'}
FOLDERS = ('dev', 'proc', 'sys', 'tmp', 'root', 'etc', 'run', 'usr/bin',
           'usr/sbin', 'usr/lib', 'usr/lib64', 'run/winusb-lab/out')
BUSYBOX = '/usr/bin/busybox'
WINUSBCTL = os.path.join(TREE, 'tools/winusbctl/winusbctl')


class Cpio:
    """Just enough of the newc format for an initramfs."""

    def __init__(self):
        self.data = bytearray()
        self.inode = 0

    def add(self, name, mode, content=b'', device=(0, 0)):
        self.inode += 1
        name = name.encode() + b'\0'
        fields = (self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device,
                  len(name), 0)
        self.data += b'070701' + b''.join(b'%08X' % f for f in fields) + name
        self.data += b'\0' * (-len(self.data) % 4)
        self.data += content
        self.data += b'\0' * (-len(self.data) % 4)

    def end(self):
        self.add('TRAILER!!!', 0)
        return bytes(self.data)


def libraries(path):
    """What the loader would map for that program, the loader included."""
    done = subprocess.run(['ldd', path], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    missing = re.findall(r'^\s*(\S+) => not found', done.stdout, re.M)
    if missing:
        raise Error(f'{path} needs {", ".join(missing)}, not found here')
    return re.findall(r'(/\S+) \(0x', done.stdout)


def interpreter(path):
    """The programs that a script's first line names."""
    with open(path, 'rb') as file:
        first = file.readline(256)
    words = os.fsdecode(first[2:]).split()
    if not first.startswith(b'#!') or not words:
        return []
    if os.path.basename(words[0]) != 'env':
        return words[:1]
    return words[:1] + [word for word in words[1:2]
                        if not word.startswith('-')]


class Root:
    """Files by their place in the guest, each there once."""

    def __init__(self, path):
        """PATH: where programs without a folder are looked for."""
        self.search = path
        self.cpio = Cpio()
        self.places = set()
        for name in FOLDERS:
            self.folder(name)
        for name, target in LINKS.items():
            self.link(name, target)
        need('busybox')
        busybox = shutil.which('busybox', path=path)
        self.put(BUSYBOX, busybox)
        applets = subprocess.run([busybox, '--list'], text=True, check=True,
                                 stdout=subprocess.PIPE).stdout.split()
        self.applets = set(applets) - {'busybox'}

    @staticmethod
    def place(path):
        """A path without the host's links to folders, and without '/'."""
        path = os.path.abspath(path)
        return os.path.join(os.path.realpath(os.path.dirname(path)),
                            os.path.basename(path)).lstrip('/')

    def folder(self, name):
        parent = os.path.dirname(name)
        if parent and parent not in self.places:
            self.folder(parent)
        if name and name not in self.places:
            self.places.add(name)
            mode = 0o1777 if name == 'tmp' else 0o755
            self.cpio.add(name, stat.S_IFDIR | mode)

    def link(self, name, target):
        self.places.add(name)
        self.cpio.add(name, stat.S_IFLNK | 0o777, target.encode())

    def put(self, place, source, content=None):
        """One file as it is; CONTENT instead of what is in SOURCE."""
        place = place.lstrip('/')
        if place in self.places:
            return False
        if content is None:
            with open(source, 'rb') as file:
                content = file.read()
        self.folder(os.path.dirname(place))
        self.places.add(place)
        self.cpio.add(place, stat.S_IFREG | (os.stat(source).st_mode & 0o777),
                      content)
        return True

    def add(self, path):
        """A file, with what it needs if it is a program; or a folder."""
        if os.path.isdir(path):
            self.folder(self.place(path))
            for name in sorted(os.listdir(path)):
                inner = os.path.join(path, name)
                if os.path.isdir(inner) or os.path.isfile(inner):
                    self.add(inner)
            return
        if not self.put(self.place(path), path):
            return
        if not os.access(path, os.X_OK):
            return
        for other in interpreter(path):
            self.program(other)
        for library in libraries(path):
            self.add(library)

    def program(self, name):
        """By its path, or as the guest's shell will look it up."""
        if '/' in name:
            if os.path.exists(name):
                self.add(name)
            return
        found = shutil.which(name, path=self.search)
        if found and (found.startswith(TREE + '/') or
                      name not in self.applets):
            self.add(found)

    def named(self, name):
        """What --file names, so it must be there."""
        path = name if '/' in name or os.path.exists(name) else \
            shutil.which(name, path=self.search)
        if not path or not os.path.exists(path):
            raise Error(f'--file={name}: there is no such file')
        self.add(path)

    def end(self):
        """The archive. What nobody brought along is busybox."""
        for applet in sorted(self.applets):
            if not {f'usr/bin/{applet}', f'usr/sbin/{applet}'} & self.places:
                self.link(f'usr/bin/{applet}', 'busybox')
        return self.cpio.end()


def make(guest, init, insmod):
    """Writes the archive for a guest; gives its path."""
    o = guest.options
    root = Root(guest.environment()['PATH'])
    root.cpio.add('dev/console', stat.S_IFCHR | 0o600, device=(5, 1))
    root.put('init', init)
    root.put('run/winusb-lab/job', guest.path('job'))
    for name in os.listdir(guest.path('modules')):
        if name != 'winusb.ko' and not o.kunit:
            continue
        # Without the debug information, which is nine tenths of it.
        stripped = guest.path(f'stripped-{name}')
        subprocess.run(['strip', '-g', '-o', stripped,
                        guest.path('modules', name)], check=True)
        root.put(f'run/winusb-lab/modules/{name}', stripped)
        os.unlink(stripped)
    for path in insmod:
        root.put(path, path)
    root.folder(os.path.realpath(os.getcwd()).lstrip('/'))
    if os.path.exists(WINUSBCTL):
        root.add(WINUSBCTL)
    if o.command:
        root.program(o.command[0])
    for name in o.file:
        root.named(name)
    path = guest.path('initramfs')
    with open(path, 'wb') as file:
        file.write(root.end())
    return path
