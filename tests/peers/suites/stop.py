"""Starting and stopping: flags, files, errors that help, and a shutdown that loses no reply."""

import shlex
import signal
import subprocess
import time

import resp
from report import check, equal
from resp import encode
from servers import Server


def run(env):
    cases = [sigterm, shutdown, port_taken, bad_directive, bad_value, help_text, file_and_flags, unix_socket]
    if env.subject_is_redis:
        # Redis names no nearest directive, and its --help tells usage only.
        cases.remove(bad_directive)
    env.report.run(cases, env)


def sigterm(env):
    """SIGTERM: what was read is answered, exit code 0"""
    with env.start_subject() as server:
        connections = [server.connect() for _ in range(20)]
        for connection in connections:
            equal(connection.call("PING"), ("+", b"PONG"))
            connection.send_bytes(encode([b"INCR", b"n"]) * 200)
        # The last connection's first reply says that its 4 KiB have been read.
        equal(connections[-1].reply()[0], ":", "type of the first reply")
        server.process.send_signal(signal.SIGTERM)
        for number, connection in enumerate(connections):
            data, closed = connection.read_all(quiet=5)
            check(closed, "a connection stays open after SIGTERM")
            check(data.endswith(b"\r\n") or not data, f"a reply is cut: {data[-20:]!r}")
            expected = (199,) if number == len(connections) - 1 else (0, 200)
            check(data.count(b"\r\n") in expected, f"{len(data.splitlines())} replies, expected {expected}")
        equal(server.wait(), 0, "exit code")


def shutdown(env):
    """SHUTDOWN NOSAVE: the connection closes, exit code 0"""
    with env.start_subject() as server, server.connect() as connection:
        equal(connection.call("SHUTDOWN", "NOSAVE"), resp.CLOSED, "reply")
        equal(server.wait(), 0, "exit code")


def port_taken(env):
    """a second server on the same port says so and exits with an error"""
    with env.start_subject() as server:
        code, text = _once(env, server.port)
        check(code not in (0, None), f"exit code {code}")
        check(str(server.port) in text and "in use" in text.lower(), f"it says: {text[-600:]}")
        check(server.answers(), "the first server does not answer any more")


def bad_directive(env):
    """an unknown directive: exit code, line number and nearest known name"""
    port = env.ports.free()
    code, text = _once(env, port, "--maxclient", "10")
    check(code not in (0, None), f"exit code {code}")
    check("maxclient" in text and "maxclients" in text, f"it names no nearest directive: {text[-600:]}")
    code, text = _file(env, "port {port}\n# a comment\n\nmaxmemry 10mb\n")
    check(code not in (0, None), f"exit code {code}")
    check("4" in text and "maxmemry" in text, f"it names no line 4: {text[-600:]}")
    check("maxmemory" in text, f"it names no nearest directive: {text[-600:]}")


def bad_value(env):
    """a wrong value of a known directive is an error at start"""
    for flags in (["--maxclients", "many"], ["--databases", "0"], ["--timeout", "-1"], ["--appendonly", "maybe"],
                  ["--port", "70000"]):
        code, text = _once(env, env.ports.free(), *flags)
        check(code not in (0, None), f"{flags}: exit code {code}")
        check(flags[0][2:] in text, f"{flags}: it says {text[-600:]}")


def help_text(env):
    """--help works"""
    program = shlex.split(env.command)[0]
    done = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=20)
    check(done.returncode in (0, 1) if env.subject_is_redis else done.returncode == 0, f"exit code {done.returncode}")
    text = done.stdout + done.stderr
    check("Usage" in text or "usage" in text.lower(), text[:300])
    check("port" in text, text[:300])


def file_and_flags(env):
    """a configuration file is read, flags win over it, quotes and comments are understood"""
    port = env.ports.free()
    with env.start_oracle() as probe:  # only for a directory that ends with the run
        path = probe.directory / "test.conf"
        path.write_text(
            f'# a comment\nport {port}\nsave ""\nappendonly no\n\nmaxclients 77\n'
            'requirepass "se cret"\ntimeout 100\ntcp-keepalive 123\ndatabases 4\n'
        )
        command = shlex.join([shlex.split(env.command)[0], str(path)])
        with Server(command, port, ["--timeout", "200"], password="se cret") as server, \
                server.connect() as connection:
            get = lambda name: connection.call("CONFIG", "GET", name)[1][1][1]
            equal(get("maxclients"), b"77")
            equal(get("timeout"), b"200", "a flag over the file")
            equal(get("tcp-keepalive"), b"123")
            equal(get("databases"), b"4")
            equal(connection.call("SELECT", 4)[0], "-", "SELECT 4 of 4 databases")
        check(_refused(port), "the server still listens after its end")


def unix_socket(env):
    """--unixsocket listens there too, --port 0 leaves only it"""
    with env.start_subject() as other:
        path = other.directory / "s"
        server = env.start_subject("--port", "0", "--unixsocket", path, ready=False)
        with server:
            connection = _connect_when_there(path, server)
            equal(connection.call("PING"), ("+", b"PONG"))
            check(_refused(server.port), "--port 0 still listens on TCP")


def _once(env, port, *flags):
    """Runs a server that should end by itself: (exit code, what it printed)."""
    argv = shlex.split(env.command.replace("{port}", str(port))) + list(flags)
    return _end(argv)


def _file(env, text):
    with env.start_oracle() as probe:
        path = probe.directory / "bad.conf"
        path.write_text(text.replace("{port}", str(env.ports.free())))
        return _end([shlex.split(env.command)[0], str(path)])


def _end(argv):
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/tmp")
    try:
        text, _ = process.communicate(timeout=5)
        return process.returncode, text
    except subprocess.TimeoutExpired:
        process.kill()
        text, _ = process.communicate()
        return None, text


def _refused(port):
    """Whether a TCP connection to the port is refused."""
    try:
        resp.Connection(port, timeout=1).close()
        return False
    except OSError:
        return True


def _connect_when_there(path, server):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and server.alive():
        try:
            return resp.Connection(path)
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"no socket at {path}:\n{server.printed()[-1000:]}")
