"""The folder of a result that many processes write: whose it is, and how its work goes on."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from imfilter._files import unfinished, zarr_store
from imfilter._files.image import FileError

MEDIAN = {unfinished.TITLE: "median", "options": {}}


def begun(path: Path, title: str = "median") -> unfinished.Unfinished:
    """Begin work, and stop after one part."""
    with unfinished.opened(str(path), {unfinished.TITLE: title, "options": {}}) as part:
        part.begin(lambda: Path(part.data, "samples").touch())
        part.add("0:0")
    return part


def test_work_goes_on_and_ends(tmp_path: Path) -> None:
    first = begun(tmp_path / "out")
    with unfinished.opened(str(tmp_path / "out"), MEDIAN) as part:
        part.begin(pytest.fail)
        assert part.done == {"0:0"}
        assert part.data == first.data
        part.finish()
    assert os.listdir(tmp_path) == ["out"]
    assert os.listdir(tmp_path / "out") == ["samples"]


def test_a_new_start_has_a_folder_of_its_own(tmp_path: Path) -> None:
    first = begun(tmp_path / "out")
    for name in os.listdir(first.folder):
        unfinished.partial.remove(os.path.join(first.folder, name))
    os.rmdir(first.folder)
    assert begun(tmp_path / "out").data != first.data


@pytest.mark.parametrize("names", [["notes.txt", "keep"], ["data"], ["command.json"], ["lock", "mine.csv"]])
def test_a_folder_of_the_user_is_kept(tmp_path: Path, names: list[str]) -> None:
    folder = tmp_path / "out.part"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("mine")
    with (
        pytest.raises(FileError, match="is not unfinished work of imfilter; rename it"),
        unfinished.opened(str(tmp_path / "out"), MEDIAN),
    ):
        pytest.fail("it is opened")
    assert sorted(os.listdir(folder)) == sorted(names)
    assert {path.read_text() for path in folder.iterdir()} == {"mine"}


def test_an_error_at_the_start_leaves_nothing(tmp_path: Path) -> None:
    def create() -> None:
        raise ValueError("levels")

    with pytest.raises(ValueError, match="levels"), unfinished.opened(str(tmp_path / "out"), MEDIAN) as part:
        part.begin(create)
    assert os.listdir(tmp_path) == []


def test_messages_name_the_folder(tmp_path: Path) -> None:
    begun(tmp_path / "out")
    with (
        pytest.raises(FileError, match=r"out\.part holds unfinished work, and it is that of 'median'; run"),
        unfinished.opened(f"{tmp_path / 'out'}/", {**MEDIAN, unfinished.TITLE: "sobel"}) as part,
    ):
        part.begin(pytest.fail)
    (tmp_path / "out.part" / "command.json").write_text("{")
    with (
        pytest.raises(FileError, match=r"out\.part holds unfinished work that cannot be read; remove"),
        unfinished.opened(str(tmp_path / "out"), MEDIAN) as part,
    ):
        part.begin(pytest.fail)


def test_writes_that_fail_together_do_not_wait_for_each_other() -> None:
    async def run() -> None:
        # The tasks of this test wait, too, so the two are given a loop without others.
        tasks = [asyncio.ensure_future(zarr_store._idle()) for _ in "ab"]
        current = asyncio.current_task()
        assert current is not None
        current.set_name(zarr_store._WAITING)
        done, _ = await asyncio.wait(tasks, timeout=5)
        assert len(done) == 2

    asyncio.run(run())


def test_a_change_of_any_file_changes_the_fingerprint(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"1234")
        os.utime(tmp_path / name, ns=(10**18, 10**18 + ord(name)))
    first = zarr_store.fingerprint(str(tmp_path))
    (tmp_path / "a").write_bytes(b"5678")
    os.utime(tmp_path / "a", ns=(10**18, 10**18 + 5))  # not the latest time, and the same size
    assert zarr_store.fingerprint(str(tmp_path)) != first
