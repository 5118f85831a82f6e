# SPDX-License-Identifier: MIT
"""The shipped udev rule: links by GUID and by id, who may open a node, and what is kept for the
time when the driver comes."""

import errno
import fcntl
import grp
import os
import pwd
import re
import stat
import subprocess

from system import (DEVICES, DRIVER, Failed, MACHINE, TREE, UDEVD_LOG, Udev, attribute, autobind,
                    check, is_bound, is_loaded, modprobe, read, sh, stays, test, usb_node, wait_for,
                    wait_for_node, write)

GUID = '{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01}'
OTHER_GUID = '{01234567-89ab-cdef-0123-456789abcdef}'
RULE = '71-winusb.rules'
USB_DEVICE = '{a5dcbf10-6530-11d2-901f-00c04fb951ed}'
BY_GUID = '/dev/winusb/by-guid'
BY_ID = '/dev/winusb/by-id'
COMPOSITE = '1209:0001'
GROUP = 'plugdev'


def start(*options):
    """udev and the driver."""
    udev = MACHINE.udev()
    modprobe('winusb', *options)
    return udev


def leads(path):
    """Where the link leads; None: it left while it was looked at."""
    try:
        return os.path.realpath(path)
    except FileNotFoundError:
        return None


def tree(folder):
    """{path: where it leads} of all links below."""
    paths = (os.path.join(path, name) for path, _, names in os.walk(folder) for name in names)
    return {path: target for path in paths if (target := leads(path))}


def links():
    """Those of nodes: the links that each USB device has are tested by themselves."""
    return {path: target for folder in (BY_GUID, BY_ID) for path, target in tree(folder).items()
            if USB_DEVICE not in path}


def links_are(expected):
    """What sysfs says may be there before the event that tells udev."""
    try:
        wait_for('the links are right', lambda: links() == expected)
    except Failed as why:
        raise Failed(f'{why}\nlinks are {links()}, not {expected}') from why


def leads_to(link, target):
    try:
        wait_for(f'{link} leads to {target}', lambda: leads(link) == target)
    except Failed as why:
        raise Failed(f'{why}\nit leads to {leads(link)}') from why


def by_id(device, number):
    """The name in by-id, from what sysfs says."""
    folder = f'{DEVICES}/{device}'
    vendor, product = (read(f'{folder}/{name}').strip() for name in ('idVendor', 'idProduct'))
    serial = read(f'{folder}/serial', '\n').strip()
    serial = re.sub(r'[^A-Za-z0-9#+.:=@_-]', '_', serial)
    return f'{vendor}:{product}{"-" if serial else ""}{serial}-if{number:02x}'


def expected_links(device, number, *guids):
    node = f'{device}:1.{number}'
    target = f'/dev/winusb/{node}'
    return {f'{BY_ID}/{by_id(device, number)}': target,
            **{f'{BY_GUID}/{guid}/{node}': target for guid in guids}}


@test
def the_rule_has_no_fault():
    """udevd says of each line that it does not understand, and goes on."""
    check(os.path.exists(f'/usr/local/lib/udev/rules.d/{RULE}'), f'{RULE} is not installed')
    udev = MACHINE.udev(level='info')
    said = [line for line in read(UDEVD_LOG).splitlines() if 'winusb' in line]
    check(not said, '\n'.join(said))


@test
def links_come_and_go_with_the_board():
    start('autobind=on')
    boards = MACHINE.boards('msos')
    device = boards.attach()
    wait_for_node(f'{device}:1.0')
    links_are(expected_links(device, 0, GUID))
    boards.unplug(1, device)
    links_are({})
    wait_for('the folder of the GUID is gone', lambda: not os.path.exists(f'{BY_GUID}/{GUID}'))


@test
def links_come_and_go_with_the_driver():
    start('autobind=on')
    device = MACHINE.boards('msos').attach()
    wait_for_node(f'{device}:1.0')
    write(f'{DRIVER}/unbind', f'{device}:1.0')
    links_are({})
    write(f'{DRIVER}/bind', f'{device}:1.0')
    wait_for_node(f'{device}:1.0')
    links_are(expected_links(device, 0, GUID))


@test
def links_follow_the_guids_and_the_state_of_the_interface():
    start('autobind=on')
    device = MACHINE.boards('msos').attach()
    node = f'{device}:1.0'
    wait_for_node(node)
    write(f'/sys/class/winusb/{node}/interface_guids', f'{OTHER_GUID}\n{GUID}\n')
    links_are(expected_links(device, 0, OTHER_GUID, GUID))
    write(f'/sys/class/winusb/{node}/interface_guids', '\n')
    links_are(expected_links(device, 0, GUID))
    write(f'/sys/class/winusb/{node}/interface_enabled', '0')
    links_are(expected_links(device, 0))
    write(f'/sys/class/winusb/{node}/interface_enabled', '1')
    links_are(expected_links(device, 0, GUID))


@test
def a_named_composite_device_has_one_guid_link_and_an_id_link_each():
    start()
    sh('winusbctl', 'bind', COMPOSITE, '--guid', OTHER_GUID)
    device = MACHINE.boards('composite').attach()
    wait_for_node(f'{device}:1.0')
    expected = expected_links(device, 0, OTHER_GUID)
    for number in (1, 2, 3):
        expected.update(expected_links(device, number))
    links_are(expected)


