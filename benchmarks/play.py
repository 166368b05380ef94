"""The playground: how long a slider waits for its answer at 12 megapixels, and memory over many changes.

python -m benchmarks.play

With Chromium and playwright, it also measures in the page: from the event of the slider to the frame that
shows the answer.
"""

import gc
import statistics
import time
from pathlib import Path

from tests.play import chromium
from tests.play.serving import serving

#: The view of a window of usual size.
_SIZE = (1100, 825)
_CASES = (
    ("gaussian", "sigma", [0.5 + 0.1 * n for n in range(40)]),
    ("median", "size", [3, 5, 7, 9, 11] * 4),
    ("sobel", "cval", list(range(20))),
    ("unsharp_mask", "amount", [0.1 * n for n in range(1, 21)]),
    ("bilateral", "sigma_range", [10 + 2 * n for n in range(12)]),
)


def _resident() -> float:
    """Return the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def latency() -> None:
    """Print the median time to the first answer, preview or result, and to the result."""
    with serving(2**26) as (client, _):
        key = client.post("sample", {"name": "cat of 12 megapixels"})[1]["key"]
        for name, option, values in _CASES:
            first, last, previews = [], [], 0
            for value in [*values[:3], *values]:  # the first ones compile, and measure the filter
                steps = [{"filter": name, "options": {option: f"{value:.4g}"}}]
                began = time.perf_counter()
                told, _ = client.run(key, steps, size=_SIZE, final=False)
                first.append(time.perf_counter() - began)
                if not told["final"]:
                    previews += 1
                    client.run(key, steps, size=_SIZE)
                last.append(time.perf_counter() - began)
            first, last = first[3:], last[3:]
            print(
                f"{name:14} first answer {1e3 * statistics.median(first):6.0f} ms, "
                f"result {1e3 * statistics.median(last):6.0f} ms, previews {previews} of {len(values) + 3}"
            )


def memory(changes: int = 500) -> None:
    """Print the memory of the process during many changes of a chain."""
    with serving(2**26) as (client, _):
        key = client.post("sample", {"name": "cat of 12 megapixels"})[1]["key"]
        for n in range(changes + 1):
            steps = [
                {"filter": "gaussian", "options": {"sigma": f"{0.5 + n % 30 / 10:.4g}"}},
                {"filter": "sobel", "options": {"axis": "xy"[n % 2]}},
                {"filter": "median", "options": {"size": "3" if n % 3 else "5"}},
            ]
            client.run(key, steps[: 1 + n % 3], size=_SIZE)
            if n in (20, 50) or n % 100 == 0:
                gc.collect()
                print(f"{n:4} changes: {_resident():6.0f} MB")


#: Moves a slider, and returns milliseconds from the event to the frame after the first answer.
_MOVE = """async ([id, value]) => {
  const slider = document.getElementById(id), status = document.getElementById("status");
  const answered = new Promise((done) => new MutationObserver((_, seen) => { seen.disconnect(); done(); })
    .observe(status, { childList: true, characterData: true, subtree: true }));
  slider.value = value;
  performance.mark("slider");
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  await answered;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.measure("slider to picture", "slider").duration;
}"""


def browser() -> None:
    """Print the median time from a slider to the picture, preview or result, in Chromium."""
    found = chromium.path()
    if found is None:
        print("Chromium is not installed")
        return
    from playwright.sync_api import sync_playwright

    with serving(2**26) as (client, _), sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = opened.new_page(viewport={"width": 1400, "height": 900})
        page.goto(client.address)
        page.wait_for_selector("body[data-ready]")
        page.select_option("#sample", "cat of 12 megapixels")
        for name, option, values in _CASES:
            page.select_option("#filter", name)
            page.wait_for_selector("body[data-done]", state="attached")
            page.wait_for_timeout(3000)
            slider = f"option-{option}"
            if page.locator(f"input[type=range]#{slider}").count() == 0:
                continue  # this option has no slider
            times = []
            for value in values:
                times.append(page.evaluate(_MOVE, [slider, str(value)]))
                page.wait_for_timeout(500)  # the result follows a preview
            median, last = statistics.median(times[3:]), max(times[3:])
            print(f"{name:14} in the browser: {median:6.0f} ms, at most {last:.0f} ms")
        opened.close()


if __name__ == "__main__":
    latency()
    browser()
    memory()
