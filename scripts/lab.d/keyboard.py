# SPDX-License-Identifier: MIT
"""A USB keyboard of QEMU that the guest commands, its keys, its cable, and who
wakes the guest up: a command is a line over its third serial port, and so is
the answer."""

import json
import os
import re
import socket
import threading
import time

COMMAND = re.compile(r'(?P<what>press (?P<key>[a-z0-9_]+)|unplug|plug|wake)'
                     r'(?: (?P<ms>\d{1,6}))?')

# Name -> QEMU's device, and the driver of the controller. QEMU's xHCI cannot
# restore its state, so its devices are reset whenever the system has slept.
CONTROLLERS = {'xhci': ('qemu-xhci', 'xhci_pci'),
               'ehci': ('usb-ehci', 'ehci_pci')}


def modules(controller):
    return [CONTROLLERS[controller][1]] if controller else []


def devices(folder, controller):
    """QEMU connects to what Keyboard listens on."""
    return ['-device', f'{CONTROLLERS[controller][0]},id=keys',
            '-device', 'usb-kbd,id=keyboard,bus=keys.0,port=1',
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

    def unplug(self):
        return self.ask('device_del', id='keyboard')

    def plug(self):
        return self.ask('device_add', driver='usb-kbd', id='keyboard',
                        bus='keys.0', port='1')

    def wake(self):
        """As soon as it sleeps, for which a slow guest may need longer."""
        for _ in range(600):
            if not self.ask('system_wakeup'):
                return None
            time.sleep(0.1)
        return 'it does not sleep'

    def obey(self, line):
        match = COMMAND.fullmatch(line)
        if not match:
            return f'error: unknown command {line!r}'
        function = getattr(self, match['what'].split()[0])
        arguments = [match['key']] if match['key'] else []
        if match['ms'] or function == self.wake:
            self.later(int(match['ms'] or 0), function, *arguments)
            return 'ok'
        why = function(*arguments)
        return f'error: {why}' if why else 'ok'

    @staticmethod
    def later(delay, function, *arguments):
        def run():
            try:
                function(*arguments)
            except (OSError, ValueError):
                pass            # the guest has ended before

        timer = threading.Timer(delay / 1000, run)
        timer.daemon = True
        timer.start()

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
