"use strict";

const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const RECORDED_SECONDS = 4;

/** The facts of /v1/run, and the state of the page. */
const state = { run: null, file: null, url: null, stream: null, call: 0, explanation: null };

/** Return a new element with a class and a text; text is never read as HTML. */
function element(name, className = "", text = "") {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function svgElement(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

const percent = (share) => `${share >= 0.001 || share === 0 ? (100 * share).toFixed(1) : (100 * share).toPrecision(2)} %`;
const seconds = (time) => `${time.toFixed(1)} s`;
const isClip = () => state.run.media_types.includes("video/*");

function setStatus(text, busy = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("busy", busy);
}

function showProblem(message, canRetry = false) {
  setStatus("");
  byId("message").textContent = message;
  byId("retry").hidden = !canRetry;
  byId("problem").hidden = false;
}

/** Return the answer of a route as an object; an Error has the sentence of the server. */
async function request(route, options = {}) {
  let answer;
  try {
    answer = await fetch(route, options);
  } catch {
    throw Object.assign(new Error("The server cannot be reached."), { canRetry: true });
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  const sentence = body.error || `The server answered with the status ${answer.status}.`;
  throw Object.assign(new Error(sentence), { canRetry: answer.status >= 500 });
}

function post(route, query) {
  const form = new FormData();
  form.append("file", state.file, state.file.name);
  const text = new URLSearchParams(query).toString();
  return request(text ? `${route}?${text}` : route, { method: "POST", body: form });
}

/* ---- input ---- */

async function start() {
  try {
    state.run = await request("v1/run");
  } catch (error) {
    setStatus(`${error.message} The page tries again.`, true);
    setTimeout(start, 1000);
    return;
  }
  const verb = state.run.verb[0].toUpperCase() + state.run.verb.slice(1);
  const noun = isClip() ? "a clip" : state.run.noun === "image" ? "an image" : `a ${state.run.noun}`;
  byId("title").textContent = `${verb} ${noun}`;
  document.title = `${verb} ${noun} – ${state.run.name}`;
  byId("about").textContent = `Run ${state.run.name}, lrcn_seq ${state.run.version}. Files go to this server only and are not kept.`;
  const megabytes = Math.floor(state.run.limits.max_bytes / 2 ** 20);
  byId("hint").textContent = `Drop ${noun} here or paste it (at most ${megabytes} MB).`;
  byId("file").accept = state.run.media_types.join(",");
  byId("take").textContent = isClip() ? `Record ${RECORDED_SECONDS} seconds` : "Take a picture";
  byId("camera").hidden = !navigator.mediaDevices || !state.run.media_types.includes("image/*");
  byId("input").hidden = false;
  setStatus("");
}

function listen() {
  byId("file").addEventListener("change", (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) predict(file);
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    byId("drop").classList.add("over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) byId("drop").classList.remove("over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    byId("drop").classList.remove("over");
    takeTransfer(event.dataTransfer);
  });
  addEventListener("paste", (event) => takeTransfer(event.clipboardData));
  byId("retry").addEventListener("click", () => predict(state.file));
  byId("camera").addEventListener("click", openCamera);
  byId("take").addEventListener("click", useCamera);
  byId("close").addEventListener("click", closeCamera);
  byId("moment").addEventListener("input", () => showMoment(true));
}

/** Predict the file of a drop or a paste. */
function takeTransfer(transfer) {
  if (!state.run || !transfer) return;
  const [file] = transfer.files;
  if (file) predict(file);
  else showProblem("Expected a file. Received: text; addresses are not loaded, so drop or paste the file itself.");
}

async function openCamera() {
  try {
    state.stream = await navigator.mediaDevices.getUserMedia({ video: true });
  } catch (error) {
    showProblem(`The camera cannot be used (${error.name}). Allow it in the browser, or choose a file.`);
    return;
  }
  byId("live").srcObject = state.stream;
  await byId("live").play();
  byId("viewfinder").hidden = false;
  byId("drop").hidden = true;
  byId("take").focus();
}

function closeCamera() {
  for (const track of state.stream ? state.stream.getTracks() : []) track.stop();
  state.stream = null;
  byId("viewfinder").hidden = true;
  byId("drop").hidden = false;
  byId("camera").focus();
}

async function useCamera() {
  byId("take").disabled = true;
  const file = await (isClip() ? recordClip() : takePicture());
  byId("take").disabled = false;
  closeCamera();
  predict(file);
}

async function takePicture() {
  const video = byId("live");
  const canvas = element("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
  return new File([blob], "camera.jpg", { type: "image/jpeg" });
}

async function recordClip() {
  setStatus(`Recording ${RECORDED_SECONDS} seconds…`, true);
  const recorder = new MediaRecorder(state.stream);
  const parts = [];
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve));
  recorder.start();
  setTimeout(() => recorder.stop(), 1000 * RECORDED_SECONDS);
  await stopped;
  const type = recorder.mimeType.split(";")[0];
  return new File(parts, `camera.${type.split("/")[1]}`, { type });
}

/* ---- prediction ---- */

async function predict(file) {
  const call = ++state.call;
  state.file = file;
  state.explanation = null;
  byId("problem").hidden = true;
  byId("result").hidden = true;
  if (file.size > state.run.limits.max_bytes) {
    showProblem(`Expected at most ${state.run.limits.max_bytes} bytes. Received: ${file.size} bytes; choose a smaller file.`);
    return;
  }
  setStatus(`${file.name} is being read…`, true);
  try {
    const answer = await post("v1/predict", state.run.example_options);
    if (call === state.call) showResult(answer);
  } catch (error) {
    if (call === state.call) showProblem(error.message, error.canRetry);
  }
}

function showResult(answer) {
  const [row] = answer.results;
  setStatus("");
  byId("result-title").textContent = `Result for ${state.file.name}`;
  for (const id of ["explained", "strip", "timeline"]) byId(id).hidden = true;
  showPreview();
  byId("choices").replaceChildren(...choices(row));
  if (row.frames && row.times) showTimeline(answer.classes, row);
  byId("result").hidden = false;
  byId("result").focus();
  const first = byId("choices").querySelector("button");
  if (first) first.click();
}

/** Show the file itself, as an image or a video. */
function showPreview() {
  if (state.url) URL.revokeObjectURL(state.url);
  state.url = URL.createObjectURL(state.file);
  const isVideo = state.file.type.startsWith("video/");
  const preview = element(isVideo ? "video" : "img");
  if (isVideo) {
    preview.controls = true;
    preview.muted = true;
    preview.setAttribute("aria-label", state.file.name);
  } else {
    preview.alt = state.file.name;
  }
  preview.addEventListener("error", () => {
    byId("caption").textContent = "The browser cannot show this file.";
  });
  byId("caption").textContent = "";
  preview.src = state.url;
  byId("stage").replaceChildren(preview);
}

/** Return one list item per caption, label or other entry of a result. */
function choices(row) {
  if (row.captions) {
    const shares = row.captions.map((one) => Math.exp(one.log_probability));
    const largest = Math.max(...shares) || 1;
    return row.captions.map((one, index) => choice(one.text, shares[index], shares[index] / largest));
  }
  if (row.labels) return row.labels.map((one) => choice(one.label, one.probability));
  const { file, ...rest } = row;
  const item = element("li");
  item.append(element("code", "", JSON.stringify(rest)));
  return [item];
}

/** Return a list item with a text, its probability, and a bar of a length from 0 to 1. */
function choice(text, share, length = share) {
  const button = element("button", "choice");
  button.type = "button";
  button.setAttribute("aria-pressed", "false");
  const bar = element("span", "bar");
  const fill = element("i");
  fill.style.width = `${100 * length}%`;
  bar.append(fill);
  button.append(element("span", "text", text), element("span", "share", percent(share)), bar);
  button.addEventListener("click", () => explain(button, text));
  const item = element("li");
  item.append(button);
  return item;
}

/* ---- explanation ---- */

async function explain(button, target) {
  for (const other of document.querySelectorAll(".choice")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  const call = ++state.call;
  clearOverlay();
  state.explanation = null;
  byId("words").replaceChildren();
  byId("explained").hidden = false;
  byId("explained-title").textContent = "Where the network looked";
  byId("looked").textContent = "The overlay is being computed…";
  let explanation;
  try {
    explanation = await post("v1/explain", { target });
  } catch (error) {
    if (call === state.call) byId("looked").textContent = `There is no overlay: ${error.message}`;
    return;
  }
  if (call === state.call) showExplanation(explanation);
}

function showExplanation(explanation) {
  state.explanation = explanation;
  const isAttention = explanation.overlay === "attention";
  byId("explained-title").textContent = isAttention
    ? "Where the decoder looked at each word (attention)"
    : "Where the evidence lies (Grad-CAM)";
  byId("looked").textContent = "Point at a word, or move with Tab and the arrow keys.";
  const words = explanation.words.map((word, index) => wordButton(word, index));
  words.forEach((button, index) => {
    button.tabIndex = index ? -1 : 0;
  });
  byId("words").replaceChildren(...words);
  byId("words").onkeydown = (event) => moveFocus(event, words);
  byId("words").onpointerleave = () => clearOverlay();
  if (explanation.frames.length > 1) showStrip(explanation);
  if (words.length === 1) showOverlay(0);
}

function wordButton(word, index) {
  const button = element("button", "word", word);
  button.type = "button";
  button.setAttribute("aria-label", `${word}, ${place(index)}`);
  const show = () => showOverlay(index);
  button.addEventListener("pointerenter", show);
  button.addEventListener("focus", show);
  button.addEventListener("click", show);
  button.addEventListener("blur", clearOverlay);
  return button;
}

/** Move the focus among the words with the arrow keys, Home and End. */
function moveFocus(event, words) {
  const current = words.indexOf(document.activeElement);
  const next = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: words.length - 1 }[event.key];
  if (next === undefined || !words[next]) return;
  event.preventDefault();
  words.forEach((button, index) => {
    button.tabIndex = index === next ? 0 : -1;
  });
  words[next].focus();
}

/** Return in words where the overlay of a word has its largest weight. */
function place(index) {
  const { peaks, times } = state.explanation;
  const [step, x, y] = peaks[index];
  const vertical = ["top", "middle", "bottom"][Math.min(2, Math.floor(3 * y))];
  const horizontal = ["left", "center", "right"][Math.min(2, Math.floor(3 * x))];
  const when = times.length ? ` at ${seconds(times[step])}` : "";
  return `most weight at the ${vertical} ${horizontal}${when}`;
}

function showOverlay(index) {
  clearOverlay();
  const { words, overlays, frames } = state.explanation;
  byId("words").children[index].classList.add("active");
  byId("looked").textContent = `“${words[index]}”: ${place(index)}.`;
  if (frames.length > 1) {
    byId("strip").querySelectorAll("figure > div").forEach((box, step) => {
      const overlay = element("img", "overlay");
      overlay.alt = "";
      overlay.src = overlays[index][step];
      box.append(overlay);
    });
    return;
  }
  const whole = state.run.sees_whole_frames;
  const layer = element("div", whole ? "layer clear" : "layer");
  for (const source of whole ? [overlays[index][0]] : [frames[0], overlays[index][0]]) {
    const image = element("img");
    image.alt = "";
    image.src = source;
    layer.append(image);
  }
  byId("stage").append(layer);
  byId("caption").textContent = `Overlay of “${words[index]}”`;
}

function clearOverlay() {
  for (const node of document.querySelectorAll(".layer, #strip .overlay")) node.remove();
  for (const node of document.querySelectorAll(".word.active")) node.classList.remove("active");
  if (state.explanation) byId("caption").textContent = "";
}

/** Show the frames of a clip that the explanation is about. */
function showStrip(explanation) {
  const figures = explanation.frames.map((frame, step) => {
    const figure = element("figure");
    const box = element("div");
    const image = element("img");
    image.src = frame;
    image.alt = explanation.times.length ? `Frame at ${seconds(explanation.times[step])}` : `Frame ${step + 1}`;
    box.append(image);
    figure.append(box);
    if (explanation.times.length) figure.append(element("figcaption", "", seconds(explanation.times[step])));
    return figure;
  });
  byId("strip").replaceChildren(...figures);
  byId("strip").hidden = false;
}

/* ---- labels over time ---- */

function showTimeline(classes, row) {
  const shown = row.labels.map((one) => one.label);
  const series = shown.map((label) => row.frames.map((frame) => frame[classes.indexOf(label)]));
  byId("timeline").hidden = false;
  byId("result").hidden = false;
  const width = Math.max(280, byId("chart").clientWidth);
  state.timeline = { shown, series, times: row.times, width };
  byId("chart").replaceChildren(lineChart(series, row.times, width), legend(shown));
  byId("moment").max = row.times.length - 1;
  byId("moment").value = 0;
  byId("segments").replaceChildren(...segments(classes, row).map(segmentItem));
  showMoment(false);
}

const HEIGHT = 180;
const LEFT = 34;
const BOTTOM = 22;

const chartX = (time, times, width) =>
  LEFT + ((width - LEFT - 8) * (time - times[0])) / Math.max(times[times.length - 1] - times[0], 1e-9);
const chartY = (share) => 8 + (HEIGHT - BOTTOM - 8) * (1 - share);

function lineChart(series, times, width) {
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" });
  for (const share of [0, 0.5, 1]) {
    const y = chartY(share);
    svg.append(svgElement("line", { class: "axis", x1: LEFT, x2: width - 8, y1: y, y2: y }));
    const text = svgElement("text", { x: LEFT - 5, y: y + 4, "text-anchor": "end" });
    text.textContent = `${100 * share}%`;
    svg.append(text);
  }
  const last = times[times.length - 1];
  for (const time of [times[0], (times[0] + last) / 2, last]) {
    const text = svgElement("text", { x: chartX(time, times, width), y: HEIGHT - 6, "text-anchor": time === last ? "end" : "middle" });
    text.textContent = seconds(time);
    svg.append(text);
  }
  series.forEach((values, index) => {
    const points = values.map((share, step) => `${chartX(times[step], times, width).toFixed(1)},${chartY(share).toFixed(1)}`);
    svg.append(svgElement("polyline", { class: `line k${index % 5}`, points: points.join(" ") }));
  });
  svg.append(svgElement("line", { class: "cursor", id: "cursor", x1: LEFT, x2: LEFT, y1: 8, y2: HEIGHT - BOTTOM }));
  const follow = (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width;
    const distances = times.map((time) => Math.abs(chartX(time, times, width) - x));
    byId("moment").value = distances.indexOf(Math.min(...distances));
    showMoment(true);
  };
  svg.addEventListener("pointermove", follow);
  svg.addEventListener("pointerdown", follow);
  return svg;
}

function legend(labels) {
  const list = element("ul");
  labels.forEach((label, index) => {
    const item = element("li", "", "");
    const key = svgElement("svg", { viewBox: "0 0 28 8", "aria-hidden": "true" });
    key.append(svgElement("line", { class: `line k${index % 5}`, x1: 0, x2: 28, y1: 4, y2: 4 }));
    item.append(key, label);
    list.append(item);
  });
  return list;
}

/** Return the intervals in which one label is the most probable. */
function segments(classes, row) {
  const best = row.frames.map((frame) => classes[frame.indexOf(Math.max(...frame))]);
  const found = [];
  best.forEach((label, step) => {
    const previous = found[found.length - 1];
    if (previous && previous.label === label) previous.end = row.times[step];
    else found.push({ label, start: row.times[step], end: row.times[step] });
  });
  return found;
}

function segmentItem(segment) {
  const item = element("li");
  item.append(element("span", "", `${seconds(segment.start)} – ${seconds(segment.end)}`), element("span", "", segment.label));
  return item;
}

/** Show the labels at the chosen time; with `seek`, move the video there. */
function showMoment(seek) {
  const { shown, series, times, width } = state.timeline;
  const step = Number(byId("moment").value);
  const order = shown.map((label, index) => [label, series[index][step]]).sort((a, b) => b[1] - a[1]);
  const reading = order.slice(0, 3).map(([label, share]) => `${label} ${percent(share)}`).join(", ");
  byId("reading").textContent = `${seconds(times[step])}: ${reading}`;
  byId("moment").setAttribute("aria-valuetext", byId("reading").textContent);
  const x = chartX(times[step], times, width);
  byId("cursor").setAttribute("x1", x);
  byId("cursor").setAttribute("x2", x);
  const video = byId("stage").querySelector("video");
  if (seek && video && Number.isFinite(video.duration)) video.currentTime = times[step];
}

listen();
start();
