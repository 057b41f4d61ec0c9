"""Counts, ranks, limits, scores and cursors at the ends of what can be said, over values of every kind.

Each step is a template with `N` for such a number, asked of a small fixed value, so that hardly a request is
refused for another reason than the number.
"""

from .. import rules
from ..table import Family, Step
from . import sorting

FAMILY = Family("corners")

NUMBERS = [b"0", b"1", b"2", b"3", b"4", b"5", b"-1", b"-2", b"-3", b"-5", b"-6", b"100", b"-100", b"2147483647",
           b"2147483648", b"-2147483648", b"4294967295", b"4294967296", b"-4294967296", b"4611686018427387903",
           b"4611686018427387904", b"-4611686018427387904", b"9223372036854775806", b"9223372036854775807",
           b"-9223372036854775807", b"-9223372036854775808", b"9223372036854775808", b"18446744073709551615",
           b"-0", b"+1", b"01", b"", b" 1", b"1 ", b"x", b"1.0", b"1e0", b"0x1", b"\x00"]
SCORES = [b"0", b"-0", b"1", b"-1.5", b"1e308", b"-1e308", b"1.7976931348623157e308", b"5e-324", b"inf", b"-inf", b"+inf",
          b"Infinity", b"nan", b"-nan", b"1e400", b"1e-400", b"x", b"", b" 1", b"1 ", b"0x10", b"9007199254740993",
          b"(1", b"(inf", b"(-inf", b"(", b"((1"]
KEYS = [b"list", b"set", b"hash", b"zset", b"text", b"none"]

FILL = [(b"DEL", *KEYS, b"dst", b"other"), (b"RPUSH", b"list", b"a", b"b", b"a", b"c", b"a"), (b"SADD", b"set", b"a", b"b", b"c", b"d"),
        (b"HSET", b"hash", b"a", b"1", b"b", b"2", b"c", b"3"),
        (b"ZADD", b"zset", b"-inf", b"a", b"-1", b"b", b"0", b"c", b"2.5", b"d", b"inf", b"e"), (b"SET", b"text", b"hello"),
        (b"ZADD", b"other", b"inf", b"a", b"1", b"b", b"-inf", b"e", b"7", b"z")]

