"""The DAGs in a real Airflow: parsed without a warning, run end to end against the simulator, and what a failure tells.

Usage: ./dev airflow-test, which installs Airflow into build/airflow and runs this.
"""
import http.server
import json
import os
import subprocess
import sys
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../integration/pipeline"))
import harness  # noqa: E402

DAGS = os.path.join(harness.ROOT, "docker/airflow/dags")
AIRFLOW = os.path.join(harness.ROOT, "build/airflow/venv/bin")
ANALYSIS = os.path.join(harness.ROOT, "build/analysis/venv/bin/python")
NAMES = ("tapeline_every_5_minutes", "tapeline_morning", "tapeline_nightly")

GRAPH = """
import json, sys, datetime
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
out = {"errors": bag.import_errors, "dags": {}}
for name, dag in bag.dags.items():
    out["dags"][name] = {
        "tasks": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
        "unsafe": [task.task_id for task in dag.tasks if not task.execution_timeout or not task.on_failure_callback],
        "catchup": dag.catchup, "runs": dag.max_active_runs, "limit": dag.dagrun_timeout.total_seconds(),
        "zone": str(dag.timezone), "tags": sorted(dag.tags), "owner": dag.owner}
print("GRAPH" + json.dumps(out))
"""
UNITS = """
import datetime, types
import tapeline_tasks as t
call = t.session_date.function
at = lambda text: types.SimpleNamespace(logical_date=datetime.datetime.fromisoformat(text), run_after=None)
# 06:00 in New York, in winter, on the first morning of summer time, and after it.
assert call({}, at("2026-01-05T11:00:00+00:00")) == "2026-01-05"
assert call({}, at("2026-03-09T10:00:00+00:00")) == "2026-03-09"
assert call({}, at("2026-11-02T11:00:00+00:00")) == "2026-11-02"
# Late in the evening there it is tomorrow in UTC.
assert call({}, at("2026-07-01T02:30:00+00:00")) == "2026-06-30"
assert call({"session_date": "2026-03-02"}, None) == "2026-03-02"
manual = types.SimpleNamespace(logical_date=None, run_after=datetime.datetime(2026, 3, 3, 12, tzinfo=datetime.UTC))
assert call({}, manual) == "2026-03-03"
for bad in ("soon", "2026-02-30", "2026-3-2"):
    try:
        call({"session_date": bad}, None)
    except ValueError:
        continue
    raise AssertionError(bad)
names = ["tick_2026_03_01", "tick_2026_03_02", "tick_2026_03_09", "tick_default", "fact_bar", "tick_2026_03_01_old"]
assert t.expired_partitions(names, datetime.date(2026, 3, 9), 7) == ["tick_2026_03_01"]
try:
    t.run_command(["/bin/sh", "-c", "echo first; echo the reason >&2; exit 3"])
except RuntimeError as error:
    assert "ended with 3: the reason" in str(error), error
else:
    raise AssertionError("a failure passed")
"""


