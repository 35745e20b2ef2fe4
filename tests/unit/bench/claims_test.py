"""Ratios of benchmarks: what a round does to both sides is not seen in them."""
import os
import sys
import tomllib
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../bench"))
import run  # noqa: E402

RING, BEST, OTHER = ("core/ring/line_64/" + name for name in ("tapeline", "boost_spsc_queue_bulk", "readerwriterqueue"))
ROUND_TRIP, ITS_PEER = "core/ring/round_trip/tapeline", "core/ring/round_trip/readerwriterqueue"


class Claims(unittest.TestCase):
    def test_a_slow_round_is_slow_for_both_sides(self):
        slowness = [1, 1, 30, 3, 3, 1, 30]
        times = {RING: [2.0 * s for s in slowness], BEST: [3.0 * s for s in slowness], OTHER: [8.0 * s for s in slowness]}
        claim, = run.claims_of(times)
        self.assertEqual((claim["best"], claim["ratio"], claim["is_met"]), (BEST, 1.5, True))

    def test_one_round_out_of_line_is_outvoted(self):
        claim, = run.claims_of({RING: [2.0, 2.0, 2.0], BEST: [1.0, 3.0, 3.0]})
        self.assertEqual(claim["ratio"], 1.5)

    def test_at_most_is_our_time_over_theirs(self):
        claim, = run.claims_of({ROUND_TRIP: [220.0] * 3, ITS_PEER: [200.0] * 3})
        self.assertAlmostEqual(claim["ratio"], 1.1)
        self.assertFalse(claim["is_met"])

    def test_both_sides_of_a_claim_run_in_the_same_rounds(self):
        def scenario(name):
            return max((s for s in run.SCENARIOS if name.startswith(s)), key=len)

        with open(os.path.join(run.HERE, "claims.toml"), "rb") as file:
            for claim in tomllib.load(file)["claim"]:
                self.assertEqual({scenario(name) for name in claim.get("against", [])} - {scenario(claim["ours"])}, set())

    def test_a_rate_is_a_peer(self):
        claim, = run.claims_of({"pipeline/null_sink": [100.0, 100.0, 400.0]})
        self.assertEqual((claim["best"], claim["ratio"], claim["is_met"]), ("8,000,000 a second", 1.25, True))

    def test_what_did_not_run_claims_nothing(self):
        self.assertEqual(list(run.claims_of({RING: "needs two CPUs", BEST: [1.0]})), [])
        self.assertEqual(list(run.claims_of({RING: [1.0]})), [])


if __name__ == "__main__":
    unittest.main()
