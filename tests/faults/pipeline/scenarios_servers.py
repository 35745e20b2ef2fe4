"""Faults of PostgreSQL and Redis, and of the network before them."""
import os
import signal
import subprocess
import time

import harness
from scenario import scenario
from world import PATIENCE_S, SLOWNESS, Harm


def admin_dsn(world):
    return world.servers.dsn.replace("user=tapeline", "user=postgres")


def writer_pid(world):
    rows = world.psql.ask("SELECT pid FROM pg_stat_activity WHERE application_name = 'tapeline' LIMIT 1")
    return int(rows[0]) if rows else None


class Session:
    """A psql that holds what it has done until it is closed."""

    def __init__(self, dsn, *statements):
        self.process = subprocess.Popen([harness.PSQL, dsn, "--no-psqlrc", "--quiet"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.process.stdin.write(";\n".join(statements) + ";\n\\echo held\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line == "held\n":
                return

    def close(self):
        self.process.kill()
        self.process.communicate()


# -- what a storm picks from, too: each does harm once, and has healed it when it returns

def stop_immediately(world):
    world.servers.crash_postgres()
    world.note("postgres immediate stop")
    world.pause(0.05, 0.8)
    world.servers.up()


def restart(world):
    pid = world.servers.postgres_pid()
    os.kill(pid, signal.SIGINT)  # a fast shutdown: sessions are ended, nothing is lost
    harness.until(lambda: not harness.is_alive(pid), "PostgreSQL has ended")
    world.note("postgres restart")
    world.servers.up()


def terminate_backend(world):
    world.psql.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tapeline'")
    world.note("backend terminated")


def lock_table(world):
    session = Session(admin_dsn(world), "BEGIN", "LOCK TABLE tick IN ACCESS EXCLUSIVE MODE")
    world.note("table locked")
    world.pause(0.2, 3)
    session.close()


def lock_checkpoint(world):
    session = Session(admin_dsn(world), "BEGIN", "SELECT * FROM lane_checkpoint FOR UPDATE")
    world.note("long transaction on the checkpoint")
    world.pause(0.2, 3)
    session.close()


def hang_backend(world):
    pid = writer_pid(world)
    if pid is None:
        return
    os.kill(pid, signal.SIGSTOP)
    world.note("backend hangs")
    world.pause(0.3, 3.5)
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        pass


POSTGRES_FAULTS = (stop_immediately, restart, terminate_backend, lock_table, lock_checkpoint, hang_backend)


def again_and_again(world, fault, times=3):
    """Until the tape has come to its end, but at least `times`."""
    world.start()
    world.wait_for_rows()
    done = 0
    while world.pause(0.2, 0.8) or done < times:
        fault(world)
        done += 1
        world.recover()
        if world.is_finished() and done >= times:
            return


@scenario(rows="4", count=600_000)
def postgres_immediate_stop(world):
    """pg_ctl stop -m immediate, at random times: the server recovers, the batch in doubt is found out."""
    again_and_again(world, stop_immediately)


@scenario(rows="4", count=600_000)
def postgres_restart(world):
    """A fast shutdown and start."""
    again_and_again(world, restart)


@scenario(rows="4", count=600_000)
def postgres_backend_terminated(world):
    """pg_terminate_backend of the writer's session."""
    again_and_again(world, terminate_backend, 5)


@scenario(rows="4", count=400_000)
def postgres_lock(world):
    """Another session locks the table of ticks, longer than lock_timeout."""
    again_and_again(world, lock_table)


@scenario(rows="4", count=400_000)
def postgres_long_transaction(world):
    """Another session sits on the checkpoint's row in an open transaction."""
    again_and_again(world, lock_checkpoint)


@scenario(rows="6", count=400_000)
def postgres_hung(world):
    """The writer's backend is stopped (SIGSTOP) behind a kernel that still acknowledges."""
    again_and_again(world, hang_backend)


@scenario(rows="7", count=500_000)
def postgres_commit_in_doubt(world):
    """A commit that takes a second, and kill -9 in its middle: stored or not, never twice."""
    world.start()
    world.wait_for_rows()
    world.servers.sql("""CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS
                         $$BEGIN PERFORM pg_sleep(1); RETURN NULL; END$$""")
    world.servers.sql("""CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON audit_batch DEFERRABLE INITIALLY DEFERRED
                         FOR EACH ROW EXECUTE FUNCTION slow_commit()""")
    for _ in range(3):
        harness.until(lambda: world.psql.ask("SELECT 1 FROM pg_stat_activity WHERE query = 'commit' AND state = 'active' "
                                             "AND wait_event = 'PgSleep'") or world.is_finished(), "a commit sleeps")
        world.kill()
        world.note("commit in doubt")
        world.start()
    world.servers.sql("DROP FUNCTION slow_commit() CASCADE")
    world.recover()


@scenario(rows="9", count=500_000)
def postgres_table_missing_or_denied(world):
    """A table is renamed, another may not be written: rows wait, and follow once it is mended, without a restart."""
    world.start()
    world.wait_for_rows()
    for broken, mended in (("ALTER TABLE tick RENAME TO tick_away", "ALTER TABLE tick_away RENAME TO tick"),
                           ("REVOKE INSERT ON tick FROM tapeline", "GRANT INSERT ON tick TO tapeline")):
        world.servers.sql(broken)
        world.note(broken)
        world.pause(0.3, 1)
        world.require_running()
        world.servers.sql(mended)
        world.recover()


def break_network(world, proxy, hold_s):
    """One fault of the network, at random; healed when it returns."""
    kind = world.chance.choice(("reset", "cut mid-frame", "half-open", "delay", "throttle", "refused"))
    if kind == "reset":
        proxy.reset()
    elif kind == "cut mid-frame":
        proxy.cut_mid_frame()
    elif kind == "half-open":
        proxy.stalled = True
    elif kind == "delay":
        proxy.delay_s = 0.1
    elif kind == "throttle":
        proxy.bytes_per_s = 50_000
    else:
        proxy.refusing = True
        proxy.reset()
    if kind not in ("reset", "cut mid-frame"):
        world.pause(hold_s / 4, hold_s)
        keep_cut, stalled = proxy._cut, proxy.stalled
        proxy.heal()
        proxy._cut = keep_cut
        if stalled:
            proxy.reset()  # nobody comes back from half-open: the connection is dead for good
    return kind


def network_scenario(name, hold_s):
    def run(world):
        proxy = world.proxy(name)
        world.start()
        world.wait_for_rows()
        for number in range(8):
            if not world.pause(0.1, 0.4) and number >= 4:
                return
            world.note(f"{name}: {break_network(world, proxy, hold_s)}")
            if name != "redis":
                world.recover()
    return run


def register_networks():
    for name, rows, hold_s in (("postgres", "6", 4), ("redis", "12", 2), ("source", "13", 5)):
        run = network_scenario(name, hold_s)
        run.__name__ = name + "_network"
        run.__doc__ = (f"A proxy before the {name} that resets, cuts in the middle of a frame, stops reading, delays, "
                       "throttles and refuses.")
        scenario(rows=rows, count=800_000)(run)


register_networks()


@scenario(rows="12", count=400_000)
def redis_stop(world):
    """Redis is away for a second, again and again: rows flow on, no alert is lost or told twice."""
    world.start()
    world.wait_for_rows()
    while world.pause(0.2, 0.6):
        before = world.stored() or 0
        world.servers.stop_redis()
        world.note("redis stop")
        world.wait_for_rows(before)
        world.servers.up()


@scenario(rows="12", count=800_000, rate=10_000)
def redis_away_for_long(world):
    """Redis is away until more alerts wait than may: rows and snapshots go on; what it will not get is
    counted, told, and in the table."""
    rises = '[rules.rises]\nwhen = "change_pct > 0"\ncooldown_s = 0'
    world.changes = {"redis": "alerts_waiting_max = 5", "more": rises}
    world.snapshot_bytes = 1 << 16
    world.start()
    world.wait_for_rows()
    world.servers.stop_redis()
    world.note("redis stop")
    harness.until(lambda: world.require_running() or "are given up" in world.running.stderr, "alerts are given up",
                  20 * SLOWNESS)
    before = world.stored()
    harness.until(lambda: world.require_running() or any(position > before for position in world.snapshots()) or
                  world.is_finished(), "a snapshot is taken", PATIENCE_S)
    if world.is_finished():
        raise Harm("no snapshot was taken while Redis was away")
    world.recover()
    world.servers.up()
    harness.until(lambda: world.require_running() or "were not delivered" in world.running.stderr, "what is missing is told",
                  20 * SLOWNESS)


def redis_pid(world):
    with open(os.path.join(world.servers.home, "redis/redis.pid"), encoding="utf-8") as file:
        return int(file.read())


def hang_redis(world):
    pid = redis_pid(world)
    os.kill(pid, signal.SIGSTOP)
    world.note("redis hangs")
    world.pause(0.3, 2.5)
    os.kill(pid, signal.SIGCONT)


@scenario(rows="12", count=400_000)
def redis_hung(world):
    """Redis is stopped (SIGSTOP) for longer than a call may take: rows flow on."""
    again_and_again(world, hang_redis)


@scenario(rows="12", count=300_000)
def redis_out_of_memory(world):
    """Redis refuses writes for a while: alerts wait in order, and follow."""
    world.start()
    world.wait_for_rows()
    for _ in range(2):
        world.pause(0.2, 0.4)
        world.servers.redis("config", "set", "maxmemory", "1mb")
        world.note("redis out of memory")
        world.recover()
        world.servers.redis("config", "set", "maxmemory", "0")
