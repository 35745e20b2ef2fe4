"""The trades of the load: a pure function of seed and sequence number, so that every one that is missing shows.

Trade n belongs to symbol n % len(SYMBOLS) and has the id n // len(SYMBOLS) + 1 there. Prices and sizes never end in a zero:
their stored mantissas are these very integers, at the exponents -2 and -5.
"""
import collections

SYMBOLS = tuple(f"LOAD{letter}USDT" for letter in "ABCDEFGH")
COUNT = len(SYMBOLS)
PRICE_EXPONENT, SIZE_EXPONENT = -2, -5

FRAME = (b'{"stream":"%s","data":{"e":"trade","E":%d,"s":"%s","t":%d,"p":"%d.%02d","q":"%d.%05d","T":%d,"m":%s,"M":true}}')
NATIVE = tuple((name.lower() + "@trade", name) for name in SYMBOLS)
STREAMS = tuple((stream.encode(), name.encode()) for stream, name in NATIVE)

# So many trades a second of event time, however fast they are sent: bars enough in a short run.
TRADES_PER_EVENT_SECOND = 10_000

Trade = collections.namedtuple("Trade", "symbol trade_id event_ms cents size is_maker")


class Tape:
    def __init__(self, seed, begin_ms):
        self.seed, self.begin_ms = seed, begin_ms
        self.salt = (seed * 0x9E3779B1 + 12345) & 0xFFFFFFFF

    def trade(self, sequence):
        mixed = ((sequence ^ self.salt) * 0x85EBCA6B) & 0xFFFFFFFF
        mixed ^= mixed >> 15
        symbol = sequence % COUNT
        # A slow triangle, a different one for each symbol, and noise on top: bars move, rules fire.
        wave = (sequence * (3 + symbol) // 977) % 400_000
        if wave >= 200_000:
            wave = 400_000 - wave
        cents = (500_000 + wave // 4 + mixed % 97) * 10 + 1 + mixed % 9
        return Trade(symbol, sequence // COUNT + 1, self.begin_ms + sequence * 1000 // TRADES_PER_EVENT_SECOND, cents,
                     (mixed >> 8) % 99_990 * 10 + 1 + (mixed >> 4) % 9, (mixed >> 3) & 1 == 1)

    def payload(self, sequence):
        trade = self.trade(sequence)
        stream, name = STREAMS[trade.symbol]
        return FRAME % (stream, trade.event_ms, name, trade.trade_id, trade.cents // 100, trade.cents % 100,
                        trade.size // 100_000, trade.size % 100_000, trade.event_ms, b"true" if trade.is_maker else b"false")

    def stored(self, symbol, sequences):
        """The lines that COPY writes of these trades of one symbol: see comparison.STORED."""
        name = SYMBOLS[symbol]
        for sequence in sequences:
            trade = self.trade(sequence)
            yield (f"{name}\t{trade.trade_id}\t{trade.event_ms * 1_000_000}\t{trade.cents}\t{PRICE_EXPONENT}\t{trade.size}"
                   f"\t{SIZE_EXPONENT}\t{2 if trade.is_maker else 1}")


class Wide:
    """As many symbols as are wanted, for measurements: each trades in turn, nothing is compared."""

    def __init__(self, symbols, begin_ms):
        self.names = [b"WIDE%06dUSDT" % number for number in range(symbols)]
        self.streams = [name.lower() + b"@trade" for name in self.names]
        self.begin_ms = begin_ms

    def payload(self, sequence):
        turn, symbol = divmod(sequence, len(self.names))
        cents = 100_000 + (sequence * 7919) % 4_999 * 2 + 1
        event_ms = self.begin_ms + sequence * 1000 // TRADES_PER_EVENT_SECOND
        return FRAME % (self.streams[symbol], event_ms, self.names[symbol], turn + 1, cents // 100, cents % 100,
                        sequence % 9, 10_001 + sequence % 4_999 * 2, event_ms, b"true" if turn & 1 else b"false")


def sequence_of(symbol_name, trade_id):
    return (trade_id - 1) * COUNT + SYMBOLS.index(symbol_name)


def malformed(sequence):
    """Frames that no parser can take, of several kinds; each must become one reject and harm nothing."""
    kinds = (b'{"stream":"loadausdt@trade","data":{"e":"trade","E":17', b"\x00\x01 garbage", b"[[[[[[[[", b"{}}",
             b'{"stream":"loadausdt@trade","data":{"e":"trade","E":1,"s":"LOADAUSDT","t":1,"p":"NaN","q":"1","T":1}}')
    return kinds[sequence % len(kinds)]
