"""What can go wrong, said so that it can be mended."""


class TapelineError(Exception):
    """The common base: `except tapeline.TapelineError` catches all that this package raises by itself."""


class ServerUnreachable(TapelineError):
    """PostgreSQL or Redis does not answer, or nobody has said where it is."""


class UnknownName(TapelineError):
    """No symbol, source, lane or interval of that name has been stored."""


class NoData(TapelineError):
    """The names are right, but nothing is stored for the range that was asked for."""
