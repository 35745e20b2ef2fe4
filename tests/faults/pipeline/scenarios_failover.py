"""Failover to a standby that had not got everything: what the old primary had acknowledged is gone."""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import time

import harness
from scenario import scenario
from world import PATIENCE_S, Psql

TIMES = 2


class Standby:
    """A PostgreSQL that follows another one by streaming, asynchronously, until it is promoted."""

    def __init__(self, world, folder):
        self.folder, self.data = folder, os.path.join(folder, "data")
        self.process = None
        self.dsn = f"host={folder} dbname=tapeline user=tapeline"
        self.admin = f"host={folder} dbname=postgres user=postgres"
        world.closing.append(self.remove)

    def _command(self, *words):
        binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))[-1]
        user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        return {"args": [os.path.join(os.path.dirname(binaries), words[0]), *words[1:]], "cwd": "/",
                "env": dict(os.environ, LC_ALL="C.UTF-8"), "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, **user}

    def follow(self, primary_sockets):
        os.makedirs(self.folder, exist_ok=True)
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        copied = subprocess.run(**self._command("pg_basebackup", "--pgdata", self.data, "--write-recovery-conf",
                                                "--checkpoint=fast", "--no-sync", "--host", primary_sockets,
                                                "--username=postgres"), stdout=subprocess.PIPE, text=True)
        if copied.returncode != 0:
            raise AssertionError(f"pg_basebackup: {copied.stdout}")
        with open(os.path.join(self.data, "tapeline.conf"), "w", encoding="utf-8") as file:
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\nfsync = off\nhot_standby = on\n")
        self.log = open(os.path.join(self.folder, "log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(**self._command("postgres", "-D", self.data), stdout=self.log)
        session = Psql(self.admin)
        harness.until(lambda: session.ask("SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'"),
                      "the standby follows")
        return session

    def stop_immediately(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            self.stop_immediately()
        if self.process is not None:
            self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def lane_position(session, world):
    rows = session.ask(f"SELECT position FROM lane_checkpoint WHERE lane = '{world.lane}'")
    return int(rows[0]) if rows else 0


@scenario(rows="5", count=900_000, rate=20_000)  # the tape must outlast what two standbys take to follow
def postgres_failover(world):
    """The primary ends, and a standby that lacks acknowledged rows takes over; again, to a third server. The lane finds the
    checkpoint gone back and writes from the journal what the new primary lacks."""
    sockets = world.servers.dsn.split("host=")[1].split()[0]
    standbys = [Standby(world, os.path.join(world.folder.path, f"standby{number}")) for number in range(TIMES)]
    hosts = ",".join([sockets] + [standby.folder for standby in standbys])
    world.dsn_line = f'dsn = "host={hosts} dbname=tapeline user=tapeline target_session_attrs=read-write"'
    first_dsn = world.servers.dsn

    def put_back():
        world.servers.dsn = first_dsn
        world.servers.up()
    world.closing.insert(0, put_back)  # last of all: the program and the standbys are gone by then
    world.start()
    world.wait_for_rows()
    stop_primary = world.servers.crash_postgres
    for standby in standbys:
        session = standby.follow(sockets)
        database = Psql(standby.dsn)
        world.closing += [session.close, database.close]
        world.pause(0.1, 0.4)
        # The line between them is cut, and rows go on being acknowledged.
        session.ask("ALTER SYSTEM SET primary_conninfo = ''")
        session.ask("SELECT pg_reload_conf()")
        harness.until(lambda: session.ask("SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_wal_receiver)"),
                      "the standby has lost its primary")
        behind = lane_position(database, world)
        world.wait_for_rows(max(behind, world.stored() or 0))
        world.pause(0.1, 0.3)
        acknowledged = world.stored() or 0
        stop_primary()
        if acknowledged > behind:
            world.note("postgres failover that lost acknowledged rows")
        begin = time.monotonic()
        session.ask("SELECT pg_promote()")
        world.servers.dsn = standby.dsn
        world.psql.close()
        world.psql = Psql(standby.dsn)
        world.closing.append(world.psql.close)
        world.recover(begin, acknowledged)
        # Also where the tape is over: whoever was ended before would be right to say that not everything is committed.
        harness.until(lambda before=acknowledged: (world.stored() or 0) >= before, "what was acknowledged is written again", PATIENCE_S)
        sockets, stop_primary = standby.folder, standby.stop_immediately
    if not world.injected.get("postgres failover that lost acknowledged rows"):
        raise AssertionError("no failover has lost a row: nothing was shown")
