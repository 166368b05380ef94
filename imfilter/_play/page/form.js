// The fields of a filter. Their values are the texts of the command's options.

function made(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "for" || name === "list") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** Fill the list of filters. */
export function fillFilters(select, families) {
  for (const family of families) {
    const group = made("optgroup", { label: family.title });
    for (const filter of family.filters) {
      group.append(made("option", { value: filter.name, textContent: filter.name.replaceAll("_", " ") }));
    }
    select.append(group);
  }
}

/** The options that a filter has at the start. */
export function startOptions(filter) {
  return Object.fromEntries(filter.options.filter((o) => o.value !== "").map((o) => [o.name, o.value]));
}

/** Show the fields of a filter. `changed` is called with the name and the text of an option. */
export function showFields(filter, options, pictures, changed, open) {
  const places = { false: document.getElementById("fields"), true: document.getElementById("more-fields") };
  for (const place of Object.values(places)) place.replaceChildren();
  for (const option of filter.options) {
    const value = options[option.name] ?? "";
    places[option.more].append(field(option, value, pictures, changed, open));
  }
  document.getElementById("more").hidden = !filter.options.some((option) => option.more);
}

function field(option, value, pictures, changed, open) {
  const id = `option-${option.name}`;
  const note = option.widget === "check" || !option.default ? "" : ` Default: ${option.default}.`;
  const help = made("p", { id: `${id}-help`, className: "help", textContent: option.help + note });
  const label = made("label", { for: id, textContent: option.label });
  const common = { id, "aria-describedby": help.id };
  const tell = (text) => changed(option.name, text);
  switch (option.widget) {
    case "check": {
      const checked = value === "" ? option.on : value === "true";
      const box = made("input", { ...common, type: "checkbox", checked });
      box.addEventListener("change", () => tell(String(box.checked)));
      return made("div", { className: "field check" }, made("label", {}, box, option.label), help);
    }
    case "choice": {
      const first = made("option", { value: "", textContent: `${option.default || "default"} (default)` });
      const words = option.choices.filter((word) => word !== option.default);
      const select = made("select", common, first, ...words.map((word) => made("option", { value: word, textContent: word })));
      select.value = value;
      select.addEventListener("change", () => tell(select.value));
      return made("div", { className: "field" }, label, select, help);
    }
    case "picture":
      return pictureField(option, value, pictures, label, help, common, tell, open);
    case "slider":
      return sliderField(option, value, label, help, common, tell);
    default: {
      const box = made("input", { ...common, type: "text", value, placeholder: option.default, spellcheck: false });
      box.addEventListener("input", () => tell(box.value));
      return made("div", { className: "field" }, label, box, help);
    }
  }
}

/** A default that fits into the small box; the help has the whole one. */
function short(text) {
  return text.length <= 7 ? text : "auto";
}

function sliderField(option, value, label, help, common, tell) {
  const { min, max, step } = option;
  const slider = made("input", { ...common, type: "range" });
  Object.assign(slider, { min, max, step });
  const shown = (text) => {
    const number = Number.parseFloat(text);
    slider.value = Number.isNaN(number) ? option.start ?? min : number;
    slider.setAttribute("aria-valuetext", text || option.default || "default");
  };
  const box = made("input", {
    type: "text", value, placeholder: short(option.default), inputMode: "decimal", spellcheck: false,
    "aria-label": `${option.label}, as text`, "aria-describedby": help.id,
  });
  shown(value);
  slider.addEventListener("input", () => {
    box.value = slider.value;
    slider.setAttribute("aria-valuetext", slider.value);
    tell(slider.value);
  });
  box.addEventListener("input", () => {
    shown(box.value);
    tell(box.value);
  });
  return made("div", { className: "field" }, label, made("div", { className: "row" }, slider, box), help);
}

function pictureField(option, value, pictures, label, help, common, tell, open) {
  const select = made("select", common);
  const list = (chosen) => {
    select.replaceChildren(
      made("option", { value: "", textContent: option.required ? "choose" : "none" }),
      made("option", { value: "original", textContent: "the picture before step 1" }),
      ...pictures().map((p) => made("option", { value: p.key, textContent: p.name })),
    );
    select.value = chosen;
  };
  list(value);
  select.addEventListener("focus", () => list(select.value));
  let choices = 0; // the last one counts: a file may be opened after it
  select.addEventListener("change", () => {
    choices += 1;
    tell(select.value);
  });
  const file = made("input", { type: "file", className: "hidden", "aria-label": `Open a picture for ${option.label}` });
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    const number = ++choices;
    const picture = await open(file.files[0]);
    if (!picture || number !== choices || !select.isConnected) return; // the form of another step may be shown
    list(picture.key);
    tell(picture.key);
  });
  const button = made("label", { className: "button" }, "Open", file);
  return made("div", { className: "field" }, label, made("div", { className: "row" }, select, button), help);
}
