"""Faults of the journal's files and their disk, and of a recording that is played into the database."""
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

import comparison
import harness
import journal
import tape
from scenario import NotHere, scenario
from world import HELD, PATIENCE_S, SLOWNESS, Harm


def last_segment(world):
    path = journal.segments(world.journal)[-1]
    return path, list(journal.frames_of(path))


def with_uncommitted_tail(world):
    """A process that was killed while the database was away: the journal's end is in no table yet."""
    world.told_too_early = True  # what the tail fired was published before it was cut
    world.start()
    world.wait_for_rows(world.stored() or 0)
    world.servers.crash_postgres()
    _, before = last_segment(world)
    world.pause(0.3, 0.6)
    harness.until(lambda: len(last_segment(world)[1]) != len(before), "frames come while the database is away", PATIENCE_S)
    world.kill()
    world.servers.up()
    path, frames = last_segment(world)
    stored = harness.until(world.stored, "the checkpoint can be read")
    return path, [frame for frame in frames if frame.position > stored]


def damage(world, path, offset, make):
    with open(path, "r+b") as file:
        file.seek(offset)
        old = file.read(64)
        file.seek(offset)
        file.write(make(old))


def must_tell_of_the_cut(world):
    world.start()
    harness.until(lambda: "torn record" in world.running.stderr, "the cut of the tail is told of", PATIENCE_S)
    world.recover()
    world.kill()


@scenario(rows="3", count=1_600_000)
def journal_tail_truncated(world):
    """The end of the last segment is zeros from a random byte on, as after a power cut: cut, told, and asked for again."""
    world.segment_bytes = 64 << 20
    for _ in range(3):
        path, tail = with_uncommitted_tail(world)
        if len(tail) < 2:
            raise Harm("the journal has no tail that the database lacks")
        frame = world.chance.choice(tail)
        # Not in the padding at its end, which is zero anyway: that would be a whole record.
        offset = frame.position % world.segment_bytes + world.chance.randrange(1, 48 + len(frame.payload))
        size = os.path.getsize(path)
        with open(path, "r+b") as file:
            file.truncate(offset)
            file.truncate(size)
        world.note("tail truncated")
        must_tell_of_the_cut(world)


@scenario(rows="3", count=1_600_000)
def journal_tail_corrupted(world):
    """A byte of the tail is another one: everything from that record on is cut, told, and asked for again."""
    world.segment_bytes = 64 << 20
    for _ in range(3):
        path, tail = with_uncommitted_tail(world)
        frame = world.chance.choice(tail)
        # Padding behind a payload is under no checksum: harmless, and so no case.
        offset = frame.position % world.segment_bytes + world.chance.randrange(48 + len(frame.payload))
        damage(world, path, offset, lambda old: bytes((old[0] ^ 0x40,)) + old[1:])
        world.note("tail corrupted")
        must_tell_of_the_cut(world)


def with_uncommitted_segments(world, count):
    """A process that was killed while the database was away: so many segments behind what that has are closed."""
    world.segment_bytes = 1 << 20
    world.told_too_early = True  # what they fired was published before they were damaged
    world.start()
    world.wait_for_rows()
    world.servers.crash_postgres()
    known = len(journal.segments(world.journal))
    harness.until(lambda: len(journal.segments(world.journal)) > known + count + 2, "segments are closed", PATIENCE_S)
    world.kill()
    world.servers.up()
    stored = harness.until(world.stored, "the checkpoint can be read")
    closed = journal.segments(world.journal)[:-2]
    return [path for path in closed if journal.begin_of(path) > stored][:count]


@scenario(rows="3", count=1_600_000)
def journal_segment_corrupted(world):
    """A digit of a price is another one, in a closed segment that the database lacks: that trade is left out, which is told
    and counted, and no row has the wrong price."""
    world.changes["dashboard"] = "true"
    for path in with_uncommitted_segments(world, 3):
        frame = world.chance.choice([frame for frame in journal.frames_of(path) if b'"p":"' in frame.payload])
        data = json.loads(frame.payload)["data"]
        world.damaged.add(tape.sequence_of(data["s"], data["t"]))
        digit = frame.position % world.segment_bytes + 48 + len(frame.context) + frame.payload.index(b'"p":"') + 5
        damage(world, path, digit, lambda old: bytes((old[0] ^ 1,)) + old[1:])
        world.note("digit flipped")
    if len(world.damaged) != 3:
        raise Harm("there are not three closed segments that the database lacks")
    world.start()
    harness.until(lambda: "unreadable records in the journal were skipped" in world.running.stderr, "the damage is told of",
                  PATIENCE_S)
    world.recover()
    harness.until(lambda: skipped_in(world) >= 3, "all three are counted", PATIENCE_S)
    if skipped_in(world) != 3:
        raise Harm(f"{skipped_in(world)} stretches of the journal were skipped, not 3")


def ask(world, path):
    """What the program answers by HTTP."""
    address = harness.until(lambda: re.search(r"serves http://(\S+)", world.running.stderr), "it says where it serves").group(1)
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as response:
            return response.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.read().decode()


