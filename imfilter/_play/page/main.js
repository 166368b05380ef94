// The page: the picture, the chain of filters, the requests, and what is told.

import * as api from "./api.js";
import { fillFilters, showFields, startOptions } from "./form.js";
import { drawHistogram } from "./histogram.js";
import { Stage } from "./stage.js";

const $ = (id) => document.getElementById(id);
const FIRST = "gaussian";
const PAUSE = 250; // milliseconds after the last change before the texts are asked for
const REST = 120; // milliseconds after a preview before its result is asked for: a slider may still move

let server = null;
let filters = new Map();
let picture = null;
let openings = 0; // pictures that were asked for: the last one is shown
let steps = [];
let current = 0;
let textsTimer = 0;
let textsRequest = null;
let errorOfFilter = false; // what the shown error is about

const stage = new Stage($("canvas"), () => { feeds.before.ask(); feeds.after.ask(); showZoom(); }, showPixel);

/** Requests for one side. A newer request replaces the older ones: at most one is on its way. */
class Feed {
  constructor(side) {
    this.side = side;
    this.busy = false;
    this.again = false;
    this.waiting = null;
    this.timer = 0;
  }

  async ask() {
    clearTimeout(this.timer);
    this.waiting?.abort(); // an older result is no longer wanted
    this.again = true;
    if (this.busy || !picture) return;
    this.busy = true;
    while (this.again) {
      this.again = false;
      await this.once(false);
    }
    this.busy = false;
  }

  async once(final) {
    const chain = this.side === "before" ? [] : steps.map(({ filter, options }) => ({ filter, options }));
    const asked = { picture: picture.key, steps: chain, stretch: $("stretch").checked, final, ...limited(stage.view()) };
    const request = new AbortController();
    if (final) this.waiting = request;
    try {
      const answer = await api.run(asked, request.signal);
      if (final && request.signal.aborted) return;
      stage.put(this.side, answer);
      drawHistogram($(`histogram-${this.side}`), answer.pixels);
      if (this.side === "after") this.tell(answer);
      if (!answer.final && !this.again) this.timer = setTimeout(() => this.once(true), REST);
    } catch (error) {
      if (error.name === "AbortError") return;
      showFilterError(error);
    } finally {
      if (this.waiting === request) this.waiting = null;
    }
  }

  tell(answer) {
    $("preview").hidden = answer.final;
    $("canvas").setAttribute("aria-busy", String(!answer.final));
    if (!answer.final) {
      $("status").textContent = "Preview. Computing every pixel…";
      return;
    }
    if (errorOfFilter) showError(null); // an error about a file stays until the user goes on
    const [columns, rows] = answer.size;
    const total = answer.steps.reduce((sum, step) => sum + step.seconds, 0);
    const values = answer.values ? `; ${answer.values}` : "";
    $("status").textContent = `${milliseconds(total)} for ${columns} × ${rows} pixels, ${answer.type}${values}`;
    const last = answer.steps[current] ?? answer.steps.at(-1);
    $("reason").textContent = last?.reason ? `Plan of step ${current + 1}: ${last.reason}` : "";
    answer.steps.forEach((step, n) => {
      const place = $("chain").children[n]?.querySelector("small");
      if (place) place.textContent = milliseconds(step.seconds);
    });
    const names = steps.map((step) => step.filter.replaceAll("_", " ")).join(", ");
    $("canvas").setAttribute("aria-label", `${picture.name}, before and after ${names}`);
    document.body.dataset.done = String(Number(document.body.dataset.done ?? 0) + 1);
    askTexts();
  }
}

const feeds = { before: new Feed("before"), after: new Feed("after") };

/** A view with no more pixels than the server sends. */
function limited(view) {
  const share = Math.sqrt(Math.min(1, server.most_view / (view.size[0] * view.size[1])));
  return { ...view, size: view.size.map((n) => Math.max(1, Math.floor(n * share))) };
}

