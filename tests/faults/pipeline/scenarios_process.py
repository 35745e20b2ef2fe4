"""Faults of the process itself: killed at random and at named points, stopped, asked to end, started twice."""
import fcntl
import os
import resource
import shutil
import signal
import sys
import termios
import time

import harness
import journal
import load_source
from kept_segments import KeptSegments
from scenario import CRASH_POINTS, NotHere, scenario
from world import HELD, PATIENCE_S, SLOWNESS, Harm


@scenario(rows="1", count=800_000)
def kill_random(world):
    """kill -9 at random instants, 10 ms to 3 s after the start."""
    world.start()
    while True:
        if not world.pause(0.01, 3, world.healed()):
            return
        world.kill()
        world.start()


# What the keeper does is done at a low priority, and looks for what to delete once a second: it is given more time.
BEHIND_THE_WRITER = {"journal_chain": {"rate": 40_000}, "journal_compressed": {"rate": 40_000},
                     "journal_trim": {"rate": 5_000, "count": 600_000}}


def crash_at(point):
    def crash(world):
        world.segment_bytes = 1 << 20  # rolls often enough for the seventh time
        world.fsync = "batch" if point == "journal_sync" else "none"
        world.compression = "zstd" if point in BEHIND_THE_WRITER else "none"
        world.snapshot_bytes = 1 << 19
        if point == "journal_trim":
            world.retain_bytes = 2 << 20
            kept = KeptSegments(world.journal, os.path.join(world.folder.path, "kept"))
            world.closing.append(kept.close)
        for passes in (1, 2, 7):
            world.start({"TAPELINE_CRASH_AT": f"{point}:{passes}"})
            if not world.wait_for_death():
                raise Harm(f"{point} was not reached {passes} times")
        begin = time.monotonic()
        world.start()
        world.recover(begin)
        if point == "journal_trim":
            world.drain()
            if kept.put_back() == 0:
                raise Harm("nothing was deleted")
            return world.verdict()
        return None
    crash.__name__ = "crash_" + point
    crash.__doc__ = f"Dies at {point}, for the 1st, the 2nd and the 7th time."
    return crash


for each in CRASH_POINTS:
    load = {"count": 400_000, **BEHIND_THE_WRITER.get(each, {})}
    scenario(rows="2, 7" if each == "commit_sent" else "2", **load)(crash_at(each))


@scenario(rows="26", count=400_000)
def sigstop(world):
    """The process stands still for a second, again and again: the source waits, nothing is lost."""
    world.start()
    world.wait_for_rows()
    while world.pause(0.1, 0.6):
        world.running.process.send_signal(signal.SIGSTOP)
        time.sleep(1)
        world.running.process.send_signal(signal.SIGCONT)
        world.note("SIGSTOP")
        world.recover()


def ends_within(world, seconds, status, what):
    begin = time.monotonic()
    ended = world.running.wait(seconds * SLOWNESS)
    if ended != status:
        raise Harm(f"{what}: ended with {ended}, not {status}:\n{world.running.stderr[-3000:]}")
    world.recoveries_s.append(time.monotonic() - begin)


@scenario(rows="22", count=200_000)
def sigterm_idle(world):
    """SIGTERM while nothing comes: 0.5 s is the aim, 5 s the bound here."""
    world.proxy("source").refusing = True
    world.start()
    harness.until(lambda: world.stored() is not None, "the lane is there")
    world.running.process.terminate()
    world.note("SIGTERM")
    ends_within(world, 5, 0, "SIGTERM while idle")
    world.proxy("source").heal()


@scenario(rows="22", count=400_000)
def sigterm_load(world):
    """SIGTERM under full load drains and ends with status 0, within 15 s; the next start goes on."""
    world.drain_timeout_s = 10
    for _ in range(2):
        world.start()
        world.wait_for_rows(world.stored() or 0)
        world.pause(0.1, 0.5)
        world.running.process.terminate()
        world.note("SIGTERM")
        ends_within(world, 15, 0, "SIGTERM under load")


@scenario(rows="22", count=400_000)
def sigterm_postgres_down(world):
    """SIGTERM while the database is down: ends within drain_timeout_s, says that rows are left, and the next start has them."""
    world.drain_timeout_s = 2
    world.start()
    world.wait_for_rows()
    world.pause(0.2, 0.5)
    world.servers.crash_postgres()
    world.note("postgres immediate stop")
    world.pause(0.2, 0.5)
    world.running.process.terminate()
    world.note("SIGTERM")
    ends_within(world, 10, 1, "SIGTERM without a database")
    if "next start" not in world.running.stderr:
        raise Harm("nothing was said of the rows that are left:\n" + world.running.stderr[-3000:])
    world.servers.up()
    world.drain_timeout_s = 600


