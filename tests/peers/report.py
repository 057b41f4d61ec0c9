"""Counts what passed and failed, and says so as it happens."""

import time
import traceback


class Failure(AssertionError):
    """A check that did not hold; its text is what the reader needs."""


def check(condition, text):
    if not condition:
        raise Failure(text)


def equal(got, expected, what="value"):
    if got != expected:
        raise Failure(f"{what}: got {got!r}, expected {expected!r}")


class Report:
    def __init__(self):
        self.passed, self.failed = 0, []
        self.suite, self.began = "", 0.0

    def begin(self, suite):
        self.suite, self.began = suite, time.monotonic()
        print(f"== {suite}", flush=True)

    def end(self):
        print(f"   {self.suite}: {time.monotonic() - self.began:.1f} s", flush=True)

    def ok(self, name):
        self.passed += 1
        print(f"ok     {name}", flush=True)

    def fail(self, name, text):
        self.failed.append(f"{self.suite}: {name}")
        print(f"FAILED {name}", flush=True)
        for line in str(text).rstrip().splitlines():
            print(f"       {line}", flush=True)

    def run(self, cases, env):
        """Runs functions of `env`; the first line of a docstring is the name of the case."""
        for case in cases:
            name = case.__doc__.strip().splitlines()[0]
            try:
                case(env)
            except Failure as failure:
                self.fail(name, failure)
            except Exception:
                self.fail(name, traceback.format_exc(limit=-4))
            else:
                self.ok(name)

    def take(self, lines):
        """Reads a child's lines `ok NAME` and `not ok NAME: why`; other lines are passed on."""
        seen = 0
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("ok "):
                self.ok(line[3:])
                seen += 1
            elif line.startswith("not ok "):
                name, _, why = line[7:].partition(": ")
                self.fail(name, why)
                seen += 1
            elif line:
                print(f"       {line}", flush=True)
        return seen

    def summary(self):
        for name in self.failed:
            print(f"failed: {name}")
        print(f"{self.passed} passed, {len(self.failed)} failed", flush=True)
        return 1 if self.failed else 0
