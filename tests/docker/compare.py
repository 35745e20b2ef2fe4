"""compare.py DSN TRUTH_DSN: exit status 0 when every table of facts holds the same rows."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults" / "pipeline"))
import comparison  # noqa: E402


class Psql:
    """What the comparison asks of servers."""

    @staticmethod
    def _psql(dsn, query):
        done = subprocess.run(["psql", dsn, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=|",
                               "--command", query], capture_output=True, text=True, check=True)
        return [line.split("|") for line in done.stdout.splitlines()]


rows, lost, duplicated, differences = comparison.against_replay(Psql, sys.argv[1], sys.argv[2])
print(f"{rows} rows compared, {lost} lost, {duplicated} duplicated")
for difference in differences:
    print(difference)
sys.exit(1 if differences or rows == 0 else 0)
