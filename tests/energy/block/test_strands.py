"""Threads and tasks are told apart; locks outlive forks."""

import asyncio
import os
import subprocess
import sys
import threading

import pytest

from physbias.energy.block.strands import (
    ProcessLock,
    Tracks,
    current_strand,
    current_task,
)


def in_thread(action):
    found = []
    thread = threading.Thread(target=lambda: found.append(action()))
    thread.start()
    thread.join()
    return found[0]


def test_task_is_the_one_that_asyncio_names():
    async def look():
        return current_task() is asyncio.current_task(), in_thread(current_task)

    assert current_task() is None
    assert asyncio.run(look()) == (True, None)


def test_asyncio_is_not_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "asyncio")
    assert current_task() is None
    assert "asyncio" not in sys.modules


def test_strands_of_threads_and_tasks_differ():
    found = {current_strand(), in_thread(current_strand)}

    async def look():
        found.add(current_strand())
        await asyncio.sleep(0)
        found.add(current_strand())

    async def two():
        await asyncio.gather(look(), look())

    asyncio.run(two())
    found.add(current_strand())
    assert len(found) == 4


def test_a_thread_keeps_its_track():
    tracks = Tracks()
    own = tracks.current()
    tracks.leave(own)
    assert tracks.current() is own
    assert in_thread(tracks.current) is not own


def test_tasks_use_tracks_one_after_the_other():
    tracks = Tracks()

    async def stay(turns):
        track = tracks.current()
        for _ in range(turns):
            await asyncio.sleep(0)
            assert tracks.current() is track
        tracks.leave(track)
        return track

    async def rounds():
        for _ in range(100):
            a, b = await asyncio.gather(stay(1), stay(3))
            assert a is not b

    asyncio.run(rounds())
    assert len(tracks.all) == 2


def test_a_lock_can_be_taken_again_by_its_thread_only():
    lock, order = ProcessLock(), []

    def other():
        with lock:
            order.append("other")

    thread = threading.Thread(target=other)
    with lock, lock:
        thread.start()
        thread.join(0.05)
        order.append("mine")
    thread.join()
    assert order == ["mine", "other"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_lock_that_another_thread_held_is_free_in_the_child():
    code = """
import os, threading
from physbias.energy.block.strands import ProcessLock
lock, held, done = ProcessLock(), threading.Event(), threading.Event()
def hold():
    with lock:
        held.set()
        done.wait()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    with lock:
        os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
done.set()
"""
    options = ["-W", "ignore::DeprecationWarning"]
    subprocess.run([sys.executable, *options, "-c", code], check=True, timeout=60)
