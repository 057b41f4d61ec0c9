"""Commands that show or steer the process."""

from .. import rules
from ..grammar import key, many, maybe, one_of, pool, raw, shuffled, tagged, word
from ..table import Family, Step

FAMILY = Family("server")
command = FAMILY.command

# The commands that both are expected to have; COMMAND INFO and GETKEYS are asked about these.
KNOWN = [name.encode() for name in (
    "get set del mget mset expire getex append setrange incrbyfloat lcs copy rename object scan keys "
    "multi exec watch subscribe publish lpush lrange hset sadd spop zadd zpopmin client config info ping "
    "select flushall swapdb debug shutdown command msetnx hello auth reset quit setbit getbit bitcount bitpos "
    "bitop bitfield bitfield_ro pfadd pfcount pfmerge pfdebug pfselftest script function wait").split()]
known = pool(KNOWN)
SETTINGS = [b"maxmemory", b"timeout", b"databases", b"appendonly", b"save", b"tcp-keepalive", b"maxmemory-policy",
            b"hash-max-listpack-entries", b"hash-max-listpack-value", b"set-max-intset-entries",
            b"zset-max-listpack-entries", b"zset-max-listpack-value", b"list-max-listpack-size", b"nosuch*",
            b"slowlog-max-len", b"appendfsync", b"bind-source-addr", b"TIMEOUT"]

command("INFO", maybe(many(word("server", "clients", "memory", "stats", "replication", "cpu", "keyspace",
                                "all", "default", "everything", "nosuch"), 1, 2), 0.7),
        rule=rules.info, spoil=False)
command("TIME", rule=rules.time_reply)
command("LOLWUT", rule=rules.text, spoil=False, weight=0.2)
command("MEMORY USAGE", key, maybe(tagged("SAMPLES", pool([b"0", b"5", b"-1", b"x"]))), rule=rules.positive)
command("MEMORY HELP", rule=rules.bulks, spoil=False, weight=0.3)
command("CONFIG GET", one_of(pool(SETTINGS), pool(SETTINGS), raw("maxmemory", "timeout"), raw()),
        rule=rules.unordered_pairs, spoil=False)
command("CONFIG SET", one_of(
    raw("nosuch", "1"), raw("maxmemory", "abc"), raw("timeout", "-1"), raw("timeout", "x"), raw("timeout"),
    raw("databases", "3"), raw("maxmemory-policy", "nosuch"), raw("timeout", "0"), raw("timeout", "0", "nosuch", "1"),
    raw("timeout", "0", "timeout", "0"), raw("maxmemory", "0"), raw("appendonly", "maybe"),
    raw("hash-max-listpack-entries", "128"), raw("tcp-keepalive", "300"), raw("TIMEOUT", "0"),
    raw("hash-max-listpack-entries", "-1"), raw("maxclients", "0"), raw("maxmemory", "-5")), spoil=False)
command("CONFIG RESETSTAT", spoil=False)
command("CONFIG REWRITE", spoil=False, weight=0.3)
command("CONFIG HELP", rule=rules.bulks, spoil=False, weight=0.3)
command("COMMAND COUNT", rule=rules.positive)
command("COMMAND INFO", many(one_of(known, known, raw("nosuch")), 1, 3), rule=rules.command_info, spoil=False)
command("COMMAND DOCS", many(known, 1, 2), rule=rules.command_docs, spoil=False)
command("COMMAND LIST", maybe(one_of(raw("FILTERBY", "NOSUCH", "x"), raw("FILTERBY"),
                                     raw("FILTERBY", "MODULE", "none")), 0.5),
        rule=rules.bulks, spoil=False, weight=0.3)
command("COMMAND GETKEYS", one_of(
    raw("get", "a"), raw("set", "a", "b"), raw("mset", "a", "1", "b", "2"), raw("mget", "a", "b"), raw("get"),
    raw("nosuch", "a"), raw("ping"), raw("copy", "a", "b"), raw("object", "encoding", "a"),
    raw("set", "a", "b", "GET"), raw("mset", "a"), raw("rename", "a", "b"), raw("lcs", "a", "b"),
    raw("zadd", "z", "1", "m")))
command("COMMAND GETKEYSANDFLAGS", one_of(
    raw("get", "a"), raw("set", "a", "b"), raw("getset", "a", "b"), raw("del", "a", "b"), raw("copy", "a", "b"),
    raw("set", "a", "b", "GET"), raw("lpush", "a", "b"), raw("spop", "a"), raw("ping"), raw("nosuch", "a")))
command("COMMAND HELP", rule=rules.bulks, spoil=False, weight=0.3)
command("DEBUG SLEEP", pool([b"0", b"0.001"]), spoil=False, weight=0.3)
command("SHUTDOWN", one_of(raw("NOSUCH"), raw("SAVE", "NOSAVE"), raw("ABORT"), raw("NOSAVE", "x")),
        spoil=False, queueable=False, weight=0.3)
