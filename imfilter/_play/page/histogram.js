// The histogram of the pixels that are shown.

const BINS = 256;

function counted(pixels) {
  const counts = [new Uint32Array(BINS), new Uint32Array(BINS), new Uint32Array(BINS)];
  const data = pixels.data;
  for (let i = 0; i < data.length; i += 4) {
    counts[0][data[i]]++;
    counts[1][data[i + 1]]++;
    counts[2][data[i + 2]]++;
  }
  return counts;
}

function isGrey(pixels) {
  const data = pixels.data;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  }
  return true;
}

/** Draw the histogram of pixels on a canvas, and describe it in words. */
export function drawHistogram(canvas, pixels) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!pixels) return;
  const counts = counted(pixels);
  const grey = isGrey(pixels);
  const style = getComputedStyle(document.body);
  const colours = grey ? [style.color] : ["#d7373f", "#2d9d50", "#2f7ae5"];
  // A few bins with flat areas would hide the others: the tallest bin shown is the 99th percentile.
  const all = counts.flatMap((list) => [...list]).sort((a, b) => a - b);
  const top = Math.max(1, all[Math.floor(all.length * 0.99)]);
  context.globalAlpha = grey ? 0.8 : 0.55;
  colours.forEach((colour, channel) => {
    context.fillStyle = colour;
    counts[channel].forEach((count, value) => {
      const height = Math.min(1, count / top) * canvas.height;
      context.fillRect(value, canvas.height - height, 1, height);
    });
  });
  context.globalAlpha = 1;
  const total = pixels.data.length / 4;
  let sum = 0;
  counts[1].forEach((count, value) => (sum += count * value));
  const side = canvas.id.endsWith("before") ? "before" : "after";
  const channel = grey ? "" : " of green";
  const mean = (sum / total).toFixed(1);
  canvas.setAttribute("aria-label", `Histogram of what is shown ${side}. The mean${channel} is ${mean} of 255.`);
}
