# SPDX-License-Identifier: MIT
"""A board that says WINUSB and has the ids of an adapter with a driver in the kernel, gs_usb: that
driver has it, loaded or not, whether its probe likes the board or not."""

from system import (MACHINE, autobind, check, driver_of, is_bound, is_loaded, modprobe, stays, test,
                    usbfs_connect, wait_for)

BOARD = 'msos,vid=1d50,pid=606f'


def is_left_alone(interface):
    """gs_usb's own probe speaks a protocol that the board does not know, and fails."""
    device = interface.partition(':')[0]
    wait_for('gs_usb is loaded', lambda: is_loaded('gs_usb'))
    stays('not winusb', lambda: not is_bound(interface))
    autobind('on')
    stays('not winusb, considered again', lambda: not is_bound(interface))
    if driver_of(interface) is None:
        usbfs_connect(device, 0)
        check(not is_bound(interface), 'attach gave it to winusb')


def goes_to_gs_usb_not_loaded():
    modprobe('winusb', 'autobind=on')
    check(not is_loaded('gs_usb'), 'gs_usb is loaded already')
    is_left_alone(MACHINE.boards(BOARD).attach() + ':1.0')


def goes_to_gs_usb_loaded():
    modprobe('gs_usb')
    modprobe('winusb', 'autobind=on')
    is_left_alone(MACHINE.boards(BOARD).attach() + ':1.0')


def goes_to_winusb_when_blacklisted():
    MACHINE.file('/etc/modprobe.d/system-test.conf', 'blacklist gs_usb\n')
    modprobe('winusb', 'autobind=on')
    interface = MACHINE.boards(BOARD).attach() + ':1.0'
    wait_for('winusb has it', lambda: is_bound(interface))
    check(not is_loaded('gs_usb'), 'gs_usb is loaded although it is blacklisted')


@test
def udev_loads_it_when_there_is_no_winusb():
    MACHINE.udev()
    check(not is_loaded('gs_usb'), 'gs_usb is loaded already')
    MACHINE.boards(BOARD).attach()
    wait_for('gs_usb is loaded', lambda: is_loaded('gs_usb'))


@test
def not_loaded_it_is_loaded_and_has_the_board():
    goes_to_gs_usb_not_loaded()


@test
def not_loaded_it_is_loaded_and_has_the_board_with_udev():
    MACHINE.udev()
    goes_to_gs_usb_not_loaded()


@test
def loaded_first_it_has_the_board():
    goes_to_gs_usb_loaded()


@test
def loaded_first_it_has_the_board_with_udev():
    MACHINE.udev()
    goes_to_gs_usb_loaded()


@test
def plugged_in_first_the_board_is_left_to_it():
    interface = MACHINE.boards(BOARD).attach() + ':1.0'
    check(not is_loaded('gs_usb'), 'gs_usb is loaded already')
    modprobe('winusb', 'autobind=on')
    is_left_alone(interface)


@test
def blacklisted_it_does_not_get_the_board():
    goes_to_winusb_when_blacklisted()


@test
def blacklisted_it_does_not_get_the_board_with_udev():
    MACHINE.udev()
    goes_to_winusb_when_blacklisted()


@test
def named_by_the_administrator_the_board_is_winusbs():
    modprobe('winusb', 'autobind=on')
    with open('/sys/bus/usb/drivers/winusb/function_id', 'w', encoding='utf-8') as file:
        file.write('1d50 606f 00')
    interface = MACHINE.boards(BOARD).attach() + ':1.0'
    wait_for('winusb has it', lambda: is_bound(interface))
