// Requests to the server. All paths are relative, so they have the token of this page.

/** An error that the server told in one line. `step` is the number of the step from 0, or null. */
export class Told extends Error {
  constructor(message, step = null) {
    super(message);
    this.step = step;
  }
}

async function answered(request) {
  let response;
  try {
    response = await request;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Told("The server does not answer. Start imfilter play again, and open its new address.");
  }
  if (response.ok) return response;
  let told = null;
  try {
    told = await response.json();
  } catch {
    throw new Told(`The server refused the request (${response.status}).`);
  }
  throw new Told(told.error, told.step);
}

function post(name, value, signal) {
  const headers = { "content-type": "application/json" };
  return answered(fetch(`api/${name}`, { method: "POST", headers, body: JSON.stringify(value), signal }));
}

export async function state() {
  return (await answered(fetch("api/state"))).json();
}

export async function sample(name) {
  return (await post("sample", { name })).json();
}

/** Send a picture. A file that is too large is not sent. */
export async function upload(file, most) {
  if (file.size > most) {
    const limit = Math.floor(most / 2 ** 20);
    throw new Told(`${file.name}: has ${Math.ceil(file.size / 2 ** 20)} MB, and the limit is ${limit} MB`);
  }
  const headers = { "x-name": encodeURIComponent(file.name) };
  return (await answered(fetch("api/picture", { method: "POST", headers, body: file }))).json();
}

/** Ask for what a view shows. Return what is told and the pixels. */
export async function run(asked, signal) {
  const content = await (await post("run", asked, signal)).arrayBuffer();
  const length = new DataView(content).getUint32(0, true);
  const told = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 4, length)));
  const bytes = new Uint8ClampedArray(content, 4 + length);
  return { ...told, pixels: new ImageData(bytes, told.width, told.height) };
}

export async function words(asked, signal) {
  return (await post("words", asked, signal)).json();
}

export async function save(asked) {
  return (await post("save", asked)).blob();
}
