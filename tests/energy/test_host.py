import platform
import subprocess
import sys

import pytest

from physbias.energy.host import BOOT_ID, read_host

BOOT = "c8688795-2fe5-415e-baca-c2367cea8f91"
OTHER_BOOT = "11688795-2fe5-415e-baca-c2367cea8f91"
MACHINE = "3d1219c7c4c5404aaa1f6d2a48adfda4"
OTHER_MACHINE = "991219c7c4c5404aaa1f6d2a48adfda4"


@pytest.fixture
def files(tmp_path):
    def write(boot, machine):
        paths = tmp_path / "boot", (tmp_path / "machine",)
        for path, text in ((paths[0], boot), (paths[1][0], machine)):
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(text + "\n")
        return paths

    return write


def test_containers_of_one_machine_are_one_host(files):
    first = read_host(*files(BOOT, MACHINE))
    second = read_host(*files(BOOT, OTHER_MACHINE))
    third = read_host(*files(BOOT, None))
    assert first.id == second.id == third.id
    assert first.proven
    assert third.machine is None


def test_machines_made_from_one_image_are_two_hosts(files):
    first = read_host(*files(BOOT, MACHINE))
    second = read_host(*files(OTHER_BOOT, MACHINE))
    assert first.id != second.id
    assert first.machine == second.machine


def test_machine_id_stands_in_for_the_boot_id(files):
    host = read_host(*files(None, MACHINE))
    assert host.id == host.machine
    assert not host.proven


@pytest.mark.parametrize("empty", ["", "uninitialized", "0" * 32])
def test_unset_machine_ids_are_not_taken(files, empty):
    assert read_host(*files(BOOT, empty)).machine is None


def test_last_resort_is_the_host_name(files, monkeypatch):
    host = read_host(*files(None, None))
    assert not host.proven
    monkeypatch.setattr(platform, "node", lambda: "elsewhere")
    assert read_host(*files(None, None)).id != host.id


def test_ids_are_not_given_away(files):
    host = read_host(*files(BOOT, MACHINE))
    assert BOOT not in repr(host)
    assert MACHINE not in repr(host)


@pytest.mark.skipif(not BOOT_ID.exists(), reason="no /proc")
def test_another_process_agrees():
    code = "from physbias.energy.host import read_host; print(read_host().id)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == read_host().id
    assert BOOT_ID.read_text().strip() not in run.stdout
