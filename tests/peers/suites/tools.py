"""Redis's own tools: redis-cli in its modes and redis-benchmark's default run."""

import os
import pty
import re
import select
import subprocess

from report import check, equal
from resp import encode


def run(env):
    with env.start_subject() as server:
        env.subject = server
        env.report.run([one_shot, resp3, script_on_stdin, interactive_help, fill_by_pipe, scan, bigkeys,
                        memkeys, latency, stat, repeat, raw_modes, subscribe, unix_socket], env)
        env.report.run([benchmark, benchmark_pipelined, benchmark_random_keys, benchmark_resp3, lives], env)


def cli(env, *arguments, text="", seconds=30, code=0):
    """What redis-cli prints; its exit code must be `code`."""
    argv = ["redis-cli", "-p", str(env.subject.port), *map(str, arguments)]
    done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=seconds)
    check(done.returncode == code, f"{' '.join(argv)}: exit code {done.returncode}\n{done.stdout[-500:]}{done.stderr[-500:]}")
    return done.stdout


def one_shot(env):
    """redis-cli COMMAND"""
    equal(cli(env, "SET", "k", "v"), "OK\n")
    equal(cli(env, "GET", "k"), "v\n")
    equal(cli(env, "--no-raw", "INCR", "n"), "(integer) 1\n")
    equal(cli(env, "--no-raw", "GET", "none"), "(nil)\n")
    equal(cli(env, "-x", "SET", "in", text="from stdin"), "OK\n")
    equal(cli(env, "-n", 3, "DBSIZE"), "0\n")
    cli(env, "-e", "NOSUCH", code=1)


def resp3(env):
    """redis-cli -3 COMMAND"""
    cli(env, "HSET", "h3", "f", "1")
    equal(cli(env, "-3", "--no-raw", "HGETALL", "h3"), '1# "f" => "1"\n')
    cli(env, "ZADD", "z3", "1.5", "m")
    equal(cli(env, "-3", "--no-raw", "ZSCORE", "z3", "m"), "(double) 1.5\n")
    check("proto" in cli(env, "-3", "HELLO"), "HELLO names no proto")


def script_on_stdin(env):
    """redis-cli reading commands, MULTI included"""
    out = cli(env, text="MULTI\nSET a 1\nINCR a\nEXEC\nSELECT 1\nDBSIZE\n")
    equal(out, "OK\nQUEUED\nQUEUED\nOK\n2\nOK\n0\n")


def interactive_help(env):
    """redis-cli on a terminal: start-up asks COMMAND DOCS, `help` and prompts work"""
    said = b""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "dumb"
        os.execvp("redis-cli", ["redis-cli", "-p", str(env.subject.port)])
    try:
        os.write(terminal, b"help SET\nhelp @string\nECHO at-the-end\nexit\n")
        while select.select([terminal], [], [], 10)[0]:
            said += os.read(terminal, 65536)
    except OSError:  # the terminal ends with its program
        pass
    finally:
        os.close(terminal)
        _, code = os.waitpid(child, 0)
    text = said.decode(errors="replace")
    check(code == 0, f"exit code {code}: {text[-500:]}")
    check('"at-the-end"' in text, text[-800:])
    check("summary" in text and "since" in text and "Set the string value" in text, text[-800:])
    check("rror" not in text, text[-800:])


def fill_by_pipe(env):
    """redis-cli --pipe loads 20,000 requests"""
    data = b"".join(encode([b"SET", b"pipe:%d" % n, b"v" * (n % 50)]) for n in range(20_000))
    done = subprocess.run(["redis-cli", "-p", str(env.subject.port), "--pipe"], input=data, capture_output=True, timeout=60)
    check(b"errors: 0, replies: 20000" in done.stdout, done.stdout.decode()[-500:])
    cli(env, "RPUSH", "list", *range(500))
    cli(env, "SADD", "set", *range(100))
    cli(env, "HSET", "hash", *range(100))


def scan(env):
    """redis-cli --scan, with pattern and type"""
    names = cli(env, "--scan").split()
    check(set(names) >= {f"pipe:{n}" for n in range(20_000)} | {"list", "set", "hash"}, f"{len(set(names))} names")
    equal(len(set(cli(env, "--scan", "--pattern", "pipe:1999?").split())), 10)
    equal(cli(env, "--scan", "--pattern", "li*"), "list\n")


