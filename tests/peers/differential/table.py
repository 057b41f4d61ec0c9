"""The table of commands: what the families fill in, what the generator and the comparison read.

A command is said once, in its family's file. A `Script` is a family's other entry: several steps that
only make sense together (a transaction, a subscription), possibly over several connections.
"""

from dataclasses import dataclass, field
from typing import Callable

from . import rules
from .grammar import sequence


@dataclass(frozen=True)
class Step:
    """One request on one connection. `pause_ms` waits before it; `fence` reads every connection after it."""

    connection: int
    argv: tuple
    rule: Callable = rules.exact
    fence: bool = False
    pause_ms: int = 0


@dataclass
class Command:
    """`name` may hold a subcommand (`CLIENT GETNAME`). `rule` says how its two replies are compared.

    `spoil`: whether wrong variants may be made of it. Off where a wrong variant could stop a server,
    lock the run out, or change a setting of one server only.
    `queueable`: whether it may stand inside MULTI.
    """

    name: str
    arguments: Callable
    weight: float = 1.0
    rule: Callable = rules.exact
    spoil: bool = True
    queueable: bool = True
    fence: bool = False

    @property
    def words(self):
        return tuple(self.name.encode().split(b" "))


@dataclass
class Script:
    """`steps(draw, table, connection)` returns a list of steps."""

    name: str
    steps: Callable
    weight: float = 1.0


@dataclass
class Family:
    """`needs` names a command: a reference server without it is not asked about the family."""

    name: str
    needs: str | None = None
    entries: list = field(default_factory=list)

    def command(self, name, *arguments, **options):
        self.entries.append(Command(name, sequence(*arguments), **options))

    def script(self, name, steps, weight=1.0):
        self.entries.append(Script(name, steps, weight))

    @property
    def commands(self):
        return [entry for entry in self.entries if isinstance(entry, Command)]


class Table:
    """All families of a run, and draws from them by weight."""

    def __init__(self, families):
        self.families = families
        self.commands = [command for family in families for command in family.commands]
        names = [command.name for command in self.commands]
        twice = {name for name in names if names.count(name) > 1}
        assert not twice, f"said twice: {twice}"
        self.queueable = [c for c in self.commands if c.queueable and not c.fence]

    def known_to(self, server):
        """The table without the families that `server` does not know."""
        with server.connect() as connection:
            def knows(family):
                info = connection.call("COMMAND", "INFO", family.needs)[1] if family.needs else True
                return info is True or info[0][0] == "*" and bool(info[0][1])
            return Table([family for family in self.families if knows(family)])

    def draw_queueable(self, d):
        weights = [command.weight for command in self.queueable]
        return d.random.choices(self.queueable, weights)[0]
