"""What the end-to-end tests share: private servers, the simulator, the program itself, and ways to ask what came out.

Everything is real: PostgreSQL and Redis of `./dev up` in a fresh folder, HTTP and WebSocket on loopback, the program as a
user starts it. Nothing waits by sleeping: until() polls for a condition, with a deadline.
"""
import csv
import decimal
import glob
import io
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
PROGRAM = os.path.abspath(os.environ.get("TAPELINE_BIN", os.path.join(ROOT, "build/dev/tapeline")))
SHARED = os.path.abspath(os.path.join(ROOT, os.environ.get("TAPELINE_SHARED") or "../shared"))
PAYLOADS = os.path.join(SHARED, "data/payloads")

# The program itself: the one of Debian on the PATH is a Perl script that looks for it, at every call.
PSQL = max(glob.glob("/usr/lib/postgresql/*/bin/psql"), default="psql", key=os.path.getmtime)

needs_payloads = unittest.skipUnless(os.path.isdir(PAYLOADS), f"no recorded payloads in {SHARED}: set TAPELINE_SHARED")

# Sanitizers make everything several times slower; a deadline is there to end a test that hangs, not to measure.
DEADLINE_S = 60


def require(condition, reason):
    """Ends the test here as skipped unless `condition` holds."""
    if not condition:
        raise unittest.SkipTest(reason)


def until(condition, what, seconds=DEADLINE_S):
    """Polls until `condition()` is true, and returns what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(0.05)


class Folder:
    """A fresh folder that the user `postgres` may enter, removed at the end."""

    def __init__(self, root="/tmp"):
        self.path = tempfile.mkdtemp(prefix="tapeline-test-", dir=root)
        os.chmod(self.path, 0o711)

    def write(self, name, content):
        path = os.path.join(self.path, name)
        with open(path, "wb" if isinstance(content, bytes) else "w") as file:
            file.write(content)
        return path

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


def has_room_in_memory():
    """Whether what several servers write fits into files in memory, beside all that runs."""
    try:
        with open("/proc/meminfo", encoding="utf-8") as file:
            available = int(re.search(r"MemAvailable:\s+(\d+) kB", file.read()).group(1)) * 1024
        return min(available, shutil.disk_usage("/dev/shm").free) >= 8 << 30
    except (OSError, AttributeError):
        return False


class Servers:
    """PostgreSQL and Redis of `./dev up`, in a folder of their own, with a fresh database.

    `in_memory`: their files are, where there is room. A cluster and its databases are some thousand files, and to make and
    delete those may take a file system longer than the tests take. What the pipeline itself writes stays on the disk.
    """

    def __init__(self, in_memory=False):
        require(glob.glob("/usr/lib/postgresql/*/bin/initdb"), "PostgreSQL is not installed")
        require(shutil.which("redis-server") and shutil.which("redis-cli"), "Redis is not installed")
        self.folder = Folder()
        self.var = self.folder.path
        self.environment = dict(os.environ, TAPELINE_VAR=self.var)
        self.place = Folder("/dev/shm") if in_memory and has_room_in_memory() else self.folder
        self.home = self.place.path
        try:
            if self.place is not self.folder:
                os.mkdir(os.path.join(self.home, "postgres"))
                self.folder.write("servers.place", self.home)
            self.up()
            with open(os.path.join(self.var, "servers.env"), encoding="utf-8") as file:
                self.noted = dict(line.rstrip("\n").split("=", 1) for line in file)
            self.dsn = self.noted["TAPELINE_PG_DSN"]
            self.redis_socket = self.noted["TAPELINE_REDIS"].removeprefix("unix:")
        except BaseException:
            self.remove()
            raise

    def up(self):
        """Starts what is down."""
        self._dev("up")

    def remove(self):
        self._dev("down", check=False)
        self.place.remove()
        self.folder.remove()

    def _dev(self, *words, check=True):
        done = subprocess.run([os.path.join(ROOT, "dev"), *words], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180)
        if check and done.returncode != 0:
            raise AssertionError(f"./dev {' '.join(words)} ended with {done.returncode}:\n{done.stdout}")

    # -- PostgreSQL

    def _psql(self, dsn, sql, *, check=True):
        done = subprocess.run([PSQL, dsn, "--no-psqlrc", "--quiet", "--csv", "--tuples-only",
                               "--set=ON_ERROR_STOP=1", "--command", sql],
                              env=dict(os.environ, PGTZ="UTC"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=120)
        if done.returncode != 0:
            if not check:
                return None
            raise AssertionError(f"psql: {done.stderr}\nin: {sql}")
        return [tuple(row) for row in csv.reader(io.StringIO(done.stdout))]

    def sql(self, text):
        """Rows as tuples of texts; NULL is an empty text."""
        return self._psql(self.dsn, text)

    def count(self, table, where="true"):
        return int(self.sql(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])

    def count_or_zero(self, table):
        """0 also while the table, or the whole server, is not there."""
        rows = self._psql(self.dsn, f"SELECT count(*) FROM {table}", check=False)
        return int(rows[0][0]) if rows else 0

    def fresh_database(self):
        """As after the first `./dev up`: no table, no key, no journal."""
        tables = self._psql(self.dsn, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace", check=False)
        if tables != [("0",)]:
            admin = self.dsn.replace("dbname=tapeline", "dbname=postgres").replace("user=tapeline", "user=postgres")
            for statement in ("DROP DATABASE IF EXISTS tapeline WITH (FORCE)", "CREATE DATABASE tapeline OWNER tapeline"):
                self._psql(admin, statement)
        self.redis("flushall")
        shutil.rmtree(os.path.join(self.var, "journal"), ignore_errors=True)

    def postgres_pid(self):
        with open(os.path.join(self.home, "postgres/postmaster.pid"), encoding="utf-8") as file:
            return int(file.readline())

    def crash_postgres(self):
        """As `pg_ctl stop -m immediate`: no goodbye, recovery at the next start."""
        pid = self.postgres_pid()
        os.kill(pid, signal.SIGQUIT)
        until(lambda: not is_alive(pid), "PostgreSQL has ended")

    # -- Redis

    def redis(self, *words, check=True):
        done = subprocess.run(["redis-cli", "-s", self.redis_socket, *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        if check and done.returncode != 0:
            raise AssertionError(f"redis-cli {' '.join(words)}: {done.stdout}")
        return done.stdout.rstrip("\n")

    def redis_json(self, *words):
        return json.loads(self.redis("--json", *words))

    def stop_redis(self):
        """Its data stay on disk: what was stored is there again after up()."""
        with open(os.path.join(self.home, "redis/redis.pid"), encoding="utf-8") as file:
            pid = int(file.read())
        self.redis("shutdown", "save", check=False)
        until(lambda: not is_alive(pid), "Redis has ended")


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return not re.search(r"^State:\s*Z", file.read(), re.MULTILINE)
    except FileNotFoundError:
        return False


class Background:
    """A program of ours that runs beside the test; its output is kept in files, so that no pipe can fill up, unless all of
    it goes to `output`."""

    def __init__(self, words, environment, output=None):
        self.out = tempfile.TemporaryFile("w+")
        self.err = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(words, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL,
                                        stdout=self.out if output is None else output,
                                        stderr=self.err if output is None else output)

    def _text(self, file):
        # pread: the child writes at the offset of the same open file.
        return os.pread(file.fileno(), 1 << 26, 0).decode("utf-8", "replace")

    @property
    def stdout(self):
        return self._text(self.out)

    @property
    def stderr(self):
        return self._text(self.err)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """Asks it to end if it still runs, and returns its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()

    def wait(self, seconds=DEADLINE_S):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.process.args} did not end in {seconds} s; it said:\n{self.stderr[-4000:]}") from None

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.out.close()
        self.err.close()


