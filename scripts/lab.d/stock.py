# SPDX-License-Identifier: MIT
"""Debian's own kernels under QEMU, fetched and unpacked, never installed.

The folder of a kernel holds `vmlinux`, `modules/lib/modules/VERSION`,
`initrd`, `plain` (modules for the agent, decompressed), and what builds
modules: `headers`, or for a kernel whose tools need a newer libc than this
machine has a small Debian root, `root`.
"""

import glob
import hashlib
import lzma
import os
import re
import shutil
import stat
import subprocess
import zlib

import initramfs
import keyboard
import packages
from common import cache, check_space, Error, lock, need, read, run, say, write
from kernels import resolve

# name -> suite; None: the newest of all
SUITES = {'6.1': 'bookworm', '6.12': 'bookworm-backports', 'latest': None}
FORMAT = '1'

ICOUNT = ['-icount', 'shift=0,sleep=off']

# Disks that read as zeros and forget what is written, at SuperSpeed.
XHCI = ['-device', 'qemu-xhci,id=xhci']
for disk in ('one', 'two'):
    XHCI += ['-drive', f'if=none,id={disk},driver=null-co,size=1G,'
             'read-zeroes=on', '-device',
             f'usb-storage,bus=xhci.0,drive={disk}']

# What mounts the host's files, and what every USB test needs.
DISK = ('virtio_pci', '9pnet_virtio', '9p', 'overlay')


def find(name):
    """{'image': [package, version], ...}: the newest of that suite."""
    version = packages.newest('linux-image-amd64', SUITES[name])
    image = [p for p in packages.depends('linux-image-amd64', version)
             if p.startswith('linux-image-')][0]
    wanted = [image]
    # From 7.x on the image package is empty and others hold the files.
    wanted += [p for p in packages.depends(image, version)
               if re.match(r'linux-(base|binary|modules)-\d', p)]
    headers = image.replace('linux-image-', 'linux-headers-')
    return {'version': version, 'suite': SUITES[name] or 'trixie-backports',
            'release': image[len('linux-image-'):], 'image': wanted,
            'headers': headers}


def decompress(path):
    data = open(path, 'rb').read()
    return lzma.decompress(data) if path.endswith('.xz') else data


def extract_vmlinux(bzimage):
    """The ELF file inside: booting it saves the guest the decompression."""
    sectors = bzimage[0x1f1] or 4
    offset = int.from_bytes(bzimage[0x248:0x24c], 'little')
    length = int.from_bytes(bzimage[0x24c:0x250], 'little')
    start = (sectors + 1) * 512 + offset
    payload = bzimage[start:start + length]
    if payload[:6] == b'\xfd7zXZ\0':
        return lzma.LZMADecompressor().decompress(payload)
    if payload[:2] == b'\x1f\x8b':
        return zlib.decompressobj(31).decompress(payload)
    if payload[:4] == b'\x28\xb5\x2f\xfd':
        # The last four bytes are the size, not part of the stream.
        return subprocess.run(['zstd', '-dcq'], input=payload[:-4], check=True,
                              stdout=subprocess.PIPE).stdout
    raise Error('the kernel image is compressed in a way the lab cannot read')


class ModuleTree:
    """lib/modules/VERSION after depmod."""

    def __init__(self, folder):
        self.folder = folder
        self.paths = {}
        self.deps = {}
        for line in read(f'{folder}/modules.dep').splitlines():
            path, _, deps = line.partition(':')
            name = self.name(path)
            self.paths[name] = path
            self.deps[name] = [self.name(dep) for dep in deps.split()]
        self.builtin = {self.name(line) for line in
                        read(f'{folder}/modules.builtin', '').splitlines()}

    @staticmethod
    def name(path):
        return re.sub(r'\.ko(\.\w+)?$', '',
                      os.path.basename(path)).replace('-', '_')

    def closure(self, *names):
        """The modules to insert, in order."""
        done = []

        def visit(name):
            if name in self.builtin or name in done:
                return
            if name not in self.paths:
                raise Error(f'the kernel has no module {name}')
            for dep in reversed(self.deps[name]):
                visit(dep)
            if name not in done:
                done.append(name)

        for name in names:
            visit(name)
        return done

    def content(self, name):
        return decompress(os.path.join(self.folder, self.paths[name]))


