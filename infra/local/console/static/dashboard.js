// The dashboard's widgets, drawn again every few seconds while the page is looked at.
"use strict";

const POLL_MS = 4000;
const widgets = document.getElementById("widgets");
const alarms = document.getElementById("alarms");
const scheme = matchMedia("(prefers-color-scheme: dark)");
const charts = new Map();
let latestDashboard = null;

/** Return a widget's place, made on first sight. */
function placeOf(title) {
  if (!charts.has(title)) {
    const chart = make("div", { class: "chart", role: "img", "aria-label": title });
    const note = make("p", { class: "quiet" });
    const about = make("p", { class: "quiet values" });
    widgets.append(make("article", { class: "widget" }, make("h3", {}, title), chart, about, note));
    charts.set(title, { chart, note, about });
  }
  return charts.get(title);
}

function drawWidget(widget) {
  const { chart, note, about } = placeOf(widget.title);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const traces = widget.lines.map((line) => ({
    x: line.times.map((time) => new Date(time)), y: line.values, name: line.label,
    type: "scatter", mode: "lines+markers", connectgaps: false, line: line.color ? { color: line.color } : {},
  }));
  const shapes = widget.limits.map((limit) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: limit.value, y1: limit.value, line: { dash: "dot", color: colour("quiet") } }));
  const annotations = widget.limits.map((limit) => ({ xref: "paper", x: 1, y: limit.value, text: limit.label, showarrow: false, yshift: 8, xanchor: "right" }));
  const layout = {
    margin: { l: 60, r: 15, t: 10, b: 30 }, paper_bgcolor: "transparent", plot_bgcolor: "transparent",
    font: { color: colour("ink"), size: 11 }, shapes, annotations, showlegend: true,
    legend: { orientation: "h", y: -0.15 },
    xaxis: { gridcolor: colour("line"), type: "date" },
    yaxis: { gridcolor: colour("line"), title: { text: widget.unit }, rangemode: "tozero", range: widget.maximum === null ? undefined : [widget.minimum ?? 0, widget.maximum] },
  };
  Plotly.react(chart, traces, layout, { displayModeBar: false, responsive: true });
  const newest = widget.lines.map((line) => [line.label, line.values.at(-1)]).filter(([, value]) => value !== null);
  about.textContent = newest.length ? `Now: ${newest.map(([label, value]) => `${label} ${number(value)}`).join("; ")}` : "No data yet.";
  note.textContent = widget.notes.length ? `Not measured on this machine. ${widget.notes.join(". ")}.` : "";
}

function drawAlarms(states) {
  const before = new Map([...alarms.children].map((item) => [item.dataset.name, item.dataset.state]));
  if (states.length === before.size && states.every((item) => before.get(item.name) === item.state)) return;
  alarms.replaceChildren(...states.map((item) =>
    make("li", { "data-name": item.name, "data-state": item.state, title: item.about }, `${item.name}: ${item.state}`)));
}

function draw() {
  if (!latestDashboard) return;
  drawAlarms(latestDashboard.alarms);
  for (const widget of latestDashboard.widgets) drawWidget(widget);
}

async function poll() {
  try {
    if (!document.hidden) {
      const answer = await fetch("/dashboard.json");
      if (answer.ok) {
        latestDashboard = await answer.json();
        draw();
      }
    }
  } catch { /* the server may have ended; the next turn tells */ }
  setTimeout(poll, POLL_MS);
}

scheme.addEventListener("change", draw);
poll();
