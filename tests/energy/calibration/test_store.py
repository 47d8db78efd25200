from physbias.energy.calibration.calibration import Calibration
from physbias.energy.calibration.store import cache_file, recall, remember


def board(**known):
    return Calibration(**{"uuid": "GPU-1", "driver": "550", "nvml": "12", **known})


def test_the_cache_is_the_users_own(tmp_path):
    assert cache_file({}) is None
    home = cache_file({"HOME": str(tmp_path)})
    assert home == tmp_path / ".cache" / "physbias" / "calibrations.json"
    other = cache_file({"HOME": "/home/x", "XDG_CACHE_HOME": str(tmp_path)})
    assert other == tmp_path / "physbias" / "calibrations.json"


def test_a_new_calibration_replaces_the_old_one_of_the_same_board_only(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    old, new, other = board(delay=0.1), board(delay=0.2), board(uuid="GPU-2")
    for calibration in (old, other, new):
        remember(calibration, environ)
    assert recall("GPU-1", environ, driver="550") == new
    assert recall("GPU-2", environ, driver="550") == other


def test_another_driver_or_board_is_not_used(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    remember(board(), environ)
    assert recall("GPU-1", environ, driver="560") is None
    assert recall("GPU-1", environ, driver=None) is None
    assert recall("GPU-3", environ, driver="550") is None
    assert recall("GPU-1", {}, driver="550") is None


def test_the_latest_of_several_is_used(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    late = board(nvml="13", date="2026-05-01")
    for calibration in (late, board(date="2026-04-30")):
        remember(calibration, environ)
    assert recall("GPU-1", environ, driver="550") == late


def test_a_broken_cache_is_empty_and_can_be_written_again(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    path = tmp_path / "physbias" / "calibrations.json"
    path.parent.mkdir()
    path.write_text("{")
    assert recall("GPU-1", environ, driver="550") is None
    remember(board(), environ)
    assert recall("GPU-1", environ, driver="550") == board()


def test_without_a_home_nothing_is_written():
    remember(board(), {})
