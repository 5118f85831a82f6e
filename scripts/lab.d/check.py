# SPDX-License-Identifier: MIT
"""scripts/check: runs the stages of scripts/check.stages. See --help."""

import argparse
import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from common import TREE, Error, cache, read
from tap import Reader

STAGES = os.path.join(TREE, 'scripts/check.stages')
Stage = collections.namedtuple('Stage', 'name needs seconds result command '
                               'long')
COLOURS = {'ok': '32', 'FAILED': '31', 'skip': '33'}


def load_stages():
    stages = []
    for number, line in enumerate(read(STAGES).splitlines(), 1):
        if not line.strip() or line.startswith('#'):
            continue
        fields = [field.strip() for field in line.split('|', 4)]
        if len(fields) != 5 or fields[3] not in ('tap', 'exit'):
            raise Error(f'{STAGES}:{number}: not a stage')
        needs = [] if fields[1] == '-' else fields[1].split()
        stages.append(Stage(fields[0].lstrip('+'), needs, int(fields[2]),
                            fields[3], fields[4], fields[0][0] == '+'))
    return stages


class Check:
    """All stages: who waits for what, what came out."""

    def __init__(self, stages, o):
        self.o = o
        self.waiting = list(stages)
        self.ready = set()          # kernels
        self.broken = {}            # kernel -> why
        self.children = set()
        self.counts = collections.Counter()
        self.failures = []
        self.change = threading.Condition()
        self.output = threading.Lock()
        self.stopping = False
        self.late = False
        self.kernel_build = None
        self.logs = o.logs or self.new_logs()
        os.makedirs(self.logs, exist_ok=True)
        self.start = time.monotonic()

    @staticmethod
    def new_logs():
        """A new folder in the cache, where the last ten are kept."""
        parent = cache('check')
        for old in sorted(os.listdir(parent))[:-9]:
            shutil.rmtree(os.path.join(parent, old), ignore_errors=True)
        return cache('check', time.strftime('%Y%m%d-%H%M%S'))

    # -- what the user sees

    def tell(self, text):
        with self.output:
            print(text, flush=True)

    def word(self, word):
        if not sys.stdout.isatty():
            return f'{word:<6}'
        return f'\x1b[{COLOURS[word]}m{word:<6}\x1b[0m'

    def report(self, stage, kind, name, reason=''):
        with self.change:
            self.counts[kind] += 1
            if kind == 'failed':
                self.failures.append(f'{stage}: {name}' +
                                     (f' ({reason})' if reason else ''))
        word = {'ok': 'ok', 'failed': 'FAILED', 'skipped': 'skip'}[kind]
        text = f'{self.word(word)} {stage}: {name}'
        if kind == 'skipped':
            text += f' (skipped: {reason or "no reason given"})'
        elif reason:
            text += f' ({reason})'
        self.tell(text)

    # -- children

    def spawn(self, argv, log, **kwargs):
        child = subprocess.Popen(argv, cwd=TREE, stdin=subprocess.DEVNULL,
                                 stderr=log, start_new_session=True, **kwargs)
        with self.change:
            self.children.add(child)
            if self.stopping:
                child.terminate()
        return child

    def forget(self, child):
        with self.change:
            self.children.discard(child)

    def stop_children(self):
        """The lab ends its guests when it gets SIGTERM."""
        with self.change:
            self.stopping = True
            self.waiting.clear()
            children = list(self.children)
            self.change.notify_all()
        for child in children:
            kill_group(child, signal.SIGTERM)
        for child in children:
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                kill_group(child, signal.SIGKILL)

    # -- kernels

    def prepare(self, names):
        """In a thread: one kernel after the other, in the order of need."""
        for name in names:
            if self.stopping or self.late:
                return
            lab = os.path.join(TREE, 'scripts/lab')
            if name.startswith('source-'):
                argv = [lab, 'source', name[len('source-'):]]
            else:
                argv = [lab, 'build', '--kernel-only', name]
            path = os.path.join(self.logs, f'kernel-{name}.log')
            with open(path, 'wb') as log:
                child = self.spawn(argv, subprocess.PIPE,
                                   stdout=subprocess.DEVNULL)
                with self.change:
                    self.kernel_build = child
                    if self.late:
                        kill_group(child, signal.SIGTERM)
                for line in child.stderr:
                    log.write(line)
                    text = line.decode(errors='replace').rstrip()
                    if text.startswith('lab: '):
                        self.tell(f'       {text[5:]}')
                status = child.wait()
                self.forget(child)
            with self.change:
                self.kernel_build = None
                if status:
                    self.broken[name] = f'no kernel {name}: see {path}'
                self.ready.add(name)
                self.change.notify_all()

    # -- the limit

    def leave_the_rest(self):
        """No stage starts from now on; those that run go on to their end."""
        with self.change:
            self.late = True
            left = list(self.waiting)
            self.waiting.clear()
            if left and self.kernel_build:
                kill_group(self.kernel_build, signal.SIGTERM)
            self.change.notify_all()
        for stage in left:
            self.report(stage.name, 'skipped', 'stage',
                        f'not begun within {self.o.within} minutes; '
                        f'scripts/check {stage.name} runs it')

    # -- stages

    def next_stage(self):
        """A stage whose kernels are there; None when all have been started."""
        with self.change:
            while self.waiting:
                for stage in self.waiting:
                    if self.ready.issuperset(stage.needs):
                        self.waiting.remove(stage)
                        return stage
                self.change.wait()
        return None

    def work(self):
        while stage := self.next_stage():
            try:
                self.run_stage(stage)
            except Exception as e:      # must not lose the stage
                self.report(stage.name, 'failed', 'stage', repr(e))

    def run_stage(self, stage):
        for need in stage.needs:
            if need in self.broken:
                self.report(stage.name, 'failed', 'stage', self.broken[need])
                return
        start = time.monotonic()
        self.tell(f'       {stage.name} starts')
        out = os.path.join(self.logs, f'{stage.name}.out')
        err = os.path.join(self.logs, f'{stage.name}.err')
        failed_before = len(self.failures)
        reader = Reader(lambda *args: self.report(stage.name, *args))
        env = dict(os.environ, MAKEFLAGS='', PYTHONUNBUFFERED='1')
        late = []
        with open(err, 'wb') as log, open(out, 'w') as copy:
            child = self.spawn(['sh', '-c', stage.command], log, env=env,
                               stdout=subprocess.PIPE)
            timer = threading.Timer(stage.seconds, self.end_late,
                                    (child, late))
            timer.start()
            for line in child.stdout:
                text = line.decode(errors='replace').rstrip('\r\n')
                copy.write(text + '\n')
                if stage.result == 'tap':
                    reader.line(text)
            status = child.wait()
            timer.cancel()
            self.forget(child)
        if self.stopping:
            return
        seconds = f'{time.monotonic() - start:.0f} s'
        mine = [line for line in self.failures[failed_before:]
                if line.startswith(f'{stage.name}: ')]
        if stage.result == 'tap':
            reader.end()
            if not reader.count:
                self.report(stage.name, 'failed', 'stage', 'it ran no test')
        why = f'not done after {stage.seconds} s' if late else \
            f'exit status {status}'
        if status and not (mine and stage.result == 'tap' and
                           not self.lab_complained(err)):
            self.report(stage.name, 'failed', 'stage', why)
            self.show_end(err, out)
        elif stage.result == 'exit':
            said = (read(out) or '').strip().splitlines()
            self.report(stage.name, 'ok', ' '.join(said[-1].split()) if said
                        else stage.command)
        elif mine:
            self.tell(f'       the output is in {out}')
        self.tell(f'       {stage.name} ended, {seconds}')
        with self.change:
            if status:
                self.broken[f'@{stage.name}'] = f'{stage.name} failed'
            self.ready.add(f'@{stage.name}')
            self.change.notify_all()

    @staticmethod
    def end_late(child, late):
        late.append(True)
        kill_group(child, signal.SIGTERM)
        time.sleep(20)
        kill_group(child, signal.SIGKILL)

    @staticmethod
    def lab_complained(err):
        return re.search(r'^lab: (failed|error): ', read(err) or '', re.M)

    def show_end(self, err, out):
        lines = ((read(out) or '').splitlines()[-10:] +
                 (read(err) or '').splitlines()[-40:])
        self.tell(''.join(f'    | {line}\n' for line in lines) +
                  f'    the whole of it: {err}, {out}')

    def run(self):
        needs = dict.fromkeys(need for stage in self.waiting
                              for need in stage.needs)
        kernels = [need for need in needs if not need.startswith('@')]
        threads = [threading.Thread(target=self.prepare, args=(kernels,))]
        threads += [threading.Thread(target=self.work)
                    for _ in range(self.o.jobs)]
        for thread in threads:
            thread.daemon = True
            thread.start()
        limit = threading.Timer((self.o.within or 0) * 60, self.leave_the_rest)
        limit.daemon = True
        if self.o.within:
            limit.start()
        for thread in threads:
            thread.join()
        if self.o.within:
            limit.cancel()
            limit.join()    # it may be telling what is left
        return self.finish()

    def finish(self):
        if self.failures:
            print(f'\nFailed (logs: {self.logs}):')
            for line in self.failures:
                print(f'  {line}')
        print(f'\n{(time.monotonic() - self.start) / 60:.0f} minutes')
        text = (f'{self.counts["ok"]} passed, {self.counts["failed"]} failed')
        if self.counts['skipped']:
            text += f', {self.counts["skipped"]} skipped'
        print(text, flush=True)
        return 1 if self.counts['failed'] or not self.counts['ok'] else 0


