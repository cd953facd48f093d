"""Spellings of the VXP protocol that a server has to forgive."""

from __future__ import annotations


def same_hash(spelled: str, digest: bytes) -> bool:
    """Whether the header ``XroadVnpt-hash-file`` spells ``digest``.

    VNPT's SDK 2.0 prints each byte in hexadecimal without a leading zero, so that 64 characters
    become 62 to 64 and the text can no longer be cut into bytes again. The digest that was
    computed here is therefore spelled both ways and compared, which leaves nothing to guess.
    """
    plain = spelled.strip().lower()
    return plain == digest.hex() or plain == "".join(format(byte, "x") for byte in digest)
