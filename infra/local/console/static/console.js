// The form, its answer, and the same request for a shell. No framework: the page is small.
"use strict";

const form = document.getElementById("ask");
const result = document.getElementById("result");
const { api, positive, task, unit } = document.body.dataset;
// By name in a map of our own: a feature may be called like a property of forms.
const controls = new Map([...document.querySelectorAll("#ask [data-kind]")].map((control) => [control.name, control]));
let asked = false;
let latest = 0;

/** Make an element; text is never parsed as HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Return a control's answer as the API wants it; undefined leaves the key out. */
function answerOf(control) {
  const open = control.tagName === "SELECT" ? control.selectedOptions[0]?.dataset.open : control.value.trim() === "";
  if (open) return control.dataset.absent === "true" ? undefined : null;
  switch (control.dataset.kind) {
    case "number":
    case "integer": return Number(control.value);
    case "boolean": return control.value === "true";
    default: return control.value;
  }
}

function instance() {
  const row = {};
  for (const [name, control] of controls) {
    const answer = answerOf(control);
    if (answer !== undefined) row[name] = answer;
  }
  return row;
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const number = (value) => Number(value.toPrecision(6)).toLocaleString("en");
const plain = (name) => name.replaceAll("_", " ");

/** Draw a probability beside the share that is usual. */
function drawProbability(prediction) {
  const parts = [
    make("p", { class: "headline", id: "headline" }, percent(prediction.probability)),
    make("p", {}, `is the probability of “${plain(positive || prediction.label)}”.`),
  ];
  const fill = make("div", { class: "fill" });
  fill.style.width = `${100 * prediction.probability}%`;
  const meter = make("div", { class: "meter", "aria-hidden": "true" }, fill);
  let words = `Most likely: ${plain(prediction.label)}.`;
  if (prediction.base_rate !== null) {
    const base = make("div", { class: "base" });
    base.style.left = `${100 * prediction.base_rate}%`;
    meter.append(base);
    const points = 100 * (prediction.probability - prediction.base_rate);
    words += ` In the training data: ${percent(prediction.base_rate)}; this answer is ${Math.abs(points).toFixed(1)} points ${points < 0 ? "below" : "above"}.`;
  }
  parts.push(meter, make("p", {}, words), drawTable("Class", "Probability", prediction.probabilities, percent));
  return parts;
}

function drawTable(first, second, entries, show) {
  const rows = Object.entries(entries).map(([name, value]) =>
    make("tr", {}, make("td", {}, plain(name)), make("td", { class: "number" }, show(value))));
  const head = make("thead", {}, make("tr", {}, make("th", { scope: "col" }, first), make("th", { scope: "col" }, second)));
  return make("table", {}, head, make("tbody", {}, ...rows));
}

function drawAnswer(prediction) {
  const parts = [];
  if (task === "classification") parts.push(...drawProbability(prediction));
  else {
    const headline = prediction.label === undefined ? `${number(prediction.value)} ${unit}`.trim() : plain(prediction.label);
    parts.push(make("p", { class: "headline", id: "headline" }, headline));
    if (prediction.label !== undefined && prediction.value !== undefined) parts.push(make("p", {}, `Decision value ${number(prediction.value)}`));
    if (prediction.values) parts.push(drawTable(task === "decision" ? "Class" : "Target", "Value", prediction.values, number));
    if (prediction.distances) parts.push(drawTable("Cluster", "Distance", prediction.distances, number));
  }
  if (prediction.advice.length) {
    const items = prediction.advice.map((piece) => {
      const [changed, show] = piece.probability === undefined ? [piece.value, number] : [piece.probability, percent];
      return make("li", {}, `${piece.text} `, make("span", { class: "quiet" }, `(${piece.feature}: ${piece.from} → ${piece.to}, then ${show(changed)})`));
    });
    parts.push(make("h3", {}, "Advice"), make("ul", { class: "advice" }, ...items));
  }
  result.replaceChildren(...parts);
}

/** Show a refusal at the questions it is about, and whatever is about none of them. */
function drawProblem(status, problem) {
  const rest = [];
  for (const { pointer, detail } of problem?.errors ?? []) {
    const name = pointer.split("/").at(-1).replaceAll("~1", "/").replaceAll("~0", "~");
    const control = controls.get(name);
    const place = control && document.getElementById(control.id.replace("q", "e"));
    if (place) {
      control.setAttribute("aria-invalid", "true");
      place.textContent = detail;
      place.hidden = false;
    } else rest.push(make("li", {}, `${pointer} ${detail}`));
  }
  result.replaceChildren(
    make("p", { class: "problem", id: "headline" }, `${status}: ${problem?.title ?? "no answer"}`),
    make("ul", { class: "problem" }, ...rest));
}

function clearProblems() {
  for (const control of controls.values()) {
    control.removeAttribute("aria-invalid");
    document.getElementById(control.id.replace("q", "e")).hidden = true;
  }
}

const quoted = (text) => `'${text.replaceAll("'", `'"'"'`)}'`;

async function ask() {
  asked = true;
  const turn = ++latest; // a slow answer must not overwrite a later one
  const body = JSON.stringify({ instances: [instance()] });
  let answer, text;
  try {
    answer = await fetch("/api/predictions", { method: "POST", headers: { "content-type": "application/json" }, body });
    text = await answer.text();
  } catch (error) {
    if (turn === latest) drawProblem("No connection", { title: String(error) });
    return;
  }
  if (turn !== latest) return;
  let parsed = null;
  try { parsed = JSON.parse(text); } catch { /* shown as it is */ }
  document.getElementById("request").textContent = JSON.stringify(JSON.parse(body), null, 1);
  document.getElementById("response").textContent = parsed ? JSON.stringify(parsed, null, 1) : text;
  document.getElementById("timing").textContent = `${answer.status} ${answer.headers.get("server-timing") ?? ""}`;
  document.getElementById("curl").textContent = `curl -sS ${quoted(`${api}/predictions`)} -H 'content-type: application/json' -d ${quoted(body)}`;
  clearProblems();
  if (answer.ok && parsed) drawAnswer(parsed.predictions[0]);
  else drawProblem(answer.status, parsed);
}

form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
form.addEventListener("change", () => { if (asked) ask(); });
form.addEventListener("reset", () => { if (asked) setTimeout(ask); });
document.getElementById("copy").addEventListener("click", async () => {
  const command = document.getElementById("curl").textContent;
  const copied = document.getElementById("copied");
  try {
    await navigator.clipboard.writeText(command);
    copied.textContent = "Copied.";
  } catch {
    copied.textContent = "The browser did not allow it; select the text instead.";
  }
});
