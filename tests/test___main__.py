import subprocess
import sys


def test_module_is_the_command_line():
    child = [sys.executable, "-c", "print(6)"]
    done = subprocess.run(
        [sys.executable, "-m", "physbias", "measure", "--", *child],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "6\n")
    assert done.stderr.startswith("energy: ")