@test
def two_boards_of_a_kind_have_a_link_each():
    start('autobind=on')
    boards = MACHINE.boards('msos', 'msos')
    expected = {}
    for board in (1, 2):
        device = boards.attach(board)
        wait_for_node(f'{device}:1.0')
        expected.update(expected_links(device, 0, GUID))
    links_are(expected)


@test
def nasty_properties_leave_no_trace_outside():
    udev = start('autobind=on')
    before = set(tree('/dev')) | set(tree('/run/udev/links'))
    device = MACHINE.boards('msos,props=nasty').attach()
    wait_for_node(f'{device}:1.0')
    udev.settle()
    for path in set(tree('/dev')) - before:
        check(re.fullmatch(r'/dev/(winusb/(by-guid/\{[0-9a-f-]{36}\}/|by-id/)?[A-Za-z0-9#+.:=@_-]+|'
                           r'bus/usb/\d+/\d+|char/\d+:\d+)', path), f'there is {path!r}')


@test
def the_seat_has_the_node_and_nobody_else():
    udev = start('autobind=on')
    device = MACHINE.boards('msos').attach()
    node = f'{device}:1.0'
    links_are(expected_links(device, 0, GUID))
    udev.settle()
    words = Udev.properties(f'/dev/winusb/{node}')
    for name in ('TAGS', 'CURRENT_TAGS'):
        check(':uaccess:' in words.get(name, ''), f'{name} is {words.get(name)}')
    status = os.stat(f'/dev/winusb/{node}')
    check((stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o600, 0, 0),
          f'the node is {status}')
    check(opens(node, []) == errno.EACCES, 'another user opens it')


def opens(node, groups):
    """0 or an errno: what a user who is in these groups gets."""
    user = pwd.getpwnam('nobody')
    done = subprocess.run(['/usr/bin/python3', '-c', 'import os, sys\ntry:\n\t'
                           'os.open(sys.argv[1], os.O_RDWR)\n'
                           'except OSError as error:\n\tsys.exit(error.errno)',
                           f'/dev/winusb/{node}'], user=user.pw_uid, group=user.pw_gid,
                          extra_groups=groups, stdin=subprocess.DEVNULL, check=False)
    return done.returncode


@test
def with_the_documented_local_rule_a_group_has_the_node():
    """The rule is taken from where a reader finds it."""
    pages = ''.join(read(os.path.join(TREE, 'Documentation/userspace-api', page))
                    for page in os.listdir(os.path.join(TREE, 'Documentation/userspace-api')))
    rules = re.findall(r'^ +(SUBSYSTEM=="winusb", GROUP="[^"]+".*)$', pages, re.M)
    check(len(rules) == 1, f'the documentation has these rules with a GROUP: {rules}')
    MACHINE.file('/etc/udev/rules.d/72-winusb-system-test.rules',
                 re.sub('GROUP="[^"]+"', f'GROUP="{GROUP}"', rules[0]) + '\n')
    start('autobind=on')
    device = MACHINE.boards('msos').attach()
    node = f'{device}:1.0'
    links_are(expected_links(device, 0, GUID))
    check(opens(node, []) == errno.EACCES, 'a user who is not in the group opens it')
    check(opens(node, [grp.getgrnam(GROUP).gr_gid]) == 0,
          f'a member of the group gets {opens(node, [grp.getgrnam(GROUP).gr_gid])}; '
          f'{os.stat("/dev/winusb/" + node)}')


@test
def each_device_has_a_link_which_leads_to_usbfs():
    start()
    boards = MACHINE.boards('fx2', 'msos')
    names = [boards.attach(1), boards.attach(2)]
    folder = f'{BY_GUID}/{USB_DEVICE}'
    for name in names:
        leads_to(f'{folder}/{name}', usb_node(name))
    check(sorted(os.listdir(folder)) == sorted(names), f'links are {os.listdir(folder)}')
    fd = os.open(f'{folder}/{names[0]}', os.O_RDWR | os.O_CLOEXEC)
    try:
        # WINUSB_IOC_INITIALIZE, and a structure that is long enough for it.
        fcntl.ioctl(fd, initialize_command(), (16).to_bytes(4, 'little') + bytes(60))
        check(False, 'Initialize works on a device that is not winusb\'s')
    except OSError as error:
        check(error.errno == errno.ENOTTY, f'Initialize gives {error}')
    finally:
        os.close(fd)


def initialize_command():
    header = read(os.path.join(TREE, 'include/uapi/linux/winusb.h'))
    kind = re.search(r"#define WINUSB_IOC_TYPE\s+(\S+)", header)[1]
    kind = ord(kind.strip("'")) if kind.startswith("'") else int(kind, 0)
    return kind << 8 | int(re.search(r'#define WINUSB_IOC_INITIALIZE\s+_IO\(WINUSB_IOC_TYPE, '
                                     r'(0x[0-9a-f]+)\)', header)[1], 16)