class Listener(http.server.BaseHTTPRequestHandler):
    """A webhook that remembers what it was told."""

    told = []

    def do_POST(self):
        self.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class Airflow(harness.PipelineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        harness.require(os.path.exists(os.path.join(AIRFLOW, "airflow")), "no Airflow: run ./dev airflow-test")
        cls.home = harness.Folder()
        cls.addClassCleanup(cls.home.remove)
        cls.environment = dict(
            os.environ, AIRFLOW_HOME=cls.home.path, AIRFLOW__CORE__DAGS_FOLDER=DAGS, AIRFLOW__CORE__LOAD_EXAMPLES="False",
            AIRFLOW__LOGGING__LOGGING_LEVEL="INFO", PYTHONPATH=DAGS, PYTHONDONTWRITEBYTECODE="1",
            TAPELINE_BIN=harness.PROGRAM, TAPELINE_VAR=cls.servers.var, TAPELINE_PG_DSN=cls.servers.dsn,
            TAPELINE_REDIS=cls.servers.noted["TAPELINE_REDIS"], TAPELINE_PYTHON=ANALYSIS)
        done = cls.airflow("db", "migrate")
        assert done.returncode == 0, done.stderr

    @classmethod
    def airflow(cls, *words, **more):
        return subprocess.run([os.path.join(AIRFLOW, "airflow"), *words], env=cls.environment | more, cwd=cls.home.path,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)

    def python(self, code, *words, options=()):
        return subprocess.run([os.path.join(AIRFLOW, "python"), "-B", *options, "-c", code, *words], env=self.environment,
                              cwd=self.home.path, capture_output=True, text=True, timeout=120)

    def configured(self):
        simulator = self.simulator("--seed", "5")
        return self.config(f'''lane = "batch"
[bars]
intervals_s = [1]
[sources.binance]
websocket_url = "ws://{simulator.address}"
symbols = {{ "BTC-USD" = "BTCUSDT", "ETH-USD" = "ETHUSDT" }}
lateness_ms = 200
[sources.coingecko]
enabled = true
base_url = "http://{simulator.address}"
symbols = {{ "BTC-USD" = "bitcoin/usd", "ETH-USD" = "ethereum/usd" }}
poll_seconds = 3600
[dashboard]
listen = "127.0.0.1:0"
[schedule.jobs.morning]
calendar = "XNYS"
''')

    def test_parses_without_a_warning(self):
        for name in NAMES:
            done = subprocess.run([os.path.join(AIRFLOW, "python"), "-B", "-W", "always", os.path.join(DAGS, name + ".py")],
                                  env=self.environment, capture_output=True, text=True, timeout=120)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), name)

    def test_the_graphs_are_what_they_should_be(self):
        done = self.python(GRAPH, DAGS)
        said = json.loads(done.stdout.split("GRAPH", 1)[1])
        self.assertEqual(said["errors"], {}, done.stderr)
        self.assertEqual(sorted(said["dags"]), list(NAMES))
        tasks = {name: dag["tasks"] for name, dag in said["dags"].items()}
        self.assertEqual(tasks, {
            "tapeline_morning": {"session_date": ["once"], "once": ["fresh"], "fresh": []},
            "tapeline_every_5_minutes": {"poll": ["quality"], "quality": []},
            "tapeline_nightly": {"verify_journal": ["retention"], "retention": [], "session_date": ["report"], "report": []}})
        for name, dag in said["dags"].items():
            self.assertEqual((dag["unsafe"], dag["catchup"], dag["runs"], dag["owner"]), ([], False, 1, "tapeline"), name)
        self.assertEqual(said["dags"]["tapeline_morning"]["zone"], "America/New_York")

    def test_session_dates_and_retention(self):
        done = self.python(UNITS)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_morning_runs_end_to_end(self):
        config = self.configured()
        done = self.airflow("dags", "test", "tapeline_morning", "--conf", '{"session_date": "2026-03-02"}', TAPELINE_CONFIG=config)
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-3000:])
        runs = self.servers.sql("SELECT step, session_date, status FROM job_run ORDER BY scheduled_for")
        self.assertEqual(runs, [(step, "2026-03-02", "done") for step in ("fetch", "overnight_changes", "database_update", "signals",
                                                                         "significant_moves")])
        self.assertGreater(self.servers.count("fact_tick"), 0)
        self.assertEqual(self.servers.redis("xlen", "alerts"), "0", "nothing failed")
        # Done once: a second run of the day repeats no step.
        again = self.airflow("dags", "test", "tapeline_morning", "--conf", '{"session_date": "2026-03-02"}', TAPELINE_CONFIG=config)
        self.assertEqual(again.returncode, 0, again.stderr[-3000:])
        self.assertEqual(self.servers.sql("SELECT max(attempts) FROM job_run"), [("1",)])

    def test_a_failing_task_raises_the_alert(self):
        listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
        self.addCleanup(listener.server_close)
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        self.addCleanup(listener.shutdown)
        Listener.told.clear()
        self.airflow("dags", "test", "tapeline_morning", "--conf", '{"session_date": "someday"}',
                     TAPELINE_CONFIG=self.configured(), ALERT_WEBHOOK=f"http://127.0.0.1:{listener.server_port}/")
        entries = self.servers.redis_json("xrange", "alerts", "-", "+")
        failed = [dict(zip(fields[::2], fields[1::2])) for _, fields in entries]
        mine = [alert for alert in failed if alert["alert_id"].endswith(":session_date")]
        self.assertEqual(len(mine), 1, failed)
        self.assertEqual((mine[0]["rule"], mine[0]["severity"], mine[0]["symbol"]), ("airflow_task_failed", "critical", "AIRFLOW"))
        self.assertIn("session_date 'someday' is no day", mine[0]["message"])
        self.assertTrue(any("session_date 'someday' is no day" in told["text"] for told in Listener.told), Listener.told)

    def test_the_night_verifies_and_reports(self):
        harness.require(os.path.exists(ANALYSIS), "no Python package: ./dev airflow-test installs it")
        config = self.configured()
        with open(config, encoding="utf-8") as file:
            streaming = self.config(file.read().replace("[sources.binance]", "[sources.binance]\nenabled = true"), "streaming.toml")
        self.run_tapeline("run", "--config", streaming, "--plain", "--for", "12")
        done = self.airflow("dags", "test", "tapeline_nightly", "--conf", json.dumps({"session_date": self.today()}),
                            TAPELINE_CONFIG=config, TAPELINE_REPORTS=self.folder.path, TAPELINE_LANE="batch")
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said[-6000:])
        self.assertIn("all ticks are kept", said)
        with open(os.path.join(self.folder.path, self.today() + ".html"), encoding="utf-8") as report:
            said = report.read()
        self.assertIn("Session of " + self.today(), said)
        self.assertIn("BTC-USD, ETH-USD: orders fill at the next bar", said)

    def today(self):
        return self.servers.sql("SELECT (max(bar_start) AT TIME ZONE 'America/New_York')::date FROM fact_bar")[0][0]


if __name__ == "__main__":
    unittest.main(verbosity=2)
