"""Commands and subcommands that do not exist, and names that are hard to print."""

from ..grammar import many, maybe, one_of, pool, raw, value
from ..table import Family, Step

FAMILY = Family("unknown")

NAMES = [b"NOSUCH", b"get ", b"GE", b"GETT", b"", b"\x00", b"new\r\nline", b"x" * 200, b"'quoted'", b"SET\xff",
         b"config get", b"config|get", b"client|id", b"get|x", b"EVALL", b"HELLO3"]
PARENTS = [b"CLIENT", b"CONFIG", b"OBJECT", b"COMMAND", b"PUBSUB", b"MEMORY", b"DEBUG"]


def unknown_command(d, table, connection):
    """An unknown name with arguments, some long enough to be cut in the error."""
    arguments = many(one_of(value, raw(b"y" * 150), raw(b"new\r\nline")), 0, 6)(d)
    return [Step(connection, (d.choice(NAMES), *arguments))]


def unknown_subcommand(d, table, connection):
    """A known parent with an unknown, missing or oddly spelt subcommand."""
    parent = d.choice([p for p in PARENTS if p != b"DEBUG"])
    sub = d.choice([(), (b"nosuch",), (b"NoSuch", b"a", b"b"), (b"",), (b"x" * 200,), (b"ID", b"extra"),
                    (b"GET",), (b"ENCODING",), (b"bad\r\nname",), (b"HELP", b"extra")])
    if parent == b"COMMAND" and not sub:
        sub = (b"nosuch",)
    return [Step(connection, (parent, *sub))]


FAMILY.script("an unknown command", unknown_command, weight=2)
FAMILY.script("an unknown subcommand", unknown_subcommand)