@test
def the_link_of_a_device_that_is_winusbs_as_a_whole_leads_to_the_node():
    start()
    device = MACHINE.boards('composite').attach()
    link = f'{BY_GUID}/{USB_DEVICE}/{device}'
    leads_to(link, usb_node(device))
    sh('winusbctl', 'bind', COMPOSITE)
    wait_for_node(f'{device}:1.0')
    leads_to(link, f'/dev/winusb/{device}:1.0')
    sh('winusbctl', 'unbind', COMPOSITE)
    leads_to(link, usb_node(device))


@test
def the_link_of_a_device_of_which_one_function_is_winusbs_leads_to_usbfs():
    udev = start()
    device = MACHINE.boards('composite').attach()
    sh('winusbctl', 'bind', f'{COMPOSITE}:2')
    wait_for_node(f'{device}:1.2')
    udev.settle()
    leads_to(f'{BY_GUID}/{USB_DEVICE}/{device}', usb_node(device))


@test
def a_binding_that_is_kept_holds_when_udev_loads_the_driver():
    udev = start()
    sh('winusbctl', 'bind', COMPOSITE, '--guid', OTHER_GUID, '--persist')
    sh('rmmod', 'winusb')
    udev.settle()
    check(not is_loaded('winusb'), 'something loads it again')
    device = MACHINE.boards('composite').attach()
    wait_for('udev loads the driver', lambda: is_loaded('winusb'))
    wait_for_node(f'{device}:1.0')
    leads_to(f'{BY_GUID}/{OTHER_GUID}/{device}:1.0', f'/dev/winusb/{device}:1.0')


@test
def a_binding_that_is_kept_holds_when_the_driver_is_loaded_by_hand():
    start()
    sh('winusbctl', 'bind', COMPOSITE, '--guid', OTHER_GUID, '--persist')
    device = MACHINE.boards('composite').attach()
    wait_for_node(f'{device}:1.0')
    sh('rmmod', 'winusb')
    modprobe('winusb')
    wait_for_node(f'{device}:1.0')
    check(attribute(f'{device}:1.0', 'interface_guids') == OTHER_GUID,
          'its GUIDs: ' + attribute(f'{device}:1.0', 'interface_guids'))


@test
def udevd_reads_the_rules_at_once_though_it_misses_a_message():
    """It ignores what comes right after its accept(), and udevadm says nothing."""
    start()
    folder = '/run/system-udevadm'
    MACHINE.files.append(folder)
    MACHINE.file(f'{folder}/udevadm', f'#!/bin/sh\nmkdir {folder}/missed 2>/dev/null && exit 0\n'
                 'exec /usr/bin/udevadm "$@"\n')
    os.chmod(f'{folder}/udevadm', 0o755)
    sh('winusbctl', 'bind', COMPOSITE, '--persist',
       env={**os.environ, 'PATH': f'{folder}:{os.environ["PATH"]}'})
    check(os.path.exists(f'{folder}/missed'), 'winusbctl does not call udevadm')
    # Where it misses the second one as well it says so.
    wait_for('udevd is told', lambda: any(word in read(UDEVD_LOG)
                                          for word in ('(RELOAD)', 'Invalid sender')))


@test
def an_inf_that_is_installed_holds_when_udev_loads_the_driver():
    udev = start()
    sh('winusbctl', 'install', os.path.join(TREE, 'tools/winusbctl/inf/fx2.inf'))
    sh('rmmod', 'winusb')
    udev.settle()
    boards = MACHINE.boards('fx2')
    node = boards.attach() + ':1.0'
    wait_for_node(node)
    guids = attribute(node, 'interface_guids').splitlines()
    check(guids, 'it has no interface GUID')
    for guid in guids:
        leads_to(f'{BY_GUID}/{guid}/{node}', f'/dev/winusb/{node}')
    sh('winusbctl', 'remove', 'fx2.inf')
    check(not is_bound(node), 'it is bound after remove')
    links_are({})


@test
def a_binding_that_is_taken_back_is_not_there_the_next_time():
    udev = start()
    sh('winusbctl', 'bind', COMPOSITE, '--persist')
    sh('winusbctl', 'unbind', COMPOSITE)
    sh('rmmod', 'winusb')
    MACHINE.boards('composite').attach()
    udev.settle()
    check(not is_loaded('winusb'), 'udev loads the driver')
    modprobe('winusb')
    udev.settle()
    device = next(name for name in os.listdir(DEVICES) if re.fullmatch(r'\d+-\d+', name))
    stays('nothing is bound', lambda: not is_bound(f'{device}:1.0'))


@test
def automatic_binding_that_is_kept_holds_at_the_next_load():
    udev = start()
    sh('winusbctl', 'autobind', 'on')
    sh('rmmod', 'winusb')
    modprobe('winusb')
    node = MACHINE.boards('msos').attach() + ':1.0'
    wait_for_node(node)
    udev.settle()
    sh('winusbctl', 'autobind', 'listed')
    sh('rmmod', 'winusb')
    modprobe('winusb')
    stays('not bound', lambda: not is_bound(node))
    autobind('on')
    wait_for_node(node)