# `K` is any key, `N` any number, `S` any score, a bar separates words of which one is taken.
TEMPLATES = """
LPOS list a RANK N|LPOS list a COUNT N|LPOS list a MAXLEN N|LPOS list a RANK N COUNT N MAXLEN N|LPOS K a RANK N
LPOP list N|RPOP list N|LPOP K N|RPOP none N|LMPOP N list LEFT|LMPOP 1 list LEFT COUNT N|LMPOP 2 none list RIGHT COUNT N
LINDEX list N|LRANGE list N N|LSET list N x|LTRIM list N N|LREM list N a|LINDEX K N|LRANGE K N N
SINTERCARD N set set|SINTERCARD 2 set set LIMIT N|SINTERCARD 1 K LIMIT N|SINTERCARD 2 set LIMIT 1
ZINTERCARD N zset other|ZINTERCARD 2 zset other LIMIT N|ZINTERCARD 1 K LIMIT N
ZPOPMIN zset N|ZPOPMAX zset N|ZPOPMIN K N|ZMPOP N zset MIN|ZMPOP 1 zset MAX COUNT N|ZMPOP 2 none zset MIN COUNT N
ZRANGE zset N N|ZRANGE zset N N REV|ZRANGE zset N N WITHSCORES|ZRANGE zset S S BYSCORE|ZRANGE zset S S BYSCORE REV
ZRANGE zset -inf +inf BYSCORE LIMIT N N|ZRANGE zset +inf -inf BYSCORE REV LIMIT N N WITHSCORES|ZRANGE zset N N LIMIT 0 1
ZRANGE zset - + BYLEX LIMIT N N|ZRANGE zset - + BYLEX WITHSCORES|ZRANGE zset N N BYLEX|ZRANGE zset N N BYSCORE BYLEX
ZRANGE zset N N REV REV WITHSCORES WITHSCORES|ZRANGE zset 0 -1 LIMIT N|ZRANGE zset 0 -1 BYSCORE LIMIT 0 N LIMIT 1 N
ZRANGESTORE dst zset N N|ZRANGESTORE dst zset N N REV|ZRANGESTORE dst zset S S BYSCORE|ZRANGESTORE dst zset N N WITHSCORES
ZRANGESTORE dst zset -inf +inf BYSCORE LIMIT N N|ZRANGESTORE dst zset N N LIMIT 0 1|ZRANGESTORE dst K N N
ZRANGESTORE zset zset S S BYSCORE REV|ZRANGESTORE dst none N N BYLEX|ZRANGESTORE dst none S S BYSCORE
ZREVRANGE zset N N|ZREVRANGE zset N N WITHSCORES|ZREVRANGE zset N N LIMIT 0 1|ZRANGEBYSCORE zset S S LIMIT N N
ZREVRANGEBYSCORE zset S S WITHSCORES LIMIT N N|ZRANGEBYLEX zset - + LIMIT N N|ZREVRANGEBYLEX zset + - LIMIT N N
ZCOUNT zset S S|ZLEXCOUNT zset - N|ZREMRANGEBYRANK zset N N|ZREMRANGEBYSCORE zset S S|ZREMRANGEBYLEX zset N +
ZADD zset S a|ZADD zset GT S a|ZADD zset LT S b|ZADD zset GT CH S c S x|ZADD zset LT CH S c S x|ZADD zset XX GT S y
ZADD zset NX GT S a|ZADD zset GT LT S a|ZADD zset XX NX S a|ZADD zset INCR S a|ZADD zset INCR S e|ZADD zset INCR S a S b
ZADD zset GT INCR S b|ZADD zset LT INCR S d|ZADD zset NX INCR S a|ZADD zset XX INCR S none|ZADD zset NX INCR S new
ZADD zset XX GT CH INCR S b|ZADD zset INCR|ZADD zset CH S|ZADD zset NX|ZADD K S a|ZINCRBY zset S a|ZINCRBY zset S e
ZINCRBY K S a|ZADD zset 1 a S b|ZADD none INCR S a|ZADD none GT S a
ZUNION 2 zset other WEIGHTS S S WITHSCORES|ZINTER 2 zset other WEIGHTS S S WITHSCORES|ZUNION N zset other
ZUNION 2 zset other WEIGHTS S S AGGREGATE MIN WITHSCORES|ZUNION 2 zset other AGGREGATE MAX WITHSCORES
ZUNIONSTORE dst 2 zset other WEIGHTS S S|ZINTERSTORE dst 2 zset other WEIGHTS S S AGGREGATE MAX|ZUNIONSTORE dst N zset
ZUNION 2 set zset WEIGHTS S S WITHSCORES|ZINTER 2 zset set AGGREGATE MIN WITHSCORES|ZDIFF N zset set|ZDIFFSTORE dst N zset
ZUNION 2 zset other WEIGHTS S|ZUNION 2 zset other AGGREGATE AVG|ZDIFF 1 zset WEIGHTS 1|ZUNIONSTORE dst 1 zset WITHSCORES
ZINTER 2 zset other WEIGHTS S S WEIGHTS 1 1 AGGREGATE SUM AGGREGATE MAX WITHSCORES WITHSCORES|ZUNION 2 zset K
SCAN N COUNT 100|SSCAN set N COUNT 100|HSCAN hash N COUNT 100|ZSCAN zset N COUNT 100|SSCAN K N|HSCAN K N|ZSCAN K N
SSCAN set 0 COUNT N|HSCAN hash 0 COUNT N|ZSCAN zset 0 COUNT N|HSCAN none 0 COUNT N|SSCAN none 0 COUNT x|SCAN 0 COUNT N
HSCAN hash 0 MATCH a|HSCAN hash 0 MATCH|HSCAN hash 0 COUNT|ZSCAN zset 0 MATCH a COUNT N|SSCAN set 0 MATCH a MATCH b
SPOP set N|SPOP none N|SPOP K N|SRANDMEMBER set P|SRANDMEMBER K P|HRANDFIELD hash P|HRANDFIELD hash P WITHVALUES
HRANDFIELD none P WITHVALUES|ZRANDMEMBER zset P|ZRANDMEMBER zset P WITHSCORES|ZRANDMEMBER none P WITHSCORES
HRANDFIELD K P|ZRANDMEMBER K P|SRANDMEMBER none P|HRANDFIELD hash P x|ZRANDMEMBER zset P x|ZRANDMEMBER zset P WITHSCORES x
HINCRBY hash a N|HINCRBY hash new N|HINCRBY K a N|HINCRBYFLOAT hash a S|INCRBY text N|SETRANGE text -1 x|GETRANGE text N N
EXPIRE none N|COPY list dst DB N|MOVE list N|LINSERT list BEFORE a x|LMOVE list list LEFT RIGHT|LMOVE none list LEFT RIGHT
OBJECT ENCODING K|TYPE K|TOUCH K K|UNLINK none K|RENAME K dst|RENAMENX K dst|COPY K dst|COPY K dst REPLACE|SORT K LIMIT N N ALPHA
SORT list BY nosort LIMIT N N|SORT zset BY nosort LIMIT N N DESC|SORT list ALPHA LIMIT N N STORE dst
"""
LINES = [line.split() for line in TEMPLATES.replace("\n", "|").split("|") if line.strip()]

# Of a great negative count Redis makes a reply without end; Mainstay refuses it.
DRAWN = [x for x in NUMBERS if not (x[:1] == b"-" and x[1:].isdigit() and 100 < int(x[1:]) < 2**63)]


def _shape(frame):
    if frame[0] in "*~" and frame[1] is not None:
        return frame[0], [_shape(x) for x in frame[1]]
    return frame if frame[0] in "-:" or len(frame) < 2 or frame[1] is None else frame[0]


BY_CHANCE = (b"SPOP", b"SRANDMEMBER", b"HRANDFIELD", b"ZRANDMEMBER")
PAGES = (b"SCAN", b"SSCAN", b"HSCAN", b"ZSCAN")


# A cursor means something to the server that made it only.
paged = rules.normal(lambda frame: "*" if frame[0] == "*" else frame)
shaped = rules.normal(_shape)


def corner(d, table, connection):
    """A fresh set of values, and some requests of it."""
    steps = [Step(connection, argv) for argv in FILL]
    for _ in range(d.between(4, 12)):
        pools = {"N": NUMBERS, "S": SCORES, "P": DRAWN, "K": KEYS}
        argv = tuple(d.choice(pools[x]) if x in pools else x.encode() for x in d.choice(LINES))
        rule = shaped if argv[0] in BY_CHANCE else paged if argv[0] in PAGES else rules.scores
        rule = sorting.loose if argv[0] == b"SORT" else rule
        if argv[0] == b"SPOP":
            argv = (argv[0], b"none" if argv[1] == b"set" and d.chance(0.5) else argv[1], *argv[2:])
        steps.append(Step(connection, argv, rule))
        if argv[0] == b"SPOP":
            steps.append(Step(connection, (b"DEL", argv[1])))
    return steps + [Step(connection, (b"ZRANGE", b"dst", b"0", b"-1", b"WITHSCORES"), rules.scores), Step(connection, (b"DEL", *KEYS, b"dst", b"other"))]


FAMILY.script("a corner", corner)
