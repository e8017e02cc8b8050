"""Sessions are reused, bounded, pinged when stale, and never shared by two threads or processes."""

import os
import threading
import time

import pytest

from fascicle.backend.pool import Pool
from fascicle.errors import BackendError, LostConnectionError


class FakeSession:
    """Counts what is done to it."""

    def __init__(self):
        self.round_trips = 0
        self.alive = True
        self.closed = 0

    def is_alive(self):
        self.round_trips += 1
        return self.alive

    def close(self):
        self.closed += 1


def make(size=4, idle=2, wait=0.05, fresh=100.0):
    opened = []

    def opener():
        session = FakeSession()
        opened.append(session)
        return session

    return Pool(opener, size=size, idle=idle, wait=wait, fresh=fresh), opened


def test_sessions_are_reused_last_in_first_out():
    pool, opened = make()
    first, second = pool.take(), pool.take()
    pool.give(first)
    pool.give(second)
    assert pool.take() is second
    assert pool.take() is first
    assert len(opened) == 2


def test_idle_ones_beyond_the_limit_are_closed():
    pool, opened = make(idle=1)
    taken = [pool.take() for _ in range(3)]
    for session in taken:
        pool.give(session)
    assert sorted(session.closed for session in opened) == [0, 1, 1]
    assert pool.open_sessions == 1


def test_giving_twice_does_nothing():
    pool, _ = make()
    session = pool.take()
    pool.give(session)
    pool.give(session)
    assert pool.idle_sessions == [session]
    assert pool.take() is not pool.take()


def test_a_full_pool_says_so():
    pool, _ = make(size=1)
    pool.take()
    with pytest.raises(BackendError, match="pool_size"):
        pool.take()


def test_who_waits_gets_the_next_free_session():
    pool, _ = make(size=1, wait=10)
    session = pool.take()
    got = []
    waiting = threading.Thread(target=lambda: got.append(pool.take()))
    waiting.start()
    time.sleep(0.02)
    pool.give(session)
    waiting.join(5)
    assert got == [session]


def test_stale_sessions_are_pinged_and_dead_ones_replaced():
    pool, opened = make(fresh=-1)
    session = pool.take()
    pool.give(session)
    assert pool.take() is session
    pool.give(session)
    session.alive = False
    assert pool.take() is not session
    assert session.closed
    assert len(opened) == 2


def test_failing_to_open_frees_the_place():
    tries = []

    def opener():
        tries.append(1)
        raise OSError("no server")

    pool = Pool(opener, size=1, idle=1, wait=0.01, fresh=1)
    for _ in range(3):
        with pytest.raises(OSError, match="no server"):
            pool.take()
    assert len(tries) == 3


def test_closing_closes_idle_ones_now_and_busy_ones_later():
    pool, _ = make()
    idle, busy = pool.take(), pool.take()
    pool.give(idle)
    pool.close()
    assert (idle.closed, busy.closed) == (1, 0)
    pool.give(busy)
    assert busy.closed == 1
    with pytest.raises(LostConnectionError, match="closed"):
        pool.take()


def test_trips_of_closed_sessions_still_count():
    pool, _ = make()
    session = pool.take()
    session.round_trips = 7
    pool.discard(session)
    assert pool.round_trips == 7
    other = pool.take()
    other.round_trips = 2
    assert pool.round_trips == 9


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_opens_its_own_sessions():
    pool, opened = make()
    pool.give(pool.take())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        session = pool.take()
        mine = len(opened) == 2 and session is opened[1] and not opened[0].closed
        os.write(writer, b"y" if mine else b"n")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 1) == b"y"
    os.close(reader)
    os.close(writer)
    assert pool.take() is opened[0]
