import os
import time
from pathlib import Path

import pytest

from physbias.energy import Host, MonotonicClock, VirtualClock
from physbias.energy.journal.identity import Identity

HOST = Host("h")


def test_windows_lie_on_the_clock_since_boot():
    """What /proc/uptime says is this clock, as the kernel documents it."""
    clock = MonotonicClock()
    now = clock.now()
    origin = Identity(clock, HOST, {}).origin(now, now + 5.0)
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert abs(origin.start_seconds - uptime) < 60.0
    assert abs(origin.end_seconds - origin.start_seconds - 5.0) < 0.01
    assert abs(origin.unix_seconds - time.time()) < 60.0
    assert origin.pid == os.getpid()


def test_a_suspension_lies_inside_the_window():
    clock = VirtualClock(100.0)
    identity = Identity(clock, HOST, {})
    clock.sleep(10.0)
    clock.suspend(3600.0)
    clock.sleep(10.0)
    origin = identity.origin(100.0, 120.0)
    assert origin.start_seconds == 100.0
    assert origin.end_seconds == 120.0 + 3600.0
    assert origin.awake_seconds == 100.0
    later = Identity(clock, HOST, {}).origin(130.0, 140.0)
    assert later.slept_seconds == pytest.approx(3600.0)
    assert later.start_seconds == pytest.approx(130.0 + 3600.0)
    assert later.awake_seconds == pytest.approx(130.0)


def test_the_clock_without_sleep_is_that_of_all_processes():
    clock = MonotonicClock()
    now = clock.now()
    origin = Identity(clock, HOST, {}).origin(now, now)
    assert origin.awake_seconds == pytest.approx(now, abs=1e-6)


def test_runs_differ():
    one, two = (Identity(VirtualClock(), HOST, {}) for _ in range(2))
    assert one.run_id != two.run_id


def test_place_from_the_launcher():
    environ = {"RANK": "5", "LOCAL_RANK": "1", "WORLD_SIZE": "8"}
    origin = Identity(VirtualClock(), HOST, environ).origin(0.0, 1.0)
    assert (origin.rank, origin.local_rank, origin.world_size) == (5, 1, 8)


def test_no_launcher_no_place():
    origin = Identity(VirtualClock(), HOST, {"RANK": "none"}).origin(0.0, 1.0)
    assert (origin.rank, origin.local_rank, origin.world_size) == (None, None, None)
