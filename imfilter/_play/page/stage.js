// The picture before and after: where it is on the screen, zoom, movement and the split.

const ZOOMS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32];

export class Stage {
  /** `moved` is called when another part of the picture is visible. */
  constructor(canvas, moved, hovered) {
    this.canvas = canvas;
    this.moved = moved;
    this.hovered = hovered;
    this.size = null; // columns and rows of the picture
    this.scale = null; // screen pixels per pixel of the picture; null: it fits
    this.centre = [0.5, 0.5];
    this.split = 0.5;
    this.show = "split";
    this.sides = { before: null, after: null };
    new ResizeObserver(() => this.resized()).observe(canvas);
    this.listen();
  }

  open(columns, rows) {
    this.size = [columns, rows];
    this.sides = { before: null, after: null };
    this.fit();
  }

  /** Show an answer of the server on a side. */
  put(side, answer) {
    const layer = new OffscreenCanvas(answer.width, answer.height);
    layer.getContext("2d").putImageData(answer.pixels, 0, 0);
    const [left, top, right, bottom] = answer.rectangle;
    const [columns, rows] = answer.size;
    const part = [left / columns, top / rows, right / columns, bottom / rows];
    const step = (right - left) / answer.width;
    this.sides[side] = { layer, part, step, pixels: answer.pixels };
    this.draw();
  }

