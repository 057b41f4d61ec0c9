"""The differential test: the same random commands to Redis and to the server under test.

The map: `grammar` draws arguments, `families/*` say the commands, `table` holds them, `generate` makes
the steps of a round, `wrong` spoils some, `duel` plays them on both servers, `rules` compares the
replies, `dump` compares the keyspaces, `shrink` makes a difference small, `allowed` knows the meant ones.
"""

import time

import resp
from report import check

from . import dump, generate, shrink  # noqa: F401
from .allowed import Allowed
from .duel import Duel
from .families import table

# A run with many differences says each kind this often, and shrinks this many in all.
SHOWN_OF_A_KIND = 2
SHRUNK_AT_MOST = 24


def run(env):
    options = env.options
    wanted = table(options.families)
    with env.start_oracle() as oracle, env.start_subject() as subject:
        commands = wanted.known_to(oracle)
        scripts = sum(len(f.entries) - len(f.commands) for f in commands.families)
        print(f"       {len(commands.commands)} commands and {scripts} scripts in "
              f"{len(commands.families)} families; seed {options.seed}, {options.commands} commands",
              flush=True)
        for family in wanted.families:
            if family.needs and family not in commands.families:
                print(f"       left out: {family.name}, since the reference has no {family.needs}", flush=True)
        played = Differential(env, commands, oracle, subject)
        rounds = -(-options.commands // generate.ROUND)
        for number in range(rounds):
            count = min(generate.ROUND, options.commands - number * generate.ROUND)
            played.round(options.seed + number, count)
        played.finish()


class Differential:
    def __init__(self, env, commands, oracle, subject):
        self.env, self.table, self.subject = env, commands, subject
        self.oracle = oracle
        self.duel = Duel(oracle, subject)
        self.allowed = Allowed()
        self.known = {}
        self.count, self.shown, self.began = 0, 0, time.monotonic()

    def round(self, seed, count):
        """Plays one round; a difference starts it afresh behind the step that showed it."""
        steps = generate.steps(self.table, seed, count)
        failed, start, since = 0, True, 0
        for at, step in enumerate(steps):
            if start:
                self.duel.fresh()
                start, since = False, at
            try:
                difference = self.duel.play(step)
            except OSError:
                self.survived(steps[since : at + 1])
                raise
            self.count += 1
            meant = difference and self.allowed.covers(difference)
            if meant:
                start = meant.get("parts", False)
            elif difference:
                failed += 1
                start = True
                self.tell(seed, count, at, steps[since : at + 1], difference)
        if not start:
            difference = self.duel.compare_keyspaces()
            if difference and not self.allowed.covers(difference):
                failed += 1
                self.tell(seed, count, len(steps), None, difference)
        name = f"round {seed}: {count} commands"
        if failed:
            self.env.report.fail(name, f"{failed} differences")
        else:
            self.env.report.ok(name)

    def tell(self, seed, count, at, steps, difference):
        signature = difference.signature()
        self.known[signature] = self.known.get(signature, 0) + 1
        self.survived(steps)
        if self.known[signature] > SHOWN_OF_A_KIND:
            return
        self.shown += 1
        out = [f"--- difference {self.shown}: round {seed}, step {at}, {difference.where}"]
        if difference.step:
            out.append(f"  request   {resp.show_request(difference.step.argv)}")
        out += [f"  redis     {difference.left}", f"  mainstay  {difference.right}"]
        if steps and self.shown <= SHRUNK_AT_MOST:
            small = shrink.shrink(self.duel, steps, lambda found: found.signature() == signature)
            if small is None:
                out.append("  it does not happen again from empty databases: time or order matters")
            else:
                out.append(f"  smallest reproduction ({len(small)} requests; the number is the connection):")
                out += [f"    {s.connection}> {resp.show_request(s.argv)}" for s in small]
        out.append(f"  again     tests/peers/run differential --seed {seed} --commands {count}")
        print("\n".join("       " + line for line in out), flush=True)

    def survived(self, steps):
        """Raises when the server under test has ended, after showing what came last and its log."""
        if self.subject.wait(0.05) is None:
            return
        shown = [f"{s.connection}> {resp.show_request(s.argv)}" for s in (steps or [])[-15:]]
        print("       the server under test ended; the last requests:\n         " + "\n         ".join(shown))
        print(self.subject.printed()[-3000:], flush=True)
        raise RuntimeError(f"the server under test ended with exit code {self.subject.process.poll()}")

    def finish(self):
        seconds = time.monotonic() - self.began
        print(f"       {self.count} commands compared in {seconds:.1f} s, "
              f"{len(self.known)} kinds of difference", flush=True)
        for signature, times in sorted(self.known.items(), key=lambda item: -item[1]):
            print(f"       {times:5} x {signature[0]}: redis {signature[1]} | mainstay {signature[2]}")
        for entry in self.allowed.unused():
            print(f"       not seen in this run: allowed difference of {entry['command']}: {entry['reason']}")
        def lives(_):
            """both servers live and answer after the run"""
            check(self.oracle.answers(), "redis-server does not answer")
            check(self.subject.answers(), "the server under test does not answer")
        self.env.report.run([lives], self.env)
