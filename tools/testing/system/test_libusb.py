# SPDX-License-Identifier: MIT
"""Binding does no harm to programs that use libusb: see Documentation, autobind."""

import fcntl
import os
import struct

from system import (FOLDER, MACHINE, autobind, check, driver_of, is_bound, modprobe, sh, stays, test,
                    usb_node, wait_for)

ID = '1209:0003'
LOOP = os.path.join(FOLDER, 'usb-loop')
BUSY = 3
USBDEVFS_CLAIMINTERFACE = 0x8004550f


def plug(*options):
    """The driver with these options, and a WINUSB board; its interface."""
    modprobe('winusb', *options)
    return MACHINE.boards('msos').attach() + ':1.0'


def bound():
    interface = plug('autobind=on')
    wait_for('the board is bound', lambda: is_bound(interface))
    return interface


@test
def a_fresh_install_leaves_the_board_to_a_plain_program():
    interface = plug()
    stays('not bound', lambda: not is_bound(interface))
    said = sh(LOOP, ID)
    check('driver: no' in said and 'moved' in said, said)
    check(driver_of(interface) is None, 'it has a driver now')


@test
def a_fresh_install_leaves_it_so_while_udev_runs():
    MACHINE.udev()
    a_fresh_install_leaves_the_board_to_a_plain_program()


@test
def switched_off_it_leaves_the_board_alone_too():
    interface = plug('autobind=off')
    stays('not bound', lambda: not is_bound(interface))
    sh(LOOP, ID)


@test
def switched_on_a_plain_program_finds_the_interface_busy():
    bound()
    said = sh(LOOP, ID, status=BUSY)
    check('driver: yes' in said and 'claim: LIBUSB_ERROR_BUSY' in said, said)


@test
def switched_on_a_program_that_detaches_works_and_gives_it_back():
    interface = bound()
    for _ in range(3):
        said = sh(LOOP, '--detach', ID)
        check('driver: yes' in said and 'moved' in said, said)
        check(is_bound(interface), 'it is not bound when attach has returned')


@test
def switched_on_a_program_that_lets_libusb_detach_works_and_gives_it_back():
    interface = bound()
    for _ in range(3):
        said = sh(LOOP, '--auto', ID)
        check('driver: yes' in said and 'moved' in said, said)
        check(is_bound(interface), 'it is not bound when release has returned')


@test
def switching_on_takes_nothing_from_a_program_that_has_it():
    interface = plug()
    fd = os.open(usb_node(interface.partition(':')[0]), os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, USBDEVFS_CLAIMINTERFACE, struct.pack('I', 0))
        autobind('on')
        stays('the program has it', lambda: driver_of(interface) == 'usbfs')
    finally:
        os.close(fd)


@test
def switching_on_binds_what_is_plugged_in():
    interface = plug()
    autobind('on')
    wait_for('the board is bound', lambda: is_bound(interface))
