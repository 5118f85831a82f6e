# SPDX-License-Identifier: MIT
"""Results of a guest that shares no folder with the host: a file to which
QEMU writes what the agent sends over its second serial port. A message is a
line "NAME LENGTH" and LENGTH bytes, to be appended to the file NAME."""

import os
import re

# Files in the guest's folder, and folders only below "out".
MESSAGE = re.compile(rb'(stdout|stderr|rc|error|findings|'
                     rb'out(?:/[^/\n\0]+)+) (\d{1,9})\n')


class Channel:
    """Takes messages apart as they come."""

    def __init__(self, folder):
        self.folder = folder
        self.file = None
        self.data = b''
        self.target = None      # the message that comes in
        self.left = 0

    def open_target(self, name):
        if '..' in name.split('/'):
            raise ValueError(name)
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.target = open(path, 'ab', buffering=0)

    def take(self):
        """One step; False if there is nothing to do yet."""
        if self.target:
            part = self.data[:self.left]
            self.target.write(part)
            self.data = self.data[len(part):]
            self.left -= len(part)
            if self.left:
                return False
            self.target.close()
            self.target = None
        end = self.data.find(b'\n') + 1
        if not end:
            return False
        match = MESSAGE.fullmatch(self.data[:end])
        if not match:
            raise ValueError(self.data[:end])
        self.open_target(os.fsdecode(match[1]))
        self.left = int(match[2])
        self.data = self.data[end:]
        return True

    def move(self):
        """Up to the end of what has come by now."""
        if not self.file:
            try:
                self.file = open(os.path.join(self.folder, 'channel'), 'rb',
                                 buffering=0)
            except FileNotFoundError:
                return
        while data := self.file.read(1 << 16):
            self.data += data
            try:
                while self.take():
                    pass
            except ValueError as e:
                # The exit status cannot come any more, which is a failure.
                message = f'the guest sent what is no message: {e}'
                with open(os.path.join(self.folder, 'error'), 'w') as file:
                    file.write(message)
                self.data = b''
                return