def kill_group(child, number):
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        pass


def with_needs(stages, names):
    """The stages of these names, and those that they need, in their order."""
    by_name = {stage.name: stage for stage in stages}
    wanted, found = list(names), set()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted += [need[1:] for need in by_name[name].needs
                       if need.startswith('@')]
    return [stage for stage in stages if stage.name in found]


def parser():
    p = argparse.ArgumentParser(
        prog='scripts/check',
        description='Runs all tests, kernels being built meanwhile. Each test '
        'is a line; the last line is "N passed, N failed", with ", N skipped" '
        'if any.')
    p.add_argument('--list', action='store_true', help='list the stages')
    p.add_argument('--long', action='store_true',
                   help='also the stages that take long and find little that '
                   'the others do not')
    p.add_argument('--jobs', type=int, default=2, metavar='N',
                   help='stages at a time (2)')
    p.add_argument('--within', type=int, metavar='MINUTES',
                   help='start no stage after that; those that are left are '
                   'skipped, by name. For a machine that ends what takes '
                   'longer')
    p.add_argument('--logs', metavar='DIR', help='where the output is kept; '
                   'by default a new folder in the cache')
    p.add_argument('stages', nargs='*', metavar='STAGE',
                   help='only these stages, and those that they need')
    return p


def main():
    o = parser().parse_args()
    stages = load_stages()
    if o.list:
        for stage in stages:
            print(f'{stage.name:<16}{"(--long) " * stage.long}'
                  f'{stage.command}')
        return 0
    unknown = set(o.stages) - {stage.name for stage in stages}
    if unknown:
        raise Error(f'no stage {", ".join(sorted(unknown))}; '
                    'scripts/check --list shows them')
    if o.stages:
        stages = with_needs(stages, o.stages)
    elif not o.long:
        stages = [stage for stage in stages if not stage.long]
    check = Check(stages, o)

    def on_signal(_number, _frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGHUP, on_signal)
    try:
        return check.run()
    except KeyboardInterrupt:
        check.stop_children()
        print('check: interrupted', file=sys.stderr)
        return 130


if __name__ == '__main__':
    try:
        sys.exit(main())
    except Error as e:
        print(f'check: error: {e}', file=sys.stderr)
        sys.exit(1)
