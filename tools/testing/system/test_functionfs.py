# SPDX-License-Identifier: MIT
"""A gadget that nobody made for winusb: the kernel's composite gadget with a FunctionFS function,
which sends OS 1.0 descriptors by itself, on a controller that is a module too."""

import glob
import os
import subprocess

from system import (FOLDER, MACHINE, Failed, attribute, check, devices, is_bound, modprobe, sh,
                    stays, test, wait_for, wait_for_node, write)

CONFIGFS = '/sys/kernel/config'
GUID = '{6d3f9a2e-1b7c-4c58-9e0d-2f4a8b1c7e55}'
# The last packet is a short one, which ends what ffs-loop reads.
DATA = bytes(range(251)) * 21


class Gadget:
    """On dummy_hcd, whose other side is a host controller of the same machine."""

    def __init__(self, before=()):
        for module in ('dummy_hcd', 'libcomposite', 'usb_f_fs'):
            modprobe(module)
        if not os.path.ismount(CONFIGFS):
            sh('mount', '-t', 'configfs', 'configfs', CONFIGFS)
        self.folder = f'{CONFIGFS}/usb_gadget/winusb'
        self.mount = '/run/ffs-loop'
        self.child = None
        os.mkdir(self.folder)
        MACHINE.keep(self)
        for name, text in (('idVendor', '0x1209'), ('idProduct', '0x0004'), ('bcdUSB', '0x0200'),
                           ('os_desc/use', '1'), ('os_desc/b_vendor_code', '0xcd'),
                           ('os_desc/qw_sign', 'MSFT100')):
            write(f'{self.folder}/{name}', text)
        os.makedirs(f'{self.folder}/strings/0x409')
        write(f'{self.folder}/strings/0x409/serialnumber', 'ffs-1')
        os.makedirs(f'{self.folder}/configs/c.1')
        for function in (*before, 'ffs.loop'):
            os.mkdir(f'{self.folder}/functions/{function}')
            os.symlink(f'{self.folder}/functions/{function}',
                       f'{self.folder}/configs/c.1/{function}')
        os.symlink(f'{self.folder}/configs/c.1', f'{self.folder}/os_desc/c.1')
        os.makedirs(self.mount, exist_ok=True)
        sh('mount', '-t', 'functionfs', 'loop', self.mount)
        self.child = subprocess.Popen([os.path.join(FOLDER, 'ffs-loop'), self.mount],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True)
        word = self.child.stdout.readline()
        if word.strip() != 'ready':
            raise Failed(f'ffs-loop: {word}')

    def plug(self):
        """Its name in sysfs."""
        before = devices()
        write(f'{self.folder}/UDC', os.listdir('/sys/class/udc')[0])
        name = wait_for('the gadget is in sysfs', lambda: devices() - before).pop()
        wait_for('it has an interface', lambda: glob.glob(f'/sys/bus/usb/devices/{name}/{name}:*'))
        return name

    def stop(self):
        # First, and it unplugs the gadget: in 6.12 one that is taken from its controller waits for
        # the reader of ep0, and that one for an event.
        if self.child:
            self.child.kill()
            self.child.wait()
            self.child.stdout.close()
        if os.path.ismount(self.mount):
            sh('umount', self.mount)
        for link in glob.glob(f'{self.folder}/os_desc/c.1') + \
                [path for path in glob.glob(f'{self.folder}/configs/c.1/*') if os.path.islink(path)]:
            os.unlink(link)
        for folder in ('functions/*', 'configs/c.1', 'strings/*', ''):
            for path in glob.glob(f'{self.folder}/{folder}'):
                os.rmdir(path)


def data_goes_through(node):
    """Through the pipes that the gadget really has: the controller chose their addresses."""
    folder = f'/sys/bus/usb/devices/{node}'
    pipes = [os.path.basename(path)[3:] for path in
             wait_for('it has pipes', lambda: glob.glob(f'{folder}/ep_*'))]
    out = [pipe for pipe in pipes if int(pipe, 16) < 0x80][0]
    into = [pipe for pipe in pipes if int(pipe, 16) >= 0x80][0]
    with open('/run/ffs-sent', 'wb') as file:
        file.write(DATA)
    sh('winusbctl', 'write', node, f'0x{out}', '--file', '/run/ffs-sent', '--timeout', '20000')
    got = subprocess.run(['winusbctl', 'read', node, f'0x{into}', '-n', str(len(DATA)),
                          '--timeout', '20000'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, check=False)
    check(got.stdout == DATA, f'{len(got.stdout)} bytes came back, not those {len(DATA)}; '
          f'{got.stderr.decode(errors="replace")}')


def is_served(node):
    wait_for_node(node)
    check(attribute(node, 'os_descriptors') == '1.0',
          f'os_descriptors: {attribute(node, "os_descriptors")}')
    check(attribute(node, 'compatible_id') == 'WINUSB',
          f'compatible_id: {attribute(node, "compatible_id")}')
    check(attribute(node, 'interface_guids') == GUID,
          f'interface_guids: {attribute(node, "interface_guids")}')
    wait_for('the GUID is among the properties',
             lambda: attribute(node, 'properties/DeviceInterfaceGUID') == f'REG_SZ\n{GUID}')
    data_goes_through(node)


@test
def a_named_gadget_moves_data():
    """Without automatic binding: what is wrong here is not the descriptors' fault."""
    modprobe('winusb')
    write('/sys/bus/usb/drivers/winusb/new_id', '1209 0004')
    node = Gadget().plug() + ':1.0'
    wait_for_node(node)
    data_goes_through(node)


@test
def it_binds_by_itself_with_its_guid():
    modprobe('winusb', 'autobind=on')
    is_served(Gadget().plug() + ':1.0')


@test
def plugged_in_first_it_binds_when_the_driver_comes():
    node = Gadget().plug() + ':1.0'
    modprobe('winusb', 'autobind=on')
    is_served(node)


@test
def as_the_second_function_it_binds_alone():
    """Its interface has number 1, which is where readers of OS 1.0 mistake wValue's bytes."""
    modprobe('winusb', 'autobind=on')
    name = Gadget(before=['Loopback.0']).plug()
    is_served(f'{name}:1.1')
    stays('the first function is not bound', lambda: not is_bound(f'{name}:1.0'))


@test
def it_is_left_alone_on_a_fresh_install():
    modprobe('winusb')
    node = Gadget().plug() + ':1.0'
    stays('not bound', lambda: not is_bound(node))
