"""Reads a lane's journal as core/journal/record.hpp describes it, sharing nothing with the program."""
import collections
import glob
import os
import struct

SEGMENT = struct.Struct("<8sIIQQ32x")
RECORD = struct.Struct("<IIQqIHHBBB13x")
FILLER, DATA = 255, 1

Frame = collections.namedtuple("Frame", "position end_position receive_ns kind source channel http_status context payload")


def segments(directory):
    """Those with records in them: the last one may have been made ahead of its use."""
    paths = sorted(glob.glob(os.path.join(directory, "*.journal")))
    while len(paths) > 1 and is_blank(paths[-1]):
        paths.pop()
    return paths


def is_blank(path):
    with open(path, "rb") as file:
        file.seek(SEGMENT.size)
        return not any(file.read(RECORD.size))


def frames(directory):
    """Every whole record, in order."""
    for path in segments(directory):
        yield from frames_of(path)


def end_of(directory):
    """Where the next record will begin, in a journal with records."""
    for path in reversed(segments(directory)):
        ends = [frame.end_position for frame in frames_of(path)]
        if ends:
            return ends[-1]
    raise ValueError(f"{directory} has no records")


def frames_of(path):
    """The whole records of one segment file."""
    with open(path, "rb") as file:
        segment = file.read()
    magic, _, header_bytes, segment_bytes, index = SEGMENT.unpack_from(segment)
    assert magic == b"TLJRNL1\0", path
    offset = header_bytes
    while offset + RECORD.size <= len(segment):
        (_, record_bytes, position, receive_ns, payload_bytes, context_bytes, status, kind, source,
         channel) = RECORD.unpack_from(segment, offset)
        if position != index * segment_bytes + offset or record_bytes < RECORD.size or kind == FILLER:
            break  # zeros, a filler, or a record that was torn by the kill
        begin = offset + RECORD.size
        context = segment[begin:begin + context_bytes]
        payload = segment[begin + context_bytes:begin + context_bytes + payload_bytes]
        yield Frame(position, position + record_bytes, receive_ns, kind, source, channel, status, context, payload)
        offset += record_bytes
