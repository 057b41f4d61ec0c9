"""SCRIPT and FUNCTION on servers that have nothing loaded."""

from .. import rules
from ..grammar import many, maybe, pool, raw, shuffled, tagged, word
from ..table import Family, Step

FAMILY = Family("scripting")
command = FAMILY.command

command("SCRIPT EXISTS", many(pool([b"e0e1f9fabfc9d4800c877a703b823ac0578ff8db", b"x", b""]), 1, 3))
command("SCRIPT FLUSH", maybe(word("SYNC", "ASYNC", "NOW")))
command("SCRIPT KILL")
command("SCRIPT HELP", rule=rules.bulks, spoil=False, weight=0.3)
command("FUNCTION FLUSH", maybe(word("SYNC", "ASYNC", "NOW")))
command("FUNCTION LIST", shuffled(maybe(tagged("LIBRARYNAME", pool([b"*", b"a"]))), maybe(word("WITHCODE"))))
command("FUNCTION STATS")
command("FUNCTION KILL")
command("FUNCTION DELETE", pool([b"a", b""]))
command("FUNCTION HELP", rule=rules.bulks, spoil=False, weight=0.3)
command("WAIT", raw("0"), pool([b"0", b"1", b"-1", b"x", b"9223372036854775808"]), spoil=False)


def a_wait_without_end(d, table, connection):
    """By itself: an allowed difference (differences.toml) must not be hidden in a transaction's reply."""
    return [Step(connection, (b"WAIT", b"0", b"9223372036854775807"))]


FAMILY.script("a wait without end", a_wait_without_end, weight=0.2)
