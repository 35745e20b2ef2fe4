"""Private servers with a demo database, for all tests: the program itself replays what analysis/demo.py makes."""
import glob
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("TAPELINE_SHARED") or ROOT.parent / "shared")
PROGRAM = pathlib.Path(os.environ.get("TAPELINE_BIN", ROOT / "build/dev/tapeline"))
sys.path.insert(0, str(ROOT / "analysis"))


def run(*words, env=None, check=True, stdin=None):
    done = subprocess.run([str(word) for word in words], env=env, cwd=ROOT, input=stdin, capture_output=True, text=True,
                          timeout=300)
    assert not check or done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="session")
def program():
    if not os.access(PROGRAM, os.X_OK):
        # pip installs the package alone, too; `./dev test` and `./dev test-python` build the program or name it.
        pytest.skip(f"{PROGRAM} is not built: set TAPELINE_BIN")
    return PROGRAM


@pytest.fixture(scope="session")
def servers(program):
    """The environment of a program that finds PostgreSQL and Redis of its own."""
    if not glob.glob("/usr/lib/postgresql/*/bin/initdb") or not shutil.which("redis-server"):
        # As above: kernels and plots can be tested on a machine that has no servers.
        pytest.skip("PostgreSQL and Redis are not installed: ./dev test installs them")
    var = tempfile.mkdtemp(prefix="tapeline-analysis-", dir="/tmp")
    os.chmod(var, 0o711)
    env = dict(os.environ, TAPELINE_VAR=var)
    for name in ("TAPELINE_PG_DSN", "TAPELINE_REDIS"):
        env.pop(name, None)
    try:
        run(ROOT / "dev", "up", env=env)
        yield env
    finally:
        run(ROOT / "dev", "down", env=env, check=False)
        shutil.rmtree(var, ignore_errors=True)


@pytest.fixture(scope="session")
def database(servers, tmp_path_factory):
    """A day of four markets in the lane `demo`."""
    import demo
    recording = tmp_path_factory.mktemp("demo") / "demo.txt.gz"
    demo.write(recording, days=1, seed=1)
    run(PROGRAM, "replay", "--config", ROOT / "analysis/demo.toml", "--source", "binance", "--lane", "demo", recording,
        env=servers)
    return servers


@pytest.fixture
def another_database(servers):
    """The connection string of an empty one."""
    import psycopg
    from tapeline.database import postgres_dsn
    dsn = postgres_dsn()
    with psycopg.connect(dsn.replace("dbname=tapeline", "dbname=postgres").replace("user=tapeline", "user=postgres"),
                         autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS another")
        admin.execute("CREATE DATABASE another OWNER tapeline")
    return dsn.replace("dbname=tapeline", "dbname=another")


@pytest.fixture(autouse=True)
def found(request, monkeypatch):
    """Tests that use the servers find them as a user in a clone does."""
    for name in ("TAPELINE_PG_DSN", "TAPELINE_REDIS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("database", "servers"):
        if name in request.fixturenames:
            monkeypatch.setenv("TAPELINE_VAR", request.getfixturevalue(name)["TAPELINE_VAR"])
            return
    monkeypatch.setenv("TAPELINE_VAR", "/nonexistent")
