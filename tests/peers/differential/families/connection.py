"""Connection commands: who speaks, which protocol, which database."""

from .. import rules
from ..grammar import database, key, maybe, number, one_of, pool, raw, sequence, tagged, value, word
from ..table import Family, Step

FAMILY = Family("connection")
command = FAMILY.command

name = pool([b"me", b"with space", b"", b"new\nline", b"a" * 80, b"\xff", b"peers:1"])
switch = word("ON", "OFF", "MAYBE")

command("PING", maybe(value), weight=2)
command("ECHO", value)
command("SELECT", database, weight=2)
# Not spoiled: 7.0 does what an option says before it reads the next, 7.2 (and we) read all first.
command("HELLO", maybe(pool([b"2", b"3", b"3", b"2", b"1", b"4", b"x", b"-1"]), 0.8),
        maybe(tagged("SETNAME", name), 0.2), maybe(sequence(word("AUTH"), raw("default", "x")), 0.1),
        rule=rules.hello, queueable=False, spoil=False)
command("AUTH", one_of(value, sequence(raw("default"), value), sequence(raw("nobody"), value)))
command("CLIENT GETNAME")
command("CLIENT SETNAME", name)
command("CLIENT ID", rule=rules.positive)
command("CLIENT INFO", rule=rules.client_lines, spoil=False)
command("CLIENT LIST", maybe(one_of(
    tagged("TYPE", word("normal", "pubsub", "master", "replica", "slave", "nothing")),
    tagged("ID", pool([b"0", b"-1", b"x", b"9999999999"])), word("NOSUCH")), 0.5),
    rule=rules.client_lines, spoil=False)
command("CLIENT NO-EVICT", switch)
command("CLIENT GETREDIR")
command("CLIENT TRACKINGINFO")
command("CLIENT TRACKING", one_of(raw("OFF"), raw("MAYBE"), raw("ON", "NOSUCH"), raw("ON", "PREFIX", "a"),
                                  raw("ON", "OPTIN", "OPTOUT"), raw("ON", "REDIRECT", "999999"),
                                  raw("ON", "REDIRECT", "x"), raw("ON", "BCAST", "PREFIX", "a", "PREFIX", "ab"),
                                  raw("ON", "BCAST", "OPTIN"), raw("ON", "REDIRECT"), raw("OFF", "OPTIN", "OPTOUT")),
        spoil=False, queueable=False)
command("CLIENT CACHING", one_of(word("YES", "NO"), raw("x")))
command("CLIENT KILL", one_of(
    raw("127.0.0.1:1"), raw("ID", "99999999"), raw("ID", "0"), raw("ID", "x"), raw("TYPE", "nothing"),
    raw("TYPE", "master"), raw("LADDR", "1.2.3.4:5"), raw("USER", "nobody"), raw("ADDR", "x"),
    raw("SKIPME", "maybe"), raw("ID"), raw("NOSUCH", "1"), raw("ID", "99999999", "SKIPME", "yes")),
    spoil=False)
command("CLIENT UNBLOCK", one_of(raw("99999999"), raw("x"), raw("99999999", "TIMEOUT"),
                                 raw("99999999", "ERROR"), raw("99999999", "NOSUCH")), spoil=False)
command("CLIENT UNPAUSE", spoil=False)
command("CLIENT PAUSE", one_of(raw("0"), raw("-1"), raw("x"), raw("0", "WRITE"), raw("0", "ALL"),
                               raw("0", "NOSUCH"), raw("0", "WRITE", "x")), spoil=False)
command("CLIENT HELP", rule=rules.bulks, spoil=False)
command("RESET", fence=True, queueable=False, weight=0.5)
command("QUIT", fence=True, queueable=False, spoil=False, weight=0.3)


def muted(d, table, connection):
    """CLIENT REPLY: what is not answered is done all the same."""
    k = key(d)[0]
    first = d.choice([(b"CLIENT", b"REPLY", b"OFF"), (b"CLIENT", b"REPLY", b"SKIP"), (b"client", b"reply", b"on"),
                      (b"CLIENT", b"REPLY", b"nosuch"), (b"CLIENT", b"REPLY")])
    rest = [(b"SET", k, b"unheard"), (b"NOSUCH", b"x"), (b"CLIENT", b"REPLY", b"SKIP"), (b"GET", k),
            (b"CLIENT", b"REPLY", b"ON"), (b"GET", k)]
    return [Step(connection, argv, fence=True) for argv in [first, *rest]]


FAMILY.script("CLIENT REPLY", muted, weight=0.4)
