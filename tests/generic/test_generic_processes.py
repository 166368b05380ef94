"""Functions of users in new processes, and compilations that take long."""

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import imfilter
from imfilter._filters.generic import functions
from tests.cli.commands import subprocess_env
from tests.generic.users import SOURCE

SCRIPT = """
import sys
import numpy as np
import imfilter
import users
from numba.core import event
from imfilter import series

image = np.arange(30.0).reshape(5, 6)
mask = image != 7.0
with event.install_recorder("numba:compile") as recorder:
    for name in sys.argv[1:]:
        function = getattr(users, name)
        once = imfilter.generic(image, function, 3, mode="edge")
        print(name, once.sum(), imfilter.generic(image, function, 3, mode="edge", mask=mask).sum())
        print(series.moving_apply(image[0], function, 9)[-1])
        if name == "raising":
            try:
                imfilter.generic(-image, function, 3)
            except ValueError as error:
                print(error)
done = {e.data["dispatcher"].py_func.__name__ for _, e in recorder.buffer if e.is_start}
print(*done.intersection(sys.argv), file=sys.stderr)
"""
ALL = {"closed", "raising", "with_call"}


def start(folder, cache, source=SOURCE, names=ALL):
    """Run the script in a new process. Return what it printed, and which functions it compiled."""
    folder.mkdir(exist_ok=True)
    (folder / "users.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", SCRIPT, *sorted(names)],
        env=subprocess_env() | {"IMFILTER_CACHE_DIR": str(cache)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    *said, compiled = done.stderr.splitlines()
    return done.stdout, set(compiled.split()), [line for line in said if "compiling" not in line]


class Planted:
    """What runs code of somebody else when it is loaded."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.slow
def test_a_new_process_compiles_what_has_changed_alone(tmp_path):
    """One test, since each step begins with the files of the one before."""
    cache, work = tmp_path / "cache", tmp_path / "work"
    expected, compiled, said = start(work, cache)
    assert (compiled, said) == (ALL, [])
    assert start(work, cache) == (expected, set(), []), "a second start compiles none of them"

    changed, compiled, said = start(work, cache, SOURCE.replace("LIMIT = 2.0", "LIMIT = 4.0"))
    assert compiled == {"with_call"}
    assert changed != expected
    assert start(work, cache) == (expected, set(), []), "the code of the old value is still there"

    # Another function of the same name, and no code for it.
    other, compiled, said = start(work, cache, SOURCE.replace("return w[0] * k", "return w[1] + k"))
    assert compiled == {"closed"}
    assert other != expected


@pytest.mark.slow
def test_files_that_are_damaged_or_of_others_are_not_loaded(tmp_path):
    cache, work, names = tmp_path / "cache", tmp_path / "work", {"closed"}
    expected = start(work, cache, names=names)[0]
    files = sorted((cache / "imfilter").glob("user-*.nbc"))
    for path in files:
        path.write_bytes(path.read_bytes()[:-10])
    assert start(work, cache, names=names) == (expected, names, []), "damaged files are written anew"
    assert start(work, cache, names=names) == (expected, set(), [])

    data = pickle.dumps(Planted(tmp_path / "ran"))
    for path in files:
        path.write_bytes(hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
        path.chmod(0o666)
    answer, compiled, said = start(work, cache, names=names)
    assert (answer, compiled) == (expected, names), "files that others can write are not loaded"
    assert [line for line in said if "can be written by others" in line] == said != []
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_functions_run_where_nothing_can_be_kept(tmp_path):
    (tmp_path / "file").write_text("")
    answer, compiled, _ = start(tmp_path / "work", tmp_path / "file" / "sub", names={"closed"})
    image = np.arange(30.0).reshape(5, 6)
    once = imfilter.generic(image, lambda w: w[0] * 2.0, 3, mode="edge", compile=False)
    assert answer.startswith(f"closed {once.sum()} ")
    assert compiled == {"closed"}


@pytest.mark.slow
def test_a_notice_says_that_compilation_takes_long(monkeypatch, capsys):
    monkeypatch.setattr(functions.dependencies, "digest", lambda *arguments: None)  # nothing is loaded
    monkeypatch.setattr(functions, "PATIENCE", 0.001)
    imfilter.generic(np.zeros((3, 3)), lambda w: w[0] + 0.125, 1)
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "imfilter: compiling <lambda>() takes more than 0.001 seconds; Ctrl-C ends it after the "
        "step that runs, and compile=False runs it as Python"
    )
    monkeypatch.setattr(functions, "PATIENCE", 600.0)
    imfilter.generic(np.zeros((3, 3)), lambda w: w[0] + 0.375, 1)
    assert capsys.readouterr().err == ""


ENDLESS = """
import time
import numpy as np
import numba
import imfilter

def own(v):
    return v

@numba.extending.overload(own)
def _own(v):
    print("compiling", flush=True)
    while True:
        time.sleep(0.01)

def function(w):
    return own(w[0])

try:
    imfilter.generic(np.ones((3, 3)), function, 3)
except KeyboardInterrupt:
    print("interrupted")
print(imfilter.generic(np.ones((3, 3)), function, 3, compile=False).sum())
print(imfilter.generic(np.ones((3, 3)), lambda w: w[0] + 1.0, 3).sum())
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a process cannot send an interrupt to another one there")
def test_an_interrupt_ends_an_endless_compilation():
    """And other functions, and the same one as Python, run afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS],
        env=subprocess_env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "compiling\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=240)
    assert (process.returncode, out) == (0, "interrupted\n9.0\n18.0\n"), err