function milliseconds(seconds) {
  const ms = 1000 * seconds;
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function askTexts() {
  clearTimeout(textsTimer);
  textsRequest?.abort();
  textsTimer = setTimeout(async () => {
    textsRequest = new AbortController();
    try {
      const asked = { picture: picture.key, steps };
      const texts = await api.words(asked, textsRequest.signal);
      for (const name of ["python", "command", "toml"]) $(name).textContent = texts[name];
    } catch (error) {
      if (error.name !== "AbortError") showFilterError(error);
    }
  }, PAUSE);
}

function showError(error) {
  const where = Number.isInteger(error?.step) && steps.length > 1 ? `Step ${error.step + 1}: ` : "";
  errorOfFilter = false;
  $("error").hidden = !error;
  $("error").textContent = error ? where + error.message : "";
}

/** Show an error of a filter. There is no result, so nothing is told about one. */
function showFilterError(error) {
  showError(error);
  errorOfFilter = true;
  $("preview").hidden = true;
  $("status").textContent = "";
  $("reason").textContent = "";
  clearTimeout(textsTimer);
  for (const name of ["python", "command", "toml"]) $(name).textContent = ""; // they would be of an older result
}

function showZoom() {
  const percent = 100 * stage.factor();
  $("zoom").textContent = stage.scale === null ? "fit" : `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

function showPixel(place) {
  const inside = place.every((share) => share >= 0 && share < 1);
  const before = inside ? stage.valueAt("before", place) : null;
  const after = inside ? stage.valueAt("after", place) : null;
  if (!before) {
    $("pixel").textContent = "";
    return;
  }
  const at = place.map((share, i) => Math.floor(share * stage.size[i]));
  $("pixel").textContent = `Column ${at[0]}, row ${at[1]}: shown ${before.join(" ")} before, ${after ? after.join(" ") : "–"} after.`;
}

/** Change an option of the current step. */
function changed(name, text) {
  const options = { ...steps[current].options };
  if (text === "") delete options[name];
  else options[name] = text;
  steps[current] = { ...steps[current], options };
  askAfter();
}

function showForm() {
  const filter = filters.get(steps[current].filter);
  $("filter").value = filter.name;
  $("summary").textContent = filter.summary;
  showFields(filter, steps[current].options, () => server.pictures, changed, openSecond);
}

function showChain() {
  const items = steps.map((step, n) => {
    const item = document.createElement("li");
    const choose = document.createElement("button");
    choose.type = "button";
    choose.append(`${n + 1}. ${step.filter.replaceAll("_", " ")}`, document.createElement("small"));
    choose.setAttribute("aria-current", String(n === current));
    choose.addEventListener("click", () => select(n));
    item.append(choose);
    if (steps.length > 1) {
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `Remove step ${n + 1}, ${step.filter}`);
      remove.addEventListener("click", () => {
        steps.splice(n, 1);
        select(Math.min(current, steps.length - 1));
        $("chain").querySelector("[aria-current=true]").focus();
        askAfter();
      });
      item.append(remove);
    }
    return item;
  });
  $("chain").replaceChildren(...items);
  $("add").disabled = steps.length >= server.most_steps;
}

function select(n) {
  current = n;
  showChain();
  showForm();
  askAfter();
}

function askAfter() {
  if (!errorOfFilter) showError(null); // the user goes on after an error about a file
  if (picture) feeds.after.ask();
}

function chooseFilter(name) {
  steps[current] = { filter: name, options: startOptions(filters.get(name)) };
  showChain();
  showForm();
  askAfter();
}

/** Use a picture that the server has opened. */
function use(opened) {
  picture = opened;
  remember(opened);
  $("picture").textContent = `${opened.name}: ${opened.width} × ${opened.height}, ${opened.type}. ${opened.notice}`;
  $("empty").hidden = true;
  showError(null);
  stage.open(opened.width, opened.height);
}

function remember(opened) {
  server.pictures = [...server.pictures.filter((p) => p.key !== opened.key), opened];
}

/** Use the picture of an answer, unless another one was asked for meanwhile. */
async function openAnswer(answer, name) {
  const number = ++openings;
  $("picture").textContent = `Opening ${name}…`;
  try {
    const opened = await answer;
    if (number === openings) use(opened);
    else remember(opened);
  } catch (error) {
    const shown = picture ? `${picture.name}: ${picture.width} × ${picture.height}` : "";
    if (number === openings) $("picture").textContent = shown;
    showError(error);
  }
}

function openFile(file) {
  $("sample").value = "";
  openAnswer(api.upload(file, server.most_bytes), file.name);
}

/** Open a picture for an option, for example a guide. */
async function openSecond(file) {
  try {
    const opened = await api.upload(file, server.most_bytes);
    remember(opened);
    return opened;
  } catch (error) {
    showError(error);
    return null;
  }
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function copy(name) {
  const text = $(name).textContent;
  try {
    await navigator.clipboard.writeText(text);
    $("copied").textContent = `Copied: ${name}`;
  } catch {
    getSelection().selectAllChildren($(name));
    $("copied").textContent = "The text is selected. Copy it with the keyboard.";
  }
}

function listen() {
  $("file").addEventListener("change", () => {
    if ($("file").files.length) openFile($("file").files[0]);
    $("file").value = "";
  });
  $("sample").addEventListener("change", () => {
    const name = $("sample").value;
    if (name) openAnswer(api.sample(name), name);
  });
  $("filter").addEventListener("change", () => chooseFilter($("filter").value));
  $("reset").addEventListener("click", () => chooseFilter(steps[current].filter));
  $("add").addEventListener("click", () => {
    steps.splice(current + 1, 0, { filter: FIRST, options: {} });
    select(current + 1);
    $("filter").focus();
  });
  $("form").addEventListener("submit", (event) => event.preventDefault());
  for (const radio of document.querySelectorAll("[name=show]")) {
    radio.addEventListener("change", () => { stage.show = radio.value; stage.draw(); });
  }
  $("split").addEventListener("input", () => { stage.split = $("split").value / 100; stage.draw(); });
  $("stretch").addEventListener("change", () => stage.changed());
  $("zoom-in").addEventListener("click", () => stage.zoomBy(1));
  $("zoom-out").addEventListener("click", () => stage.zoomBy(-1));
  $("zoom-fit").addEventListener("click", () => stage.size && stage.fit());
  $("zoom-one").addEventListener("click", () => stage.zoomTo(1));
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy(button.dataset.copy));
  }
  for (const button of document.querySelectorAll("[data-save]")) {
    button.addEventListener("click", async () => {
      if (!picture) return;
      const format = button.dataset.save;
      try {
        const asked = { picture: picture.key, steps, format, stretch: $("stretch").checked };
        download(await api.save(asked), `result${format}`);
      } catch (error) {
        showError(error);
      }
    });
  }
  $("save-toml").addEventListener("click", () => {
    download(new Blob([$("toml").textContent], { type: "application/toml" }), "steps.toml");
  });
  addEventListener("dragover", (event) => { event.preventDefault(); $("stage").classList.add("over"); });
  addEventListener("dragleave", () => $("stage").classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    $("stage").classList.remove("over");
    if (event.dataTransfer.files.length) openFile(event.dataTransfer.files[0]);
  });
}

async function start() {
  try {
    server = await api.state();
  } catch (error) {
    showError(error);
    return;
  }
  filters = new Map(server.families.flatMap((family) => family.filters.map((filter) => [filter.name, filter])));
  fillFilters($("filter"), server.families);
  for (const name of server.samples) $("sample").append(new Option(name, name));
  steps = [{ filter: FIRST, options: {} }];
  showChain();
  showForm();
  listen();
  if (server.pictures.length) use(server.pictures.at(-1));
  document.body.dataset.ready = "true";
}

start();
