"""Quantiles of what a running pipeline measured between two looks at `tapeline status --json`."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/integration/pipeline"))
import harness  # noqa: E402


def latencies(config, var):
    """Cumulated counts by edge in ns, by path ("received_to_computed")."""
    asked = harness.tapeline("status", "--config", config, "--json", var=var)
    return {view["path"]: view["at_most"] for view in json.loads(asked.stdout)["latencies"]}


def quantile_ns(before, after, share):
    """Of what came between two looks; inside of a bucket by its logarithm, as its edges grow."""
    earlier = dict(map(tuple, before))
    counts = [(edge, count - earlier.get(edge, 0)) for edge, count in after]
    wanted, low_edge, low = share * counts[-1][1], counts[0][0] / 2, 0
    for edge, count in counts:
        if count >= wanted and count > low:
            return low_edge * (edge / low_edge) ** ((wanted - low) / (count - low))
        low_edge, low = edge, count
    raise AssertionError("no latency was measured")