def skipped_in(world):
    return int(re.search(r"^tapeline_journal_skipped_total (\d+)$", ask(world, "/metrics"), re.MULTILINE).group(1))


@scenario(rows="3", count=1_600_000)
def journal_segment_truncated(world):
    """A closed segment that the database lacks has lost its end: told once, not ready, and the lane waits; put back, it goes
    on without a restart."""
    world.changes["dashboard"] = "true"
    path = with_uncommitted_segments(world, 3)[1]
    with open(path, "rb") as file:
        whole = file.read()
    os.truncate(path, len(whole) // 2)
    world.note("segment truncated")
    world.start()
    harness.until(lambda: "the journal cannot be read on" in ask(world, "/readyz"), "it is not ready", PATIENCE_S)
    before = world.stored()
    world.pause(1.5, 2)  # it tries again once a second
    if world.running.stderr.count("the journal cannot be read on") != 1 or "or move it away" not in world.running.stderr:
        raise Harm(f"it was not told once, with what to do:\n{world.running.stderr[-3000:]}")
    world.require_running()
    with open(path, "wb") as file:
        file.write(whole)
    world.recover(before=before)


@scenario(rows="3", count=300_000)
def journal_behind_database(world):
    """A power cut takes from the journal what the database has: refused with the reason, for new frames would get the
    positions of old ones and be taken for stored. Put back, it goes on."""
    world.segment_bytes = 64 << 20
    world.start()
    world.wait_for_rows()
    world.pause(0.3, 0.6)
    world.kill()
    path, frames = last_segment(world)
    with open(path, "rb") as file:
        whole = file.read()
    checkpoint = world.stored()
    stored = [frame for frame in frames if frame.end_position <= checkpoint]
    cut = stored[len(stored) // 2].position % world.segment_bytes
    with open(path, "r+b") as file:
        file.truncate(cut)
        file.truncate(len(whole))
    world.note("journal behind the database")
    world.start()
    if world.running.wait(PATIENCE_S) != 1 or "ahead of the journal" not in world.running.stderr:
        raise Harm("it was not refused:\n" + world.running.stderr[-3000:])
    with open(path, "wb") as file:
        file.write(whole)


@scenario(rows="10", count=600_000, repeats=False, source_options=HELD)
def journal_disk_full(world):
    """The journal's disk is full for a while: frames are refused loudly and counted, the hole is told as a gap, and once
    there is space it goes on without a restart."""
    os.makedirs(world.journal_root)

    def mount(*words):
        return subprocess.run(["mount", *words, world.journal_root], capture_output=True, text=True)
    mounted = mount("-t", "tmpfs", "-o", "size=16m", "tmpfs")
    if mounted.returncode != 0:
        raise NotHere(f"a small tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    world.closing.append(lambda: subprocess.run(["umount", "--lazy", world.journal_root], capture_output=True))
    world.segment_bytes = 4 << 20
    world.proxy("source")
    world.start()
    world.wait_for_rows()
    harness.until(lambda: "refused a frame" in world.running.stderr, "the full disk is told of", PATIENCE_S)
    world.note("journal's disk full")
    world.inside_gaps = True  # what was refused is a hole in the middle of a connection
    world.pause(0.2, 0.5)
    mount("-o", "remount,size=1g")
    world.recover()
    world.release_held()


class FailingDisk:
    """While it lasts, system calls of the program's process, or of one thread of it, answer EIO."""

    def __init__(self, world, calls, thread=None):
        if not shutil.which("strace"):
            raise NotHere("strace is not installed (apt-get install strace)")
        self.world, self.calls = world, calls
        process = world.running.process.pid
        self.traced = harness.until(lambda: thread_of(process, thread), f"there is a thread {thread}") if thread else process
        self.attach = [f"--attach={self.traced}"] + ([] if thread else ["--follow-forks"])

    def __enter__(self):
        self.tracer = subprocess.Popen(["strace", *self.attach, "--seccomp-bpf", f"--trace={self.calls}",
                                        f"--inject={self.calls}:error=EIO", "--output=/dev/null"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.world.note("EIO of the journal's disk")
        return self

    def __exit__(self, *exception):
        if self.tracer.poll() is None:
            self.tracer.send_signal(signal.SIGINT)
        self.tracer.communicate()

    def attached(self):
        """Waits until every call meets it."""
        pid = f"TracerPid:\t{self.tracer.pid}\n"

        def is_traced():
            with open(f"/proc/{self.traced}/status", encoding="utf-8") as file:
                return pid in file.read()
        self.wait(is_traced, "strace is attached")

    def wait_for(self, condition, what):
        self.wait(condition, what)
        if "nput/output error" not in self.world.running.stderr:
            raise Harm(f"it was not said why:\n{self.world.running.stderr[-2000:]}")

    def wait(self, condition, what):
        harness.until(lambda: condition() or self.tracer.poll() is not None, what, PATIENCE_S)
        try:
            harness.until(condition, what, 5 * SLOWNESS)  # a tracer that ends because the program does is a moment ahead of it
        except AssertionError:
            if self.world.running.process.poll() is not None:
                raise Harm(f"not seen, {what}; the program said:\n{self.world.running.stderr[-3000:]}") from None
            raise NotHere(f"strace cannot attach here: {self.tracer.stderr.read().strip()[:200]}") from None


def thread_of(process, name):
    """The number of the thread of that name, or None."""
    for number in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{number}/comm", encoding="utf-8") as file:
            if file.read().strip() == name:
                return number
    return None


@scenario(rows="11", count=800_000, repeats=False, source_options=HELD)
def journal_io_error(world):
    """The disk answers EIO to whatever makes a segment: frames are refused loudly, and after a restart it goes on; nothing
    that was taken in is lost."""
    world.segment_bytes = 1 << 20
    world.inside_gaps = True  # what was refused is a hole in the middle of a connection
    world.start()
    world.wait_for_rows()
    with FailingDisk(world, "fsync,fdatasync,fallocate,rename") as disk:
        disk.wait_for(lambda: "refused a frame" in world.running.stderr, "the disk's error is told of")
    world.kill()
    world.release_held()
    world.start()
    world.recover()


def must_end(world, disk):
    disk.wait_for(lambda: world.running.process.poll() is not None, "the program ends")
    if world.running.process.returncode != 1 or "tapeline: cannot sync journal" not in world.running.stderr:
        raise Harm(f"it ended with {world.running.process.returncode}, and said:\n{world.running.stderr[-2000:]}")


def sync_fails(world, fsync, thread=None):
    world.segment_bytes = 1 << 20
    world.fsync = fsync
    world.inside_gaps = True  # what comes until it has ended is a hole in the middle of a connection
    world.start()
    world.wait_for_rows()
    with FailingDisk(world, "msync", thread) as disk:
        must_end(world, disk)
    world.release_held()
    world.start()
    world.recover()


@scenario(rows="11", count=800_000, repeats=False, source_options=HELD)
def journal_sync_error_interval(world):
    """fsync = "interval", and the disk does not take what was appended: the program ends with status 1 and the reason, and
    the next start goes on with what the journal has."""
    sync_fails(world, "interval")


@scenario(rows="11", count=800_000, rate=20_000, repeats=False, source_options=HELD)
def journal_sync_error_batch(world):
    """The same with fsync = "batch"."""
    sync_fails(world, "batch")


@scenario(rows="11", count=800_000, rate=20_000, repeats=False, source_options=HELD)
def journal_sync_error_chain(world):
    """The same where only the hash of a closed segment is not taken: records lie on the page that it stands on."""
    sync_fails(world, "batch", "journal keeper")


@scenario(rows="11", count=400_000, rate=20_000)
def journal_sync_error_end(world):
    """SIGTERM, and the disk does not take the last sync: the status is 1 and not 0, with the reason."""
    world.segment_bytes = 64 << 20  # so that the keeper has none to chain, and syncs nothing before
    world.fsync = "batch"
    world.start()
    world.wait_for_rows()
    with FailingDisk(world, "msync", "journal keeper") as disk:
        disk.attached()
        world.running.process.terminate()
        must_end(world, disk)
    world.start()
    world.recover()


@scenario(rows="1, 29", count=1_500_000)
def replay_killed(world):
    """`tapeline replay` of a recording, killed again and again, until it comes to the end by itself: the rows of a replay
    that nobody disturbed, in every table."""
    world.source.kill()
    path = os.path.join(world.folder.path, "recording.txt")
    begin_ns = world.tape.begin_ms * 1_000_000
    with open(path, "wb", buffering=1 << 20) as file:
        for sequence in range(world.count):
            file.write(b"%d %s\n" % (begin_ns + sequence * 10_000, world.tape.payload(sequence)))
    words = ("replay", "--config", world.config(), "--source", "binance", path, "--json")
    # Whoever is killed soon starts anew soon, so now and then it is given the time to come further than before.
    for number in range(40):
        world.running = harness.tapeline_in_background(*words, var=world.servers.var)
        world.closing.append(world.running.close)
        deadline = time.monotonic() + world.chance.uniform(0.01, 0.5 + number / 4)
        while time.monotonic() < deadline and world.running.process.poll() is None:
            time.sleep(0.01)
        if world.running.process.poll() is not None:
            break
        world.kill()
    if world.running.wait(PATIENCE_S) != 0:
        raise Harm(f"the replay failed:\n{world.running.stderr[-3000:]}")
    truth = world.empty_truth()
    config = world.config("truth.toml", dsn=f'dsn = "{truth}"', redis="enabled = false", journal=world.journal_root + "2")
    done = harness.tapeline("replay", "--config", config, "--source", "binance", path, "--json", var=world.servers.var,
                            seconds=PATIENCE_S)
    if done.status != 0:
        raise Harm(f"the undisturbed replay failed: {done}")
    rows, lost, duplicated, differences = comparison.against_replay(world.servers, world.servers.dsn, truth)
    count, missing, extra, found = comparison.against_tape(world.servers.dsn, world.tape, world.count)
    differences += found + comparison.audit(world.servers, world.servers.dsn)
    return comparison.Verdict(rows, max(lost, missing), max(duplicated, extra), 0, differences)
