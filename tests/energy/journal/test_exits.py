import subprocess
import sys

CODE = """
import os, sys
from physbias.energy.journal import exits

def say(text):
    print(text, flush=True)

def fail():
    say("failed")
    raise RuntimeError

class Named:
    def __init__(self, name):
        self.name = name
    def finish(self):
        say(self.name)

first, second = Named("first"), Named("second")
for finish in (first.finish, fail, second.finish):
    exits.remember(finish)
exits.remember(first.finish)
exits.forget(second.finish)
"""


def run(code):
    return subprocess.run(
        [sys.executable, "-c", CODE + code], capture_output=True, text=True, check=True
    )


def test_what_is_left_is_finished_at_exit():
    done = run("")
    assert done.stdout.split() == ["first", "failed"]
    assert done.stderr == ""


def test_a_forked_child_finishes_nothing():
    done = run("if os.fork() == 0: sys.exit(0)\nos.wait(); say('parent')")
    assert done.stdout.split() == ["parent", "first", "failed"]


def test_what_is_forgotten_is_not_finished():
    assert run("exits.forget(first.finish); exits.forget(fail)").stdout == ""
