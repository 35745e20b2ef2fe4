"""Reads a lane's journal as core/journal/record.hpp describes it, sharing nothing with the program."""
import collections
import glob
import os
import struct

SEGMENT = struct.Struct("<8sIIQQ32x")
RECORD = struct.Struct("<IIQqIHHBBB13x")
PLACE = struct.Struct("<4xIQ")  # its length and its position
KIND = 32
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


def begin_of(path):
    """The position of its first byte."""
    with open(path, "rb") as file:
        _, _, _, segment_bytes, index = SEGMENT.unpack(file.read(SEGMENT.size))
    return index * segment_bytes


def frames(directory):
    """Every whole record, in order."""
    for path in segments(directory):
        yield from frames_of(path)


def end_of(directory):
    """Where the next record will begin, in a journal with records."""
    for path in reversed(segments(directory)):
        for frame in frames_from_the_end(path):
            return frame.end_position
    raise ValueError(f"{directory} has no records")


def frames_of(path):
    """The whole records of one segment file."""
    segment = read(path)
    return (frame_at(segment, offset) for offset in offsets(segment))


def frames_from_the_end(path):
    """The same, the last one first: much sooner for who wants only that one."""
    segment = read(path)
    return (frame_at(segment, offset) for offset in reversed(offsets(segment)))


def read(path):
    with open(path, "rb") as file:
        segment = file.read()
    assert segment.startswith(b"TLJRNL1\0"), path
    return segment


def offsets(segment):
    """Of each whole record."""
    _, _, header_bytes, segment_bytes, index = SEGMENT.unpack_from(segment)
    found, offset, end, begin = [], header_bytes, len(segment) - RECORD.size, index * segment_bytes
    while offset <= end:
        record_bytes, position = PLACE.unpack_from(segment, offset)
        if position != begin + offset or record_bytes < RECORD.size or segment[offset + KIND] == FILLER:
            break  # zeros, a filler, or a record that was torn by the kill
        found.append(offset)
        offset += record_bytes
    return found


def frame_at(segment, offset):
    (_, record_bytes, position, receive_ns, payload_bytes, context_bytes, status, kind, source,
     channel) = RECORD.unpack_from(segment, offset)
    begin = offset + RECORD.size
    context = segment[begin:begin + context_bytes]
    payload = segment[begin + context_bytes:begin + context_bytes + payload_bytes]
    return Frame(position, position + record_bytes, receive_ns, kind, source, channel, status, context, payload)
