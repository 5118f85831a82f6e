# SPDX-License-Identifier: MIT
"""Reads TAP and KTAP as it comes: counts the innermost tests, and checks the
plans, so that a test that did not run is not a test that passed."""

import re

RESULT = re.compile(r'^(?P<indent> *)(?P<bad>not )?ok\b(?: +(?P<number>\d+))?'
                    r'(?: +-)? *(?P<text>.*)$')
PLAN = re.compile(r'^(?P<indent> *)1\.\.(?P<count>\d+)\s*(?:# *SKIP\b *'
                  r'(?P<reason>.*))?$', re.I)
VERSION = re.compile(r'^(?P<indent> *)K?TAP version \d+')
SKIP = re.compile(r'^(?P<name>.*?)\s*# *SKIP\b[: ]*(?P<reason>.*)$', re.I)
BAIL = re.compile(r'^ *Bail out!\s*(?P<why>.*)$')
NOTE = re.compile(r'^ *# *(?P<text>\S.*)$')
NOTES = 4       # the last ones before a test that failed say why
NOTE_LENGTH = 160


class Level:
    """The results at one depth since the last one that is less deep."""

    def __init__(self):
        self.planned = None
        self.seen = 0
        self.failed = 0


class Reader:
    """report(kind, name, reason): kind is ok, failed or skipped."""

    def __init__(self, report):
        self.report = report
        self.levels = {}
        self.notes = []
        self.count = 0

    def tell(self, kind, name, reason=''):
        self.count += 1
        self.report(kind, name, reason)

    def close(self, indent):
        """Ends a depth; whether one of its tests failed, or None without."""
        level = self.levels.pop(indent, None)
        if not level:
            return None
        if level.planned is None and level.seen and not indent:
            self.tell('failed', 'plan', f'{level.seen} tests, but no plan')
        elif level.planned not in (None, level.seen):
            self.tell('failed', 'plan', f'{level.planned} tests planned, '
                      f'{level.seen} ran')
            level.failed += 1
        return level.failed > 0 if level.seen else None

    def close_deeper(self, indent):
        states = [self.close(deep) for deep in sorted(self.levels, reverse=True)
                  if deep > indent]
        states = [state for state in states if state is not None]
        return any(states) if states else None

    def on_plan(self, match):
        indent = len(match['indent'])
        count = int(match['count'])
        self.close_deeper(indent)
        if match['reason'] is not None and not count:
            self.tell('skipped', 'all', match['reason'])
            return
        level = self.levels.get(indent)
        if level and level.planned is None and level.seen:
            level.planned = count           # a plan at the end
            self.close(indent)
            return
        self.close(indent)
        self.levels[indent] = Level()
        self.levels[indent].planned = count

    def on_result(self, match):
        indent = len(match['indent'])
        bad = bool(match['bad'])
        children_failed = self.close_deeper(indent)
        level = self.levels.setdefault(indent, Level())
        if match['number'] is not None:
            level.seen += 1
        level.failed += bad
        skip = SKIP.match(match['text'])
        if children_failed is not None:
            # A summary: counted only if its tests do not say it themselves.
            if bad and not children_failed:
                self.tell('failed', match['text'])
        elif skip and not bad:
            self.tell('skipped', skip['name'], skip['reason'])
        elif bad:
            self.tell('failed', match['text'], '; '.join(self.notes))
        else:
            self.tell('ok', match['text'])
        self.notes = []
        if match['number'] is None and not level.seen and \
                level.planned is None:
            del self.levels[indent]

    def line(self, line):
        if match := VERSION.match(line):
            indent = len(match['indent'])
            self.close_deeper(indent)
            self.close(indent)
        elif match := PLAN.match(line):
            self.on_plan(match)
        elif match := RESULT.match(line):
            self.on_result(match)
        elif match := BAIL.match(line):
            self.tell('failed', 'bail out', match['why'])
        elif match := NOTE.match(line):
            self.notes = [*self.notes[1 - NOTES:],
                          match['text'][:NOTE_LENGTH]]

    def end(self):
        self.close_deeper(-1)
