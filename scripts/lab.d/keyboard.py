# SPDX-License-Identifier: MIT
"""A USB keyboard of QEMU whose keys the guest presses: a command of the guest
is a line over its third serial port, an answer is a line, too."""

import json
import os
import re
import socket
import threading

COMMAND = re.compile(r'press ([a-z0-9_]+)(?: (\d{1,6}))?')


# Name -> QEMU's device, and the driver of the controller. QEMU's xHCI cannot
# restore its state, so its devices are reset whenever the system has slept.
CONTROLLERS = {'xhci': ('qemu-xhci', 'xhci_pci'),
               'ehci': ('usb-ehci', 'ehci_pci')}


def modules(controller):
    return [CONTROLLERS[controller][1]] if controller else []


def devices(folder, controller):
    """QEMU connects to what Keyboard listens on."""
    return ['-device', f'{CONTROLLERS[controller][0]},id=keys',
            '-device', 'usb-kbd,bus=keys.0',
            '-chardev', f'socket,id=commands,path={folder}/commands',
            '-serial', 'chardev:commands',
            '-qmp', f'unix:{folder}/qmp']


class Keyboard:
    """Threads that end when QEMU does."""

    def __init__(self, folder):
        self.lock = threading.Lock()
        self.qmp = None
        commands = self.listen(f'{folder}/commands')
        qmp = self.listen(f'{folder}/qmp')
        threading.Thread(target=self.serve, args=(commands, qmp),
                         daemon=True).start()

    @staticmethod
    def listen(path):
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(1)
        os.chmod(path, 0o600)
        return server

    def ask(self, command, **arguments):
        """An answer of QEMU; None, or why it refused."""
        with self.lock:
            self.qmp.write(json.dumps({'execute': command,
                                       'arguments': arguments}) + '\n')
            self.qmp.flush()
            for line in self.qmp:
                answer = json.loads(line)
                if 'error' in answer:
                    return answer['error']['desc']
                if 'return' in answer:
                    return None
        return 'QEMU has ended'

    def press(self, key):
        """QEMU releases it itself, a tenth of a second later."""
        return self.ask('send-key', keys=[{'type': 'qcode', 'data': key}])

    def obey(self, line):
        match = COMMAND.fullmatch(line)
        if not match:
            return f'error: unknown command {line!r}'
        key, delay = match.groups()
        if delay:
            timer = threading.Timer(int(delay) / 1000, self.try_press, (key,))
            timer.daemon = True
            timer.start()
            return 'ok'
        why = self.press(key)
        return f'error: {why}' if why else 'ok'

    def try_press(self, key):
        try:
            self.press(key)
        except (OSError, ValueError):
            pass                # the guest has ended before

    def serve(self, commands, qmp):
        try:
            # Both are connected before the guest starts.
            port = commands.accept()[0].makefile('rw')
            self.qmp = qmp.accept()[0].makefile('rw')
            self.qmp.readline()
            self.ask('qmp_capabilities')
            for line in port:
                port.write(self.obey(line.strip()) + '\n')
                port.flush()
        except (OSError, ValueError):
            pass
