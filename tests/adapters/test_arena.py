"""What is put into shared memory is found there by the other side until it is given back."""

from __future__ import annotations

import os
import random
from collections import deque
from collections.abc import Iterator

import pytest

from axis.adapters.arena import ARENA_BYTES, Arena


@pytest.fixture
def arena() -> Iterator[Arena]:
    made = Arena.new()
    yield made
    made.close()


@pytest.mark.parametrize("seed", range(20))
def test_it_keeps_what_it_took_whatever_comes_and_goes(arena: Arena, seed: int):
    dice = random.Random(seed)
    held: deque[tuple[int, bytes]] = deque()
    refused = 0
    for turn in range(400):
        if held and dice.random() < 0.4:
            start, data = held.popleft()
            assert arena.get(start, len(data)) == data
            arena.give_back()
        data = bytes([turn % 251]) * dice.choice((1, 20_000, 60_000, 500_000, 1_500_000))
        where = arena.put(data)
        if where is None:
            refused += 1
        else:
            held.append((where, data))
    assert refused
    assert all(arena.get(start, len(data)) == data for start, data in held)
    arena.begun = 7
    assert arena.begun == 7
    assert all(arena.get(start, len(data)) == data for start, data in held)


def test_it_can_be_filled_to_the_last_byte_and_again(arena: Arena):
    whole = b"x" * (ARENA_BYTES - 8)
    for _ in range(2):
        assert arena.put(whole) is not None
        assert arena.put(b"y") is None
        arena.give_back()
    assert arena.put(whole + b"x") is None
    assert arena.put(b"") is None


def test_pieces_may_fill_it_to_the_last_byte_at_either_end(arena: Arena):
    first, second = b"a" * 1000, b"b" * (ARENA_BYTES - 8 - 1000)
    assert (arena.put(first), arena.put(second)) == (8, 1008)
    arena.give_back()
    # What comes now lies in front of the second, up to its first byte.
    assert arena.put(b"c" * 1001) is None
    assert arena.put(b"c" * 1000) == 8
    assert arena.put(b"d") is None
    assert arena.get(1008, len(second)) == second
    arena.give_back()
    assert arena.put(b"e" * len(second)) == 1008


def test_it_is_given_up_whole():
    arena = Arena.new()
    arena.close()
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(arena.fd)