@scenario(rows="4, 23", count=700_000, rate=20_000)
def start_postgres_down(world):
    """Started again while the database is down: frames are taken in at once, a reload is put off, SIGTERM ends it, and the rows
    follow once the database answers."""
    world.start()
    world.wait_for_rows()
    world.servers.crash_postgres()
    world.note("postgres immediate stop")
    world.kill()

    def start_and_take_in():
        before = load_source.next_sequence(world.journal)
        world.start()
        harness.until(lambda: load_source.next_sequence(world.journal) > before or world.running.process.poll() is not None,
                      "frames are taken in without the database", PATIENCE_S)
        world.require_running()
    start_and_take_in()
    world.running.process.send_signal(signal.SIGHUP)
    harness.until(lambda: "ask again when it is back" in world.running.stderr or world.running.process.poll() is not None,
                  "the reload is put off", 20 * SLOWNESS)
    world.require_running()
    world.running.process.terminate()
    world.note("SIGTERM")
    ends_within(world, 10, 1, "SIGTERM without a database")
    if "next start" not in world.running.stderr:
        raise Harm("nothing was said of the rows that are left:\n" + world.running.stderr[-3000:])
    start_and_take_in()
    world.servers.up()
    begin = time.monotonic()
    harness.until(lambda: "PostgreSQL is there" in world.running.stderr or world.running.process.poll() is not None,
                  "the database is found", PATIENCE_S)
    world.recover(begin)


@scenario(rows="22", count=400_000)
def sigterm_twice(world):
    """The second SIGTERM ends it at once, whatever is undone."""
    world.start()
    world.wait_for_rows()
    world.servers.crash_postgres()
    world.note("postgres immediate stop")
    world.pause(0.2, 0.5)
    world.running.process.terminate()
    # The draining has begun once no connection to the source is left.
    harness.until(lambda: world.source.told("first") or world.running.process.poll() is not None, "the source is let go")
    world.running.process.terminate()
    world.note("SIGTERM twice")
    ends_within(world, 5, 128 + signal.SIGTERM, "the second SIGTERM")
    world.servers.up()


@scenario(rows="8", count=400_000)
def two_processes_one_journal(world):
    """A second process on the same lane and journal is refused, and harms nothing."""
    world.start()
    world.wait_for_rows()
    for _ in range(2):
        second = harness.tapeline("run", "--config", world.config("second.toml"), "--for", "3", "--plain",
                                  var=world.servers.var)
        world.note("second process")
        if second.status != 1 or "written by another process" not in second.stderr:
            raise Harm(f"the second process was not refused: {second}")
    world.require_running()


@scenario(rows="8", count=1_000_000, rate=20_000)
def two_processes_one_lane(world):
    """A second process with a journal of its own, on a lane whose checkpoint the first one moves: it stops,
    and says why. The tape outlasts the second one's start: who moves nothing any more is not in its way."""
    world.start()
    world.wait_for_rows()
    world.pause(0.5, 1)
    copied = os.path.join(world.folder.path, "copied")
    world.running.process.send_signal(signal.SIGSTOP)  # or a segment is renamed or packed under the copy
    shutil.copytree(world.journal_root, copied)
    world.running.process.send_signal(signal.SIGCONT)
    config = world.config("second.toml", journal=copied, source="127.0.0.1:9")
    second = harness.tapeline("run", "--config", config, "--for", "30", "--plain", var=world.servers.var)
    world.note("second process")
    # Behind the database from the start, or overtaken later: which of the two is a matter of moments.
    told = {1: "ahead of the journal", 3: "second process on this lane"}.get(second.status)
    if told is None or told not in second.stderr:
        raise Harm(f"the second process did not stop as it should: {second}")
    world.require_running()