  resized() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.canvas;
    this.canvas.width = Math.max(1, Math.round(clientWidth * ratio));
    this.canvas.height = Math.max(1, Math.round(clientHeight * ratio));
    this.changed();
  }

  fitScale() {
    const [columns, rows] = this.size;
    return Math.min(this.canvas.width / columns, this.canvas.height / rows);
  }

  factor() {
    return this.scale ?? this.fitScale();
  }

  fit() {
    this.scale = null;
    this.centre = [0.5, 0.5];
    this.changed();
  }

  /** Zoom so that the point at a place of the canvas stays there. */
  zoomTo(scale, at = [this.canvas.width / 2, this.canvas.height / 2]) {
    if (!this.size) return;
    const before = this.toPicture(at);
    this.scale = Math.min(Math.max(scale, Math.min(this.fitScale(), ZOOMS[0])), ZOOMS.at(-1));
    const after = this.toPicture(at);
    this.centre = this.centre.map((c, i) => c + (before[i] - after[i]));
    this.changed();
  }

  zoomBy(direction, at) {
    if (!this.size) return;
    const now = this.factor();
    const next = direction > 0 ? ZOOMS.find((z) => z > now * 1.01) : ZOOMS.findLast((z) => z < now / 1.01);
    if (direction < 0 && (next === undefined || next < this.fitScale())) this.fit();
    else this.zoomTo(next ?? ZOOMS.at(-1), at);
  }

  move(columns, rows) {
    if (!this.size) return;
    const shares = [columns / (this.size[0] * this.factor()), rows / (this.size[1] * this.factor())];
    this.centre = this.centre.map((c, i) => c + shares[i]);
    this.changed();
  }

  changed() {
    if (!this.size) return;
    // The picture stays in view: its centre is not beyond its border.
    const visible = [this.canvas.width, this.canvas.height].map((n, i) => n / (this.size[i] * this.factor()));
    this.centre = this.centre.map((c, i) => (visible[i] >= 1 ? 0.5 : Math.min(Math.max(c, visible[i] / 2), 1 - visible[i] / 2)));
    this.draw();
    this.moved();
  }

  /** Where the picture begins on the canvas. */
  origin() {
    const scale = this.factor();
    return [this.canvas.width, this.canvas.height].map((n, i) => Math.round(n / 2 - this.centre[i] * this.size[i] * scale));
  }

  toPicture(at) {
    const origin = this.origin();
    return at.map((n, i) => (n - origin[i]) / (this.size[i] * this.factor()));
  }

  /** The visible part as shares of the picture, and its size on the screen. */
  view() {
    const ends = [this.toPicture([0, 0]), this.toPicture([this.canvas.width, this.canvas.height])];
    const [left, top] = ends[0].map((n) => Math.max(0, n));
    const [right, bottom] = ends[1].map((n) => Math.min(1, n));
    const scale = this.factor();
    const size = [Math.ceil((right - left) * this.size[0] * scale), Math.ceil((bottom - top) * this.size[1] * scale)];
    return { view: [left, top, right, bottom], size: size.map((n) => Math.max(1, n)) };
  }

  draw() {
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!this.size) return;
    const line = Math.round(this.canvas.width * this.split);
    if (this.show !== "after") this.drawSide(context, "before", 0, this.show === "split" ? line : this.canvas.width);
    if (this.show !== "before") this.drawSide(context, "after", this.show === "split" ? line : 0, this.canvas.width);
    if (this.show === "split") this.drawLine(context, line);
  }

  drawSide(context, side, from, to) {
    const shown = this.sides[side];
    if (!shown || to <= from) return;
    const origin = this.origin();
    const scale = this.factor();
    const [left, top, right, bottom] = shown.part.map((share, i) => origin[i % 2] + share * this.size[i % 2] * scale);
    context.save();
    context.beginPath();
    context.rect(from, 0, to - from, this.canvas.height);
    context.clip();
    context.imageSmoothingEnabled = shown.step > 1.01 || scale < 1;
    context.drawImage(shown.layer, left, top, right - left, bottom - top);
    context.restore();
  }

  drawLine(context, line) {
    const ratio = window.devicePixelRatio || 1;
    context.fillStyle = "#000a";
    context.fillRect(line - 2 * ratio, 0, 4 * ratio, this.canvas.height);
    context.fillStyle = "#fff";
    context.fillRect(line - ratio, 0, 2 * ratio, this.canvas.height);
    context.font = `${13 * ratio}px system-ui, sans-serif`;
    for (const [text, align, x] of [["before", "right", line - 8 * ratio], ["after", "left", line + 8 * ratio]]) {
      context.textAlign = align;
      context.lineWidth = 3 * ratio;
      context.strokeStyle = "#000c";
      context.strokeText(text, x, 18 * ratio);
      context.fillText(text, x, 18 * ratio);
    }
  }

  /** The shown bytes of a side at a place of the picture, or null. */
  valueAt(side, place) {
    const shown = this.sides[side];
    if (!shown) return null;
    const [left, top, right, bottom] = shown.part;
    const x = Math.floor(((place[0] - left) / (right - left)) * shown.pixels.width);
    const y = Math.floor(((place[1] - top) / (bottom - top)) * shown.pixels.height);
    if (x < 0 || y < 0 || x >= shown.pixels.width || y >= shown.pixels.height) return null;
    return [...shown.pixels.data.slice(4 * (y * shown.pixels.width + x), 4 * (y * shown.pixels.width + x) + 3)];
  }

  listen() {
    const at = (event) => {
      const box = this.canvas.getBoundingClientRect();
      const ratio = this.canvas.width / box.width;
      return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
    };
    let held = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      if (!this.size || event.button) return;
      const place = at(event);
      const near = Math.abs(place[0] - this.canvas.width * this.split) < 10 * (window.devicePixelRatio || 1);
      held = { split: this.show === "split" && near, place };
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      const place = at(event);
      if (held?.split) this.setSplit(place[0] / this.canvas.width);
      else if (held) {
        this.move(held.place[0] - place[0], held.place[1] - place[1]);
        held.place = place;
      }
      if (this.size) this.hovered(this.toPicture(place));
    });
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => (held = null));
    this.canvas.addEventListener("wheel", (event) => {
      if (!this.size) return;
      event.preventDefault();
      this.zoomTo(this.factor() * 1.2 ** (event.deltaY < 0 ? 1 : -1), at(event));
    }, { passive: false });
    this.canvas.addEventListener("keydown", (event) => this.pressed(event));
  }

  setSplit(share) {
    this.split = Math.min(Math.max(share, 0), 1);
    document.getElementById("split").value = Math.round(100 * this.split);
    this.draw();
  }

  pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const far = this.canvas.width / 8;
    const actions = {
      ArrowLeft: () => this.move(-far, 0), ArrowRight: () => this.move(far, 0),
      ArrowUp: () => this.move(0, -far), ArrowDown: () => this.move(0, far),
      "+": () => this.zoomBy(1), "=": () => this.zoomBy(1), "-": () => this.zoomBy(-1),
      0: () => this.fit(), 1: () => this.zoomTo(1),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }
}
