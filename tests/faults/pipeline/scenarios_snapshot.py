"""Faults of the snapshots: damaged ones, a database that is older than they are, a configuration that is another one."""
import os

import harness
from scenario import scenario
from world import PATIENCE_S, Harm


def flip(path, chance):
    with open(path, "r+b") as file:
        file.seek(chance.randrange(os.path.getsize(path)))
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes((byte[0] ^ 1 << chance.randrange(8),)))


def tear(path, chance):
    os.truncate(path, chance.randrange(os.path.getsize(path)))


def age(path, _):
    """As another version of the program would have written it, its checksum right."""
    with open(path, "r+b") as file:
        header = bytearray(file.read(128))
        header[8:12] = (99).to_bytes(4, "little")
        header[124:128] = crc32c(bytes(header[:124])).to_bytes(4, "little")
        file.seek(0)
        file.write(header)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


@scenario(rows="3", count=800_000)
def snapshot_corrupted(world):
    """The newest snapshot has a flipped bit, is torn, or is of another version: named, with the reason, and an older one is
    used; or all are, and the whole journal is."""
    for harm, of_all in ((flip, False), (tear, False), (age, False), (flip, True)):
        world.start()
        if not world.wait_for_snapshots(2):
            break
        world.kill()
        positions = world.snapshots()
        for position in positions if of_all else positions[-1:]:
            harm(world.snapshot_path(position), world.chance)
        world.note(f"snapshot: {harm.__name__}" + (", all of them" if of_all else ""))
        world.start()
        harness.until(lambda: "cannot be used: it" in world.running.stderr, "the damage is told of", PATIENCE_S)
        expected = "no snapshot can be used" if of_all else "from snapshot"
        harness.until(lambda: expected in world.running.stderr, f"it says {expected!r}", PATIENCE_S)
        world.recover()
        world.kill()


def passed_snapshots(world):
    """Those that the database has, without the newest of all: some that an earlier turn left may still be ahead of it."""
    stored = world.stored() or 0
    return [position for position in world.snapshots()[:-1] if position < stored]


@scenario(rows="5", count=800_000)
def snapshot_ahead_of_database(world):
    """The database comes back older than it was, as after a failover to a standby that lacked the last commits: a snapshot
    from before that is used, or none, and the rows are written again."""
    world.start()
    turn = 0
    while turn < 3 and world.wait_for_snapshots(4):
        harness.until(lambda: passed_snapshots(world), "the database has passed a snapshot", PATIENCE_S)
        world.kill()
        turn += 1
        positions = world.snapshots()
        # A frame ends at a snapshot, so the database may have ended there. Every third time none of them is left.
        back_to = world.chance.choice(passed_snapshots(world))
        tables = world.servers.sql("""
            SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'journal_position'
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition""")
        # One transaction, the checkpoint first: what the dead process has under way comes before all of it, or fails.
        world.servers.sql(";".join(
            [f"UPDATE lane_checkpoint SET position = {back_to}", f"DELETE FROM audit_batch WHERE to_position > {back_to}"]
            + [f'DELETE FROM "{table}" WHERE journal_position >= {back_to}' for (table,) in tables]))
        if turn % 3 == 0:
            for position in positions:
                if position <= back_to:
                    os.remove(world.snapshot_path(position))
        world.note("postgres lost commits")
        world.start()
        expected = "no snapshot can be used" if turn % 3 == 0 else "from snapshot"
        for text in ("is ahead of the database", expected):
            harness.until(lambda: text in world.running.stderr, f"it says {text!r}", PATIENCE_S)
        world.recover()


@scenario(rows="1", count=800_000)
def snapshot_configuration_changed(world):
    """Killed, and started with another indicator, another length and another rule: what they decide is computed anew from the
    journal, and told; every row behind the change is that of a run that always had them, and none before it has changed."""
    world.start()
    world.wait_for_snapshots(3)
    world.kill()
    changed_at = harness.until(world.stored, "the checkpoint can be read")
    world.changes = {"ema_length": 9, "more": """
[indicators]
sma_length = 7
[indicators.custom.atr_new]
kind = "atr"
length = 6
[rules.new]
when = "close > sma for 2 bars"
cooldown_s = 0
"""}
    world.note("configuration changed")
    world.start()
    harness.until(lambda: "computes anew" in world.running.stderr, "what is computed anew is told", PATIENCE_S)
    for name in ("indicators of bars of 1 s (other options)", "custom indicators of bars of 2 s (other options)",
                 "rules of bars of 1 s (other options)"):
        if name not in world.running.stderr:
            raise Harm(f"{name!r} is not told:\n{world.running.stderr[-3000:]}")
    world.recover()
    # From then on the snapshots are of the new configuration.
    if world.wait_for_snapshots(2):
        world.kill()
        world.start()
        harness.until(lambda: "restores 8 instruments" in world.running.stderr, "nothing is computed anew", PATIENCE_S)
    world.drain()
    return world.verdict(changed_at)
