"""What the database says after the faults, held against two truths, byte for byte.

1. The journal: replayed without any fault into an empty database it must give the same rows in every table.
2. The tape: every trade that the source sent is there once, as it was sent, in right bars; or, where the source does not
   repeat itself, it lies in a gap that was told, and the gap lies where a connection had broken.
"""
import collections
import hashlib
import itertools
import os
import re
import subprocess

import harness
import tape

# Not functions of the journal: how rows were batched, when they were committed, and the numbers that the database itself
# gave to lanes and instruments, which are compared by their names.
EXCLUDED_TABLES = {"audit_batch", "lane_checkpoint", "schema_migrations", "dim_instrument", "dim_source"}
EXCLUDED_COLUMNS = {"lane_id", "committed_at"}

STORED = """SELECT native_symbol, trade_id, event_ns, price_mantissa, price_exponent, size_mantissa, size_exponent, side
            FROM tick JOIN dim_instrument USING (instrument_id) WHERE trade_id IS NOT NULL
            ORDER BY native_symbol COLLATE "C", trade_id, journal_position"""

Verdict = collections.namedtuple("Verdict", "rows lost duplicated gaps differences")


def copy_chunks(dsn, query):
    """The bytes of COPY (query) TO STDOUT, while they come."""
    process = subprocess.Popen([harness.PSQL, dsn, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command",
                                f"COPY ({query}) TO STDOUT"], env=dict(os.environ, PGTZ="UTC"), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        while chunk := process.stdout.read(1 << 20):
            yield chunk
        problem = process.stderr.read().decode()
    if process.returncode != 0:
        raise AssertionError(f"psql: {problem}")


def copy_lines(dsn, query):
    rest = b""
    for chunk in copy_chunks(dsn, query):
        whole, newline, rest = (rest + chunk).rpartition(b"\n")
        if newline:
            yield from whole.decode().split("\n")


def fingerprint(dsn, query):
    """(lines, hash) of all that COPY writes: tells whether two are the same, much sooner than a walk over their lines."""
    lines, content = 0, hashlib.sha256()
    for chunk in copy_chunks(dsn, query):
        lines += chunk.count(b"\n")
        content.update(chunk)
    return lines, content.digest()


def tables_of(servers, dsn):
    """Every table of facts and its columns, those too that a later migration will add."""
    rows = servers._psql(dsn, """
        SELECT c.relname, string_agg(a.attname, ' ' ORDER BY a.attnum)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        GROUP BY c.relname ORDER BY c.relname""")
    return {name: columns.split() for name, columns in rows if name not in EXCLUDED_TABLES}


def table_query(name, columns, where=""):
    """All rows, or those that `where` says, in a fixed order, instruments by name."""
    chosen = ["i.source_id || '/' || i.native_symbol || '=' || i.symbol" if column == "instrument_id" else "t." + column
              for column in columns if column not in EXCLUDED_COLUMNS]
    first = ["t.journal_position"] if "journal_position" in columns else []
    order = ", ".join(first + [str(number + 1) for number in range(len(chosen))])
    join = "LEFT JOIN dim_instrument i USING (instrument_id)" if "instrument_id" in columns else ""
    return f'SELECT {", ".join(chosen)} FROM "{name}" t {join} {"WHERE " + where if where else ""} ORDER BY {order}'


def compare_lines(ours, theirs):
    """(lines, only in ours, only in theirs, an example) of two sequences that should be the same, in one walk."""
    count, extra, missing = 0, collections.Counter(), collections.Counter()
    for left, right in itertools.zip_longest(ours, theirs):
        count += left is not None
        if left == right:
            continue
        if left is not None:
            extra[left] += 1
        if right is not None:
            missing[right] += 1
        if len(extra) + len(missing) > 100_000:  # a shift of one row shows every row behind it: cancel what is in both
            extra, missing = extra - missing, missing - extra
    extra, missing = extra - missing, missing - extra
    example = next(iter(extra), None) or next(iter(missing), "")
    return count, sum(extra.values()), sum(missing.values()), example


def against_replay(servers, dsn, truth_dsn, where=""):
    """Rows compared, and a line for every table that differs: (rows, lost, duplicated, differences)."""
    tables, truth = tables_of(servers, dsn), tables_of(servers, truth_dsn)
    differences = [] if tables == truth else [f"the databases have different tables: {sorted(set(tables) ^ set(truth))}"]
    rows = lost = duplicated = 0
    for name, columns in truth.items():
        if where and "journal_position" not in columns:
            continue
        query = table_query(name, columns, where)
        ours = fingerprint(dsn, query)
        if ours == fingerprint(truth_dsn, query):
            rows += ours[0]
            continue
        count, extra, missing, example = compare_lines(copy_lines(dsn, query), copy_lines(truth_dsn, query))
        rows += count
        if extra or missing:
            differences.append(f"{name}: {missing} rows of the replay are missing, {extra} are too many, such as {example!r}")
            lost += missing
            duplicated += extra
    return rows, lost, duplicated, differences


def audit(servers, dsn):
    """The audited batches do not overlap. Between two there may be frames without rows, which no batch tells of."""
    batches = servers._psql(dsn, "SELECT from_position, to_position FROM audit_batch ORDER BY from_position, to_position")
    return [f"audit_batch: what begins at {after[0]} overlaps with what ends at {before[1]}"
            for before, after in zip(batches, batches[1:]) if int(after[0]) < int(before[1])][:3]


def of_symbol(symbol, sent_end, damaged):
    """Sequence numbers of its trades, but for those that were `damaged`."""
    return (sequence for sequence in range(symbol, sent_end, tape.COUNT) if sequence not in damaged)


def against_tape(dsn, the_tape, sent_end, damaged=()):
    """For a source that repeats what was not journaled: every trade, once, as it was sent."""
    expected = itertools.chain.from_iterable(
        the_tape.stored(symbol, of_symbol(symbol, sent_end, damaged)) for symbol in range(tape.COUNT))
    count, extra, missing, example = compare_lines(copy_lines(dsn, STORED), expected)
    differences = [] if not (extra or missing) else [
        f"tape: {missing} trades are missing, {extra} are too many, such as {example!r}"]
    return count, missing, extra, differences


GAP = re.compile(r"(\d+) trade ids before (\d+) are missing")


def against_sent(servers, dsn, the_tape, connections, inside_gaps):
    """For a source that does not repeat itself: what is missing was told as a gap, and is the end of a connection, unless
    `inside_gaps` says that frames were refused in the middle of one."""
    stored = collections.defaultdict(list)
    differences, rows, duplicated = [], 0, 0
    names = {name: number for number, name in enumerate(tape.SYMBOLS)}
    for line in copy_lines(dsn, STORED):
        name, trade_id = line.split("\t", 2)[:2]
        sequence = tape.sequence_of(name, int(trade_id))
        rows += 1
        if next(the_tape.stored(names[name], [sequence])) != line:
            differences.append(f"tape: {line!r} was never sent")
        elif stored[name] and stored[name][-1] == int(trade_id):
            duplicated += 1
        stored[name].append(int(trade_id))
    told = {name: set() for name in tape.SYMBOLS}
    for name, detail in servers._psql(dsn, """SELECT native_symbol, detail FROM quality_event
            JOIN dim_instrument USING (instrument_id) WHERE reason = 'sequence_gap'"""):
        missing, before = GAP.match(detail).groups()
        told[name].update(range(int(before) - int(missing), int(before)))
    lost = gaps = 0
    for name, number in names.items():
        last_seen = set()
        for first, end in connections:
            ids = [s // tape.COUNT + 1 for s in range(first, end) if s % tape.COUNT == number]
            last_seen.add((ids[0], ids[-1]) if ids else None)
        there = set(stored[name])
        # The first connection's beginning may be lost before anything was known of the symbol.
        begin = min(there) if there else 0
        ranges = sorted(r for r in last_seen if r)
        for first, last in ranges:
            missing = [i for i in range(first, last + 1) if i not in there]
            is_end = not missing or (missing[-1] == last and missing[-1] - missing[0] + 1 == len(missing))
            if not (is_end or inside_gaps):
                differences.append(f"{name}: ids {missing[0]} to {missing[-1]} are missing inside a connection's {first}-{last}")
            undisclosed = [i for i in missing if i > begin and i not in told[name]]
            lost += len(undisclosed)
            gaps += len(missing)
        if told[name] & there:
            differences.append(f"{name}: {len(told[name] & there)} ids were told missing and are there")
    if lost:
        differences.append(f"{lost} trades are missing and no gap tells of them")
    return rows, lost, duplicated, gaps, differences


def against_bars(servers, dsn, the_tape, sent_end, interval_s, damaged=()):
    """Open, high, low, close, volume and trades of every whole bar, computed from the tape alone."""
    expected = {}
    width_ms = interval_s * 1000
    for symbol in range(tape.COUNT):
        its = map(the_tape.trade, of_symbol(symbol, sent_end, damaged))
        for start, trades in itertools.groupby(its, lambda trade: trade.event_ms // width_ms * width_ms):
            cents, sizes = zip(*((trade.cents, trade.size) for trade in trades))
            expected[symbol, start] = [cents[0], max(cents), min(cents), cents[-1], sum(sizes), len(cents)]
    rows = servers._psql(dsn, f"""
        SELECT native_symbol, (extract(epoch FROM bar_start) * 1000)::bigint, round(open * 100), round(high * 100),
               round(low * 100), round(close * 100), round(volume * 100000), trades, is_partial
        FROM fact_bar JOIN dim_instrument USING (instrument_id) WHERE interval_s = {interval_s} AND NOT is_filled""")
    found = {(tape.SYMBOLS.index(row[0]), int(row[1])): ([int(value) for value in row[2:8]], row[8]) for row in rows}
    differences = []
    for key, (bar, is_partial) in found.items():
        if is_partial == "f" and bar != expected.get(key):
            differences.append(f"bar {tape.SYMBOLS[key[0]]} {interval_s} s {key[1]}: {bar}, not {expected.get(key)}")
    last = max((key[1] for key in found), default=0)
    absent = [key for key in expected if key[1] <= last and key not in found]
    if absent:
        differences.append(f"{len(absent)} bars of {interval_s} s are missing, such as {absent[0]}")
    return len(found), differences[:3]
