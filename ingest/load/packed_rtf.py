"""The text of an Outlook message that is kept as packed RTF ([MS-OXRTFCP])."""

from __future__ import annotations

import struct

_HEAD = struct.Struct("<II4s4x")
_PACKED, _PLAIN = b"LZFu", b"MELA"
_SIZE = 4096
_KNOWN = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What the dictionary holds before the first byte."""


def unpacked(data: bytes) -> bytes:
    """The RTF.

    Raises:
        ValueError: It is none, or cut off.
    """
    if len(data) < _HEAD.size:
        raise ValueError("no head")
    _, size, kind = _HEAD.unpack_from(data)
    if kind == _PLAIN:
        return data[_HEAD.size : _HEAD.size + size]
    if kind != _PACKED:
        raise ValueError("neither packed nor plain")
    return _decompressed(data[_HEAD.size :])[:size]


def _decompressed(data: bytes) -> bytes:
    """What each run of eight says: a byte, or a place in the last 4,096 bytes and a length."""
    held = bytearray(_KNOWN.ljust(_SIZE, b"\0"))
    at, place, found = 0, len(_KNOWN), bytearray()
    while at < len(data):
        flags, at = data[at], at + 1
        for bit in range(8):
            if at >= len(data):
                break
            if not flags >> bit & 1:
                copied, at = data[at : at + 1], at + 1
                place = _hold(held, place, copied)
                found += copied
                continue
            told = int.from_bytes(data[at : at + 2], "big")
            at += 2
            start, length = told >> 4, (told & 15) + 2
            if start == place:
                return bytes(found)
            for number in range(start, start + length):  # which may read what it has just written
                copied = bytes(held[number % _SIZE : number % _SIZE + 1])
                place = _hold(held, place, copied)
                found += copied
    raise ValueError("cut off")


def _hold(held: bytearray, place: int, byte: bytes) -> int:
    held[place : place + 1] = byte
    return (place + 1) % _SIZE
