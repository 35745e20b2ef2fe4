"""The notebooks against a demo database of their own: executed, or to work with in JupyterLab.

Usage: notebooks.py run [NAME...|strip] | lab [ARGS of jupyter lab]; ./dev notebooks and ./dev lab call it with what they installed.
"""
import glob
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "analysis/notebooks"
EXECUTED = ROOT / "build/notebooks"
PROGRAM = pathlib.Path(os.environ.get("TAPELINE_BIN", ROOT / "build/release/tapeline"))
sys.path.insert(0, str(ROOT / "analysis"))


def call(*words, environment):
    done = subprocess.run([str(word) for word in words], env=environment, cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"notebooks: {' '.join(map(str, words[:3]))} ended with {done.returncode}:\n{done.stdout[-3000:]}")


class DemoServers:
    """Private PostgreSQL and Redis with three days of four markets; gone at the end."""

    def __enter__(self):
        import demo
        self.var = tempfile.mkdtemp(prefix="tapeline-notebooks-", dir="/tmp")
        os.chmod(self.var, 0o711)
        self.environment = dict(os.environ, TAPELINE_VAR=self.var, TAPELINE_BIN=str(PROGRAM))
        for name in ("TAPELINE_PG_DSN", "TAPELINE_REDIS"):
            self.environment.pop(name, None)
        try:
            call(ROOT / "dev", "up", environment=self.environment)
            recording = pathlib.Path(self.var) / "demo.txt.gz"
            demo.write(recording)
            call(PROGRAM, "replay", "--config", ROOT / "analysis/demo.toml", "--source", "binance", "--lane", "demo", recording,
                 environment=self.environment)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run([ROOT / "dev", "down"], env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.var, ignore_errors=True)


def execute(path, environment):
    """Runs one to its end; what it showed goes to build/notebooks. What it wrote to stderr ends it."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}},
                            extra_arguments=["--log-level=ERROR"])
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        return str(error)
    EXECUTED.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, EXECUTED / path.name)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                return f"a cell wrote to stderr:\n{output['text']}"
    return None


def run(names):
    paths = [pathlib.Path(name) for name in sorted(glob.glob(str(NOTEBOOKS / "*.ipynb")))]
    paths = [path for path in paths if not names or any(name in path.name for name in names)]
    if not paths:
        sys.exit(f"notebooks: no notebook is called {' or '.join(names)}")
    failed = 0
    with DemoServers() as servers:
        for path in paths:
            began = time.monotonic()
            reason = execute(path, servers.environment)
            print(f"{'FAILED' if reason else 'ok':6} {path.name} ({time.monotonic() - began:.0f} s)", flush=True)
            if reason:
                print(reason)
                failed += 1
    print(f"{len(paths) - failed} passed, {failed} failed")
    return 1 if failed else 0


def strip():
    """Takes outputs, counts and what editors leave out of the notebooks, as git has them."""
    import json
    for path in NOTEBOOKS.glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["metadata"] = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                                "language_info": {"name": "python"}}
        for cell in notebook["cells"]:
            cell["metadata"] = {}
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def lab(words):
    """Loopback and a token, as Jupyter makes one for every start; whoever runs as root is asked to know it."""
    with DemoServers() as servers:
        root = ["--allow-root"] if os.geteuid() == 0 else []
        try:
            return subprocess.call([sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--notebook-dir={NOTEBOOKS}", *root,
                                    *words], env=servers.environment)
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as a KeyboardInterrupt: the servers end too
    what, *rest = sys.argv[1:] or ["run"]
    sys.exit(lab(rest) if what == "lab" else strip() if rest[:1] == ["strip"] else run(rest))