@scenario(rows="8", count=800_000, rate=50_000)
def zombie(world):
    """A process is stopped in the middle of its work and replaced by one that goes on; woken up, it must stop by itself. Until
    it learns that it was replaced it may publish alerts of what it had received: Redis has no fence, the tables do."""
    world.told_too_early = True
    world.start()
    world.wait_for_rows()
    world.pause(0.3, 0.8)
    old = world.running
    old.process.send_signal(signal.SIGSTOP)
    world.note("SIGSTOP")
    world.pause(0.1, 0.2)  # what its socket takes meanwhile is what it will want to commit when it wakes up
    # The journal's lock is held by the stopped process: who replaces it moves the lane to another machine, with a copy.
    moved = os.path.join(world.folder.path, "moved")
    shutil.copytree(world.journal_root, moved)
    world.journal_root = moved
    # The stopped one may still be inside its commit: only what lies behind its whole journal is its successor's for sure.
    behind = journal.end_of(os.path.join(moved, world.lane))
    world.source.kill()
    world.start_source()
    world.start()
    harness.until(lambda: world.require_running() or (world.stored() or 0) > behind, "its successor commits", PATIENCE_S)
    old.process.send_signal(signal.SIGCONT)
    status = old.wait(60)
    if status != 3:
        raise Harm(f"the old process ended with {status}, not 3:\n{old.stderr[-3000:]}")
    world.require_running()


@scenario(rows="23", count=300_000)
def reload_bad_file(world):
    """SIGHUP while the configuration is broken, and while a key differs that cannot change: the old one stays, that is told,
    and rows flow on."""
    world.start()
    world.wait_for_rows()
    path = world.config()
    with open(path, encoding="utf-8") as file:
        good = file.read()
    for broken, words in ((good + "\n[rules.broken]\nwhen = 'price >'\n", "mistakes"), (good[:200] + "[[[", "mistakes"),
                          (good.replace("segment_bytes = ", "segment_bytes = 2 * "), "mistakes"),
                          (good.replace('lane = "load"', 'lane = "other"'), "cannot change while it runs")):
        world.folder.write("chaos.toml", broken)
        told = world.running.stderr.count("stays as it was")
        world.running.process.send_signal(signal.SIGHUP)
        world.note("SIGHUP with a bad file")
        harness.until(lambda: world.running.stderr.count("stays as it was") > told, "the refusal is told", 20 * SLOWNESS)
        if words not in world.running.stderr:
            raise Harm(f"it was not said why ({words}):\n{world.running.stderr[-2000:]}")
        world.require_running()
        world.folder.write("chaos.toml", good)
        world.recover()


class DeadPipe:
    """A pipe for standard output and error that nobody reads. Use as a context manager."""
    SIZE = 4096

    def __enter__(self):
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, self.SIZE)
        return self

    def __exit__(self, *exception):
        os.close(self.reader)
        os.close(self.writer)

    def fill(self):
        os.write(self.writer, bytes(self.SIZE))

    def room(self):
        waiting = fcntl.ioctl(self.reader, termios.FIONREAD, bytes(4))
        return self.SIZE - int.from_bytes(waiting, sys.byteorder)


@scenario(rows="24", count=1_200_000, rate=15_000)
def output_unread(world):
    """Nobody reads standard output and error, and their pipe is full: from the start on, then in the middle of the work. Rows
    flow on, a reload is answered, SIGTERM drains and ends with status 0 within 15 s."""
    world.drain_timeout_s = 10
    for is_full_at_once in (True, False):
        with DeadPipe() as pipe:
            if is_full_at_once:
                pipe.fill()
            world.start(output=pipe.writer)
            if not world.wait_for_rows(world.stored() or 0):
                raise Harm("the tape has ended: nothing was tried")
            for _ in range(60):  # each is answered by a line: nothing has changed
                world.running.process.send_signal(signal.SIGHUP)
                time.sleep(0.06)
            if pipe.room() > 500:
                raise Harm(f"the pipe has still room for {pipe.room()} bytes: nothing was tried")
            world.note("output that nobody reads")
            world.recover()
            world.running.process.terminate()
            world.note("SIGTERM")
            ends_within(world, 15, 0, "SIGTERM with an output that nobody reads")


@scenario(rows="25", count=1_600_000, rate=50_000, repeats=False, source_options=HELD)
def memory_limit(world):
    """No more memory is given, for a while: frames may be refused, and the process may end; nothing that it took is lost."""
    if SLOWNESS > 1:
        raise NotHere("a limit of memory and the sanitizers cannot go together")
    world.inside_gaps = True  # what was refused is a hole in the middle of a connection
    for _ in range(2):
        world.start()
        world.wait_for_rows(world.stored() or 0)
        process = world.running.process
        with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
            used = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.prlimit(process.pid, resource.RLIMIT_AS, (used + (1 << 20), resource.RLIM_INFINITY))
        world.note("memory limit")
        world.pause(0.3, 0.8)
        if process.poll() is None:
            resource.prlimit(process.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            world.recover()
            world.kill()
        elif process.returncode not in (1, -signal.SIGABRT):
            raise Harm(f"ended with {process.returncode}:\n{world.running.stderr[-2000:]}")
        else:
            world.note("ended for want of memory")
    world.release_held()
