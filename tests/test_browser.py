"""The page in a real browser: it loads without complaint, and the steps can be walked through.

Chromium is driven by a harness within the page: a copy of it carries a second script that presses the
buttons and keys and writes down what it sees.  The policy of the page stays, with that one script added.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import reports

from dvar.write.html import to_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--virtual-time-budget=2000",
]  # fmt: skip

HARNESS = """
addEventListener("load", () => {
  const seen = {errors: window.seenErrors, states: []};
  const look = (did) => seen.states.push({
    did,
    output: document.querySelector("output").textContent,
    shown: [...document.querySelectorAll(".step")].filter(
      (s) => getComputedStyle(s).visibility === "visible").map((s) => s.dataset.name),
    nodes: [...document.querySelectorAll(".node.active")].map((n) => n.dataset.node),
    edges: [...document.querySelectorAll(".edge.active")].map((e) => e.dataset.of + "-" + e.dataset.wrt),
    slider: document.querySelector("input[type=range]").value,
    height: document.querySelector(".steps").getBoundingClientRect().height,
  });
  const key = (name) => document.body.dispatchEvent(
    new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true}));
  const press = (name) => document.querySelector(`[data-go=${name}]`).click();
  look("load");
  press("next"); look("next");
  press("next"); look("next");
  press("back"); look("back");
  key("ArrowRight"); look("ArrowRight");
  key("ArrowLeft"); look("ArrowLeft");
  key("End"); look("End");
  press("first"); look("first");
  const slider = document.querySelector("input[type=range]");
  slider.value = 3; slider.dispatchEvent(new Event("input")); look("slider");
  document.querySelector('.edge[data-of="3"][data-wrt="1"]').dispatchEvent(
    new MouseEvent("click", {bubbles: true})); look("edge");
  document.querySelector("input[type=checkbox]").click(); look("all");
  seen.loaded = performance.getEntriesByType("resource").map((r) => r.name);
  seen.wide = document.documentElement.scrollWidth <= innerWidth;
  const out = document.createElement("pre");
  out.id = "seen"; out.textContent = JSON.stringify(seen);
  document.body.append(out);
});
"""
ERRORS = """
window.seenErrors = [];
addEventListener("error", (e) => window.seenErrors.push(String(e.message)));
addEventListener("securitypolicyviolation", (e) => window.seenErrors.push(e.violatedDirective));
"""


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _watched(source: str) -> str:
    """The page with the two scripts of the test, admitted by its policy."""
    extra = "".join(f" 'sha256-{_digest(script)}'" for script in (ERRORS, HARNESS))
    source = source.replace("script-src ", f"script-src{extra} ", 1)
    source = source.replace("<style>", f"<script>{ERRORS}</script><style>", 1)
    return source.replace("</body>", f"<script>{HARNESS}</script></body>")


def _browse(tmp_path: Path, source: str, *flags: str) -> tuple[str, str]:
    assert CHROMIUM is not None
    page = tmp_path / "page.html"
    page.write_text(source, encoding="utf-8")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags, "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=120)
    return done.stdout, done.stderr


def _walk(tmp_path: Path, *flags: str) -> dict[str, Any]:
    dom, log = _browse(tmp_path, _watched(to_html(reports.with_everything())), *flags)
    assert "CONSOLE" not in log, log
    match = re.search(r'<pre id="seen">(.*?)</pre>', dom, re.DOTALL)
    assert match, log
    seen: dict[str, Any] = json.loads(match[1].replace("&lt;", "<").replace("&amp;", "&"))
    return seen


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return _walk(tmp_path_factory.mktemp("browser"), "--window-size=1200,900")


def _state(seen: dict[str, Any], number: int) -> dict[str, Any]:
    state: dict[str, Any] = seen["states"][number]
    return state


def test_the_page_loads_without_errors_and_from_nowhere_else(seen: dict[str, Any]) -> None:
    assert seen["errors"] == []
    assert seen["loaded"] == []


def test_the_page_opens_on_the_overview(seen: dict[str, Any]) -> None:
    state = _state(seen, 0)
    assert state["shown"] == ["Overview"]
    assert state["nodes"] == []


def test_the_buttons_move_the_highlight(seen: dict[str, Any]) -> None:
    inputs, q, back = (_state(seen, n) for n in (1, 2, 3))
    assert sorted(inputs["nodes"]) == ["0", "1", "2"]
    assert q["shown"] == ["Forward: q"]
    assert q["nodes"] == ["3"]
    assert sorted(q["edges"]) == ["3-0", "3-1"]
    assert back["shown"] == inputs["shown"]


def test_the_keys_do_what_the_buttons_do(seen: dict[str, Any]) -> None:
    right, left, end, first = (_state(seen, n) for n in (4, 5, 6, 7))
    assert right["shown"] == ["Forward: q"]
    assert left["shown"] == ["Inputs"]
    assert end["shown"] == ["Backward: ∂f/∂x"]
    assert end["edges"] == ["3-0"]
    assert end["slider"] == "8"
    assert first["shown"] == ["Overview"]


def test_the_slider_and_the_picture_choose_a_step(seen: dict[str, Any]) -> None:
    assert _state(seen, 8)["shown"] == ["Forward: f"]
    assert _state(seen, 9)["shown"] == ["Backward: ∂f/∂y"]


def test_all_steps_can_be_shown_at_once(seen: dict[str, Any]) -> None:
    assert len(_state(seen, 10)["shown"]) == 9


def test_nothing_jumps_while_one_walks(seen: dict[str, Any]) -> None:
    assert len({state["height"] for state in seen["states"][:10]}) == 1


def test_a_phone_needs_no_sideways_scrolling_of_the_page(tmp_path: Path) -> None:
    assert _walk(tmp_path, "--window-size=500,800")["wide"]


def test_without_a_script_everything_is_visible(tmp_path: Path) -> None:
    source = re.sub(r"<script>.*?</script>", "", to_html(reports.product()), flags=re.DOTALL)
    dom, log = _browse(tmp_path, source)
    assert "CONSOLE" not in log
    assert 'hidden=""' in dom  # the controls
    assert "walking" not in dom.split("</style>")[-1]