def unpack_kernel(folder, facts):
    raw = f'{folder}/raw'
    for package in facts['image']:
        deb = packages.fetch(package, facts['version'])
        packages.unpack(deb, raw)
        os.unlink(deb)
    release = facts['release']
    found = glob.glob(f'{raw}/**/vmlinuz*', recursive=True)
    modules = [path for path in (f'{raw}/lib/modules/{release}',
                                 f'{raw}/usr/lib/modules/{release}')
               if os.path.isdir(f'{path}/kernel')
               and os.path.exists(f'{path}/modules.builtin')]
    if not found or not modules:
        raise Error(f'the packages of {release} hold no kernel')
    shutil.copyfile(found[0], f'{folder}/vmlinuz')
    with open(f'{folder}/vmlinux', 'wb') as file:
        file.write(extract_vmlinux(open(f'{folder}/vmlinuz', 'rb').read()))
    os.makedirs(f'{folder}/modules/lib/modules')
    os.rename(modules[0], f'{folder}/modules/lib/modules/{release}')
    shutil.rmtree(raw)
    run(['depmod', '-b', f'{folder}/modules', release], f'{folder}/log',
        'depmod', env=dict(os.environ, PATH=os.environ['PATH'] + ':/sbin:/usr/sbin'))


def unpack_headers(folder, facts):
    """Headers that work where they are unpacked: Debian's makefile names one
    absolute path."""
    version = facts['version']
    todo = [facts['headers']]
    for package in packages.depends(facts['headers'], version):
        if package.startswith(('linux-headers-', 'linux-kbuild-')):
            todo.append(package)
    root = f'{folder}/headers'
    for package in todo:
        deb = packages.fetch(package, version)
        packages.unpack(deb, root)
        os.unlink(deb)
    makefile = f'{root}/usr/src/{facts["headers"]}/Makefile'
    write(makefile, read(makefile).replace('/usr/src/', f'{root}/usr/src/'))


def make_root(folder, facts):
    """A minimal Debian with compiler and headers of that suite."""
    need('mmdebstrap')
    check_space(folder, 1500)
    uri = packages.mirror()
    base = facts['suite'].replace('-backports', '')
    sources = [f'deb [signed-by={packages.KEYRING}] {uri} {suite} main'
               for suite in dict.fromkeys((base, facts['suite']))]
    say(f'making a small {base} root to build modules for {facts["release"]}')
    run(['mmdebstrap', '--variant=minbase', '--skip=check/chroot',
         f'--include=make,gcc,{facts["headers"]}', base, f'{folder}/root',
         *sources], f'{folder}/log', f'making the {base} root')


def fill(name, folder, facts):
    check_space(folder, 2500)
    unpack_kernel(folder, facts)
    if facts['suite'].startswith('bookworm'):
        unpack_headers(folder, facts)
    else:
        make_root(folder, facts)


def make_initrd(folder, release, init):
    """The agent and the modules that it needs to reach the host's files."""
    tree = ModuleTree(f'{folder}/modules/lib/modules/{release}')
    content = open(init, 'rb').read()
    path = f'{folder}/initrd'
    key = hashlib.sha256(content).hexdigest()
    if read(f'{path}.key') == key:
        return path
    with lock(f'initrd-{os.path.basename(folder)}'):
        cpio = initramfs.Cpio()
        for part in ('dev', 'modules'):
            cpio.add(part, stat.S_IFDIR | 0o755)
        cpio.add('dev/console', stat.S_IFCHR | 0o600, device=(5, 1))
        cpio.add('init', stat.S_IFREG | 0o755, content)
        for i, module in enumerate(tree.closure(*DISK)):
            cpio.add(f'modules/{i:03}.ko', stat.S_IFREG | 0o644,
                     tree.content(module))
        with open(f'{path}.new', 'wb') as file:
            file.write(cpio.end())
        os.rename(f'{path}.new', path)
        write(f'{path}.key', key)
    return path


def prepare(name):
    """A Stock kernel, complete."""
    facts = resolve(f'stock-{name}', lambda: find(name))
    folder = os.path.join(cache('stock'), facts['release'])
    key = os.path.join(folder, 'key')
    wanted = f'{FORMAT} {facts["version"]}'
    if read(key) != wanted:
        with lock(f'stock-{name}'):
            if read(key) != wanted:
                need('xz', 'zstd', 'depmod', 'gcc-12')
                shutil.rmtree(folder, ignore_errors=True)
                os.makedirs(folder)
                fill(name, folder, facts)
                write(key, wanted)
                say(f'{facts["release"]} is ready')
    return Stock(name, folder, facts)


def ready_release(name):
    """The release if it is cached, for `lab list`."""
    import json
    known = json.loads(read(os.path.join(cache(), 'resolved.json'), '{}'))
    facts = known.get(f'stock-{name}')
    if not facts:
        return None, False
    key = os.path.join(cache('stock'), facts['release'], 'key')
    return facts['release'], read(key) == f'{FORMAT} {facts["version"]}'


