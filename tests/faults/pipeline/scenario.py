"""The list of scenarios: each a function that harms a world (world.py) which is set up for it and compared afterwards."""
import collections

CRASH_POINTS = ("journal_append", "journal_prepare", "journal_roll", "journal_sync", "journal_chain",
                "journal_compressed", "journal_trim", "batch_built", "copy_end", "commit_sent", "commit_acknowledged",
                "redis_publish", "snapshot_written", "snapshot_renamed")

Scenario = collections.namedtuple("Scenario", "name does rows run count rate repeats source_options")
ALL = {}


class NotHere(Exception):
    """This machine cannot show the fault; the reason."""


def scenario(*, rows, count, rate=100_000, repeats=True, source_options=()):
    """`rows`: of the table of faults in docs/faults.md. A scenario that returns a verdict has compared by itself."""
    def register(run):
        ALL[run.__name__] = Scenario(run.__name__, (run.__doc__ or "").strip(), rows, run, count, rate, repeats,
                                     source_options)
        return run
    return register