class Simulator(Background):
    """`tapeline sim` on a port that the system chose, or one that a simulator before it had."""

    def __init__(self, *options, listen="127.0.0.1:0"):
        super().__init__([PROGRAM, "sim", "--listen", listen, *options], dict(os.environ))
        try:
            until(lambda: "\n" in self.stdout or self.process.poll() is not None, "the simulator listens")
            found = re.match(r"tapeline sim: listening on http://(127\.0\.0\.1:\d+)", self.stdout)
            if not found:
                raise AssertionError(f"the simulator said: {self.stdout}{self.stderr}")
            self.address = found.group(1)
        except BaseException:
            self.close()
            raise


class Done:
    """How a finished call of the program ended."""

    def __init__(self, words, status, stdout, stderr):
        self.words, self.status, self.stdout, self.stderr = words, status, stdout, stderr

    def __str__(self):
        return f"tapeline {' '.join(self.words)}\nended with {self.status}\n{self.stdout[-4000:]}\n{self.stderr[-4000:]}"


def tapeline(*words, var=None, environment=None, seconds=240):
    """Runs the program to its end."""
    variables = dict(os.environ, **(environment or {}))
    variables.pop("TAPELINE_VAR", None)
    if var:
        variables["TAPELINE_VAR"] = var
    done = subprocess.run([PROGRAM, *words], cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=seconds)
    return Done(words, done.returncode, done.stdout, done.stderr)


def tapeline_in_background(*words, var, environment=None, output=None):
    return Background([PROGRAM, *words], dict(os.environ, TAPELINE_VAR=var, **(environment or {})), output)


class PipelineTest(unittest.TestCase):
    """A class of tests with servers of its own; each test begins with a fresh database."""

    @classmethod
    def setUpClass(cls):
        require(os.access(PROGRAM, os.X_OK), f"{PROGRAM} is not built: set TAPELINE_BIN")
        cls.servers = Servers(in_memory=True)
        cls.addClassCleanup(cls.servers.remove)

    def setUp(self):
        self.servers.fresh_database()
        self.folder = Folder()
        self.addCleanup(self.folder.remove)

    def simulator(self, *options):
        simulator = Simulator(*options)
        self.addCleanup(simulator.close)
        return simulator

    def start(self, *words, environment=None):
        running = tapeline_in_background(*words, var=self.servers.var, environment=environment)
        self.addCleanup(running.close)
        return running

    def run_tapeline(self, *words, status=0, environment=None):
        done = tapeline(*words, var=self.servers.var, environment=environment)
        self.assertEqual(done.status, status, str(done))
        return done

    def config(self, text, name="test.toml"):
        return self.folder.write(name, text)


def summary_of(stdout):
    """The JSON object that --json prints, as the last line."""
    return json.loads(stdout.strip().splitlines()[-1])


def exact(text):
    """A number as written, without the zeros that a different scale adds."""
    return decimal.Decimal(text).normalize()