class Stock:
    """A stock kernel as a guest's kernel."""

    tty = '/dev/ttyS0'

    def __init__(self, name, folder, facts):
        self.name = name
        self.folder = folder
        self.release = facts['release']
        self.version = facts['version']
        self.packages = facts['image']
        self.headers = facts['headers']
        self.key = f'{FORMAT} {facts["version"]}'
        self.lib_modules = f'{folder}/modules/lib/modules/{self.release}'

    def kdir(self):
        if os.path.isdir(f'{self.folder}/root'):
            return f'{self.folder}/root/usr/src/{self.headers}'
        return f'{self.folder}/headers/usr/src/{self.headers}'

    def insmod(self, options):
        """Decompressed once, because not every kernel reads .xz itself."""
        names = (['usbcore'] * options.driver +
                 ['vhci_hcd'] * bool(options.board) +
                 ['xhci_pci'] * options.xhci +
                 keyboard.modules(options.keyboard) +
                 [ModuleTree.name(module) for module in options.module])
        tree = ModuleTree(self.lib_modules)
        plain = f'{self.folder}/plain'
        os.makedirs(plain, exist_ok=True)
        paths = []
        for module in tree.closure(*names):
            path = f'{plain}/{module}.ko'
            if not os.path.exists(path):
                with open(f'{path}.{os.getpid()}', 'wb') as file:
                    file.write(tree.content(module))
                os.rename(f'{path}.{os.getpid()}', path)
            paths.append(path)
        return paths

    def image(self, sleeps):
        """What QEMU boots. It writes an ELF file to the guest's memory again
        when the guest wakes from S3, and does not do so with a bzImage."""
        if not sleeps:
            return f'{self.folder}/vmlinux'
        path = f'{self.folder}/vmlinuz'
        if os.path.exists(path):
            return path
        # A cache of the time when nothing needed it.
        with lock(f'vmlinuz-{self.name}'):
            raw = f'{self.folder}/raw'
            for package in reversed(self.packages):
                if os.path.exists(path) or '-modules-' in package:
                    continue
                deb = packages.fetch(package, self.version)
                packages.unpack(deb, raw)
                os.unlink(deb)
                for found in glob.glob(f'{raw}/**/vmlinuz*', recursive=True):
                    shutil.copyfile(found, f'{path}.new')
                    os.rename(f'{path}.new', path)
                shutil.rmtree(raw)
        return path

    def make_modules(self, tree):
        jobs = f'-j{os.cpu_count()}'
        root = f'{self.folder}/root'
        if not os.path.isdir(root):
            # 6.12's headers hold a vmlinux, for which kbuild wants pahole to
            # add type information that nobody here reads.
            return ['make', '-s', '-C', self.kdir(), f'M={tree}', jobs,
                    'CONFIG_DEBUG_INFO_BTF_MODULES=', 'modules']
        script = ('root=$1; tree=$2; shift 2; '
                  'mount -t proc proc "$root/proc" && '
                  'mount --bind "$tree" "$root/mnt" && '
                  'exec chroot "$root" /usr/bin/env -i '
                  'PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"')
        namespace = ['unshare', '--mount', '--propagation', 'private']
        if os.geteuid():
            namespace.append('--map-root-user')
        return [*namespace, 'sh', '-c', script, 'sh', root, tree, 'make', '-s',
                '-C', f'/lib/modules/{self.release}/build', 'M=/mnt', jobs,
                'modules']

    def command(self, guest, init):
        need('qemu-system-x86_64')
        o = guest.options
        append = ['console=ttyS0', 'loglevel=6', 'panic=-1', 'oops=panic',
                  'mitigations=off', 'nokaslr', 'no_timer_check', 'rdinit=/init',
                  *o.append]
        serial = (['-serial', 'file:/dev/stdout'] if o.command else
                  ['-chardev', 'stdio,id=tty,signal=off',
                   '-serial', 'chardev:tty'])
        if o.root == 'initramfs':
            initrd = initramfs.make(guest, init, self.insmod(o))
            serial += ['-serial', f'file:{guest.path("channel")}']
            disks = []
        else:
            initrd = make_initrd(self.folder, self.release, init)
            serial += ['-serial', 'null'] * bool(o.keyboard)
            disks = ['-virtfs', 'local,path=/,mount_tag=root,'
                     'security_model=none,readonly=on,multidevs=remap',
                     '-virtfs', f'local,path={guest.dir},mount_tag=out,'
                     'security_model=none']
        # q35's firmware loses the power management registers in S3.
        machine = 'pc' if o.root == 'initramfs' else 'q35'
        return ['qemu-system-x86_64', '-accel', 'tcg', '-M', machine,
                '-cpu', 'max', '-smp', str(o.cpus if o.smp else 1),
                *(ICOUNT if o.icount else []),
                '-m', o.memory or '1G', '-nodefaults', '-no-user-config',
                '-display', 'none', '-no-reboot',
                '-kernel', self.image(o.root == 'initramfs'),
                '-initrd', initrd, '-append', ' '.join(append), *serial, *disks,
                '-device', 'isa-debug-exit,iobase=0xf4,iosize=1',
                *(XHCI if o.xhci else []),
                *(keyboard.devices(guest.dir, o.keyboard) if o.keyboard
                  else [])]