def bigkeys(env):
    """redis-cli --bigkeys"""
    out = cli(env, "--bigkeys")
    check(re.search(r'Biggest\s+list found "?.*list.*has 500 items', out), out[-900:])
    check(re.search(r'Biggest\s+set found .*set.* has 100 members', out), out[-900:])
    check(re.search(r"Sampled \d+ keys in the keyspace", out), out[-900:])


def memkeys(env):
    """redis-cli --memkeys"""
    out = cli(env, "--memkeys")
    check(re.search(r"Biggest +list found .* has \d+ bytes", out), out[-900:])


def latency(env):
    """redis-cli --latency prints minimum, maximum, average, samples"""
    # redis-cli ends by itself after -i seconds when its output is no terminal.
    out = cli(env, "--latency", "-i", 1, "--raw", seconds=10)
    numbers = out.split()
    check(len(numbers) >= 4 and int(numbers[3]) > 10, out[:200])
    out = cli(env, "--intrinsic-latency", 1, seconds=20)
    check("Max latency" in out or "latency" in out, out[:200])


def stat(env):
    """redis-cli --stat prints keys, memory, clients and requests"""
    argv = ["timeout", "2.5", "stdbuf", "-oL", "redis-cli", "-p", str(env.subject.port), "--stat", "-i", "1"]
    out = subprocess.run(argv, capture_output=True, text=True).stdout
    row = [line for line in out.splitlines() if re.match(r"\d+ +[\d.]", line)]
    check(row and int(row[0].split()[0]) > 20_000, out[:400])


def repeat(env):
    """redis-cli -r repeats"""
    equal(cli(env, "-r", 3, "INCR", "again"), "1\n2\n3\n")


def raw_modes(env):
    """redis-cli --csv and --json"""
    cli(env, "DEL", "csv")
    cli(env, "RPUSH", "csv", "a", "b c")
    equal(cli(env, "--csv", "LRANGE", "csv", 0, -1), '"a","b c"\n')
    equal(cli(env, "--json", "HGETALL", "h3"), '{"f":"1"}\n')


def subscribe(env):
    """redis-cli SUBSCRIBE prints messages as they come"""
    argv = ["redis-cli", "-p", str(env.subject.port), "SUBSCRIBE", "tools"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        head = [process.stdout.readline() for _ in range(3)]
        equal(head, ["subscribe\n", "tools\n", "1\n"])
        equal(cli(env, "PUBLISH", "tools", "hello"), "1\n")
        equal([process.stdout.readline() for _ in range(3)], ["message\n", "tools\n", "hello\n"])
        process.terminate()


def unix_socket(env):
    """redis-cli -s"""
    path = env.subject.directory / "tools.sock"
    with env.start_subject("--unixsocket", path):
        done = subprocess.run(["redis-cli", "-s", path, "PING"], capture_output=True, text=True, timeout=10)
        equal(done.stdout, "PONG\n")


# The lines that redis-benchmark -q prints in its default run.
DEFAULT_TESTS = ["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP", "RPOP", "SADD", "HSET",
                 "SPOP", "ZADD", "ZPOPMIN", "LPUSH (needed to benchmark LRANGE)", "LRANGE_100 (first 100 elements)",
                 "LRANGE_300 (first 300 elements)", "LRANGE_500 (first 500 elements)",
                 "LRANGE_600 (first 600 elements)", "MSET (10 keys)"]


def _benchmark(env, *arguments):
    argv = ["redis-benchmark", "-p", str(env.subject.port), "-q", *map(str, arguments)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, f"exit code {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    text = done.stdout.replace("\r", "\n")
    check("rror" not in text + done.stderr, (text + done.stderr)[-500:])
    for name in DEFAULT_TESTS:
        check(re.search(rf"^{re.escape(name)}: [1-9][\d.]+ requests per second", text, re.M), f"no rate of {name}:\n{text[-1500:]}")


def benchmark(env):
    """redis-benchmark -q, the default run"""
    _benchmark(env, "-n", 2000)


def benchmark_pipelined(env):
    """redis-benchmark -q -P 16"""
    _benchmark(env, "-n", 4000, "-P", 16)


def benchmark_random_keys(env):
    """redis-benchmark -q -r 100000 --threads 2"""
    _benchmark(env, "-n", 2000, "-r", 100_000, "--threads", 2)


def benchmark_resp3(env):
    """redis-benchmark -q -3"""
    _benchmark(env, "-n", 2000, "-3")


def lives(env):
    """the server lives after all tools"""
    check(env.subject.answers(), env.subject.printed()[-1000:])
