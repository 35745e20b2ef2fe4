"""Faults that come in by the source: cuts that lose what was sent, frames that are none, answers that never end; and the
wall clock."""
import glob
import os
import re

import harness
import journal
from scenario import NotHere, scenario
from world import HELD, SLOWNESS, Harm


@scenario(rows="18", count=800_000, repeats=False, source_options=HELD)
def feed_gaps(world):
    """A source that repeats nothing, cut and killed: what nobody took is told as a gap, the rest is there once."""
    proxy = world.proxy("source")
    world.start()
    world.wait_for_rows()
    number = 0
    while world.pause(0.2, 0.8):
        number += 1
        if number % 3 == 0:
            world.kill()
            world.start()
        elif number % 3 == 1:
            proxy.reset()
            world.note("source: reset")
        else:
            proxy.cut_mid_frame()
            world.note("source: cut mid-frame")
        world.recover()
    world.release_held()


@scenario(rows="18, 24", count=300_000, source_options=("--malformed-every", "7"))
def feed_malformed(world):
    """One frame in eight is garbage of several kinds: each is a reject with its reason, and no good one suffers."""
    world.start()
    world.wait_for_rows()
    while world.pause(0.5, 1.5):
        before = world.stored()
        world.kill()
        world.start()
        world.wait_for_rows(before)  # how a start is killed is the matter of kill_random
    world.injected["malformed frames"] = world.count // 7 + 1
    verdict = world.finish()
    rejects = world.servers.count("quality_event", "kind = 'reject'")
    if rejects < world.count // 7:
        verdict.differences.append(f"{rejects} rejects for {world.count // 7} malformed frames and more")
    return verdict


@scenario(rows="18", count=200_000, source_options=("--oversized", "2"))
def feed_oversized(world):
    """Messages over transport.body_bytes_max, and text that is no UTF-8: refused by hanging up, and the stream goes on behind
    a new connection."""
    world.start()
    world.recover()
    harness.until(lambda: len(world.source.told("closed")) >= 2, "both were refused")
    world.note("message of 9 MiB")
    world.note("text that is no UTF-8")


@scenario(rows="17", count=200_000)
def feed_slow_loris(world):
    """A handshake and then a stream of a few bytes a second: given up after the deadline, and tried again."""
    proxy = world.proxy("source")
    proxy.bytes_per_s = 50
    world.start()
    harness.until(lambda: world.stored() is not None, "the lane is there")
    world.note("slow-loris")
    # Each try is given up after first_byte_timeout_ms, so that there is a second connection through the proxy.
    harness.until(lambda: proxy.accepted >= 2, "the handshake is given up and tried again")
    proxy.heal()
    proxy.reset()
    world.recover()


@scenario(rows="24", count=200_000, source_options=("--malformed-every", "1", "--malformed-burst", "3"))
def log_flood(world):
    """Hundreds of thousands of bad frames a second: every one a row, and the log stays short."""
    world.start()
    world.wait_for_rows()
    world.pause(60, 61)
    world.injected["malformed frames"] = 3 * world.count
    lines = world.running.stderr.count("\n")
    world.note(f"{lines} lines of log")
    if lines > 200:
        raise Harm(f"{lines} lines of log for {3 * world.count} bad frames:\n{world.running.stderr[-2000:]}")


@scenario(rows="19", count=400_000, rate=25_000)
def clock_jump(world):
    """The wall clock steps half an hour ahead and back, while a tape plays: no row is lost, nothing reconnects, each step is told
    once."""
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found:
        raise NotHere("libfaketime is not installed (apt-get install faketime)")
    stamp = world.folder.write("clock", "+0")
    world.environment = {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": stamp, "FAKETIME_NO_CACHE": "1",
                         "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    world.start()
    world.wait_for_rows()
    connections = len(world.source.told("connection"))
    for step in ("+1800", "-1800", "+0"):
        world.pause(0.5, 1)
        with open(stamp + ".new", "w", encoding="ascii") as file:
            file.write(step + "\n")
        os.rename(stamp + ".new", stamp)
        world.note(f"clock {step} s")
        world.recover()
    stamps = [frame.receive_ns for frame in journal.frames(world.journal)]
    steps = [after - before for before, after in zip(stamps, stamps[1:])]
    if min(steps) > -1000e9 or max(steps) < 1000e9:
        raise Harm("the journal's stamps show no step: the clock was not moved")
    if len(world.source.told("connection")) != connections:
        raise Harm("the clock's step has made it connect again")

    def told():
        steps = re.findall(r"the wall clock went (\w+) by (\d+)", world.running.stderr)
        return [(way, round(int(by), -2)) for way, by in steps]
    harness.until(lambda: told() == [("forward", 1800), ("back", 3600), ("forward", 1800)], "each step is told once",
                  20 * SLOWNESS)
