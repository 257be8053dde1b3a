"use strict";

// The page of `ashore open`: what is picked is asked for anew whenever the stretch that is seen changes.

const COLOURS = ["#1c2430", "#d1603d", "#1a7f37", "#8250df"];
const LINES = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b",
  "#e377c2", "#7f7f7f", "#bcbd22", "#17becf", "#393b79", "#637939"];
const LOGS = ["solid", "longdash", "longdashdot", "dashdot"]; // Line of each log, by Plotly's names.
const SIMULATORS = ["dot", "dash"];
const PATTERNS = { solid: "", longdash: "9 3", longdashdot: "9 3 2 3", dashdot: "5 3 2 3", dot: "2 3", dash: "5 3" };
const POINTS = 1500;
const LONGEST = 20; // Seconds of a stretch that simulators are asked for.
const QUIET = 150; // Milliseconds without a change before anything is asked for.

const at = (id) => document.getElementById(id);
const state = { logs: [], picked: new Map(), seen: [0, 1], whole: [0, 1], now: 0, playing: null };

async function ask(path, query = {}) {
  const answer = await fetch(`${path}?${new URLSearchParams(query)}`);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

function trouble(error) {
  at("trouble").textContent = error.message;
  at("trouble").hidden = false;
}

function element(kind, text = "", name = "") {
  const made = document.createElement(kind);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

function mark(dash, colour) {
  const made = element("span", "", "mark");
  made.innerHTML = `<svg width="30" height="6"><line x2="30" y1="3" y2="3" stroke="${colour}"
    stroke-width="2.5" stroke-dasharray="${PATTERNS[dash]}"/></svg>`;
  return made;
}

function colour(signal, index, number) {
  // A single curve has its log's colour, as its robot in 3-D; of several, each joint has one.
  return signal.labels.length === 1 ? COLOURS[index % COLOURS.length] : LINES[number % LINES.length];
}

function showLogs() {
  state.logs.forEach((log, index) => {
    const item = element("li");
    item.append(mark(LOGS[index % LOGS.length], COLOURS[index % COLOURS.length]), log.name, " ");
    const facts = [log.robot, log.kind, `${log.seconds.toFixed(1)} s`, log.created.slice(0, 16)];
    item.append(element("span", facts.filter(Boolean).join(", ")));
    at("logs").append(item);
  });
  state.logs[0].simulators.forEach((name, index) => {
    const item = element("li");
    item.append(mark(SIMULATORS[index % 2], COLOURS[0]), `${name} simulator`);
    item.append(element("span", ", put right every 0.5 s"));
    at("logs").append(item);
  });
}

function showSignals() {
  const groups = new Map();
  for (const log of state.logs) {
    for (const signal of log.signals) {
      const key = `${signal.topic} ${signal.name}`;
      if (!groups.has(signal.topic)) groups.set(signal.topic, new Map());
      groups.get(signal.topic).set(key, signal);
    }
  }
  for (const [topic, signals] of groups) {
    const group = element("div");
    group.append(element("h2", topic.slice(1)));
    for (const [key, signal] of signals) {
      const label = element("label");
      const box = element("input");
      box.type = "checkbox";
      box.dataset.key = key;
      box.addEventListener("change", () => (box.checked ? pick(key, signal) : drop(key)));
      label.dataset.words = `${topic} ${signal.name} ${signal.labels.join(" ")}`.toLowerCase();
      label.append(box, ` ${signal.name} `, element("span", signal.unit && `[${signal.unit}]`));
      group.append(label);
    }
    at("signals").append(group);
  }
}

function search() {
  const word = at("search").value.trim().toLowerCase();
  for (const label of document.querySelectorAll("#signals label")) {
    label.hidden = !label.dataset.words.includes(word);
    label.style.display = label.hidden ? "none" : "";
  }
}

function showEvents() {
  state.logs.forEach((log, index) => {
    for (const event of log.events) {
      const button = element("button", "", event.level);
      const whose = state.logs.length > 1 ? `${index + 1}: ` : "";
      button.textContent = `${whose}${event.time.toFixed(2)} s  ${event.kind}: ${event.text}`;
      button.addEventListener("click", () => look(event.time));
      const item = element("li");
      item.append(button);
      at("events").append(item);
      const mark = element("i", "", event.level);
      mark.style.left = `${(100 * event.time) / state.whole[1]}%`;
      at("marks").append(mark);
    }
  });
}

function shapes() {
  const line = (x, colour, width) => ({
    type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", line: { color: colour, width },
  });
  const grave = { warning: "#d29922", error: "#cf222e" };
  const events = state.logs.flatMap((log) => log.events)
    .filter((event) => grave[event.level])
    .map((event) => line(event.time, grave[event.level], 1));
  return [...events, line(state.now, "#1f6feb", 1.5)];
}

function pick(key, signal) {
  at("hint").hidden = true;
  const chart = element("div", "", "chart");
  chart.dataset.key = key;
  at("charts").append(chart);
  state.picked.set(key, { signal, chart });
  draw(key).catch(trouble);
}

function drop(key) {
  const { chart } = state.picked.get(key);
  Plotly.purge(chart);
  chart.remove();
  state.picked.delete(key);
  at("hint").hidden = state.picked.size > 0;
}

function traces(log, index, signal, found) {
  return found.columns.map((values, number) => ({
    x: found.time, y: values, mode: "lines", name: signal.labels[number] || `${number}`,
    legendgroup: `${number}`, showlegend: index === 0,
    line: { width: 1.4, dash: LOGS[index % LOGS.length], color: colour(signal, index, number) },
    hovertemplate: `%{y:.4g} ${signal.unit}<extra>${log.name}: ${signal.labels[number]}</extra>`,
    visible: number < 3 ? true : "legendonly",
  }));
}

function predictions(signal, found) {
  return Object.entries(found.columns).flatMap(([name, columns], index) =>
    columns.map((values, number) => ({
      x: found.time, y: values, mode: "lines", name: `${name}: ${signal.labels[number]}`,
      legendgroup: `${number}`, showlegend: false,
      line: { width: 1.1, dash: SIMULATORS[index % 2], color: colour(signal, 0, number) },
      hovertemplate: `%{y:.4g} ${signal.unit}<extra>${name}: ${signal.labels[number]}</extra>`,
      visible: number < 3 ? true : "legendonly",
    })));
}

function keepChoice(chart, lines) {
  const before = new Map((chart.data || []).map((line) => [line.legendgroup, line.visible]));
  for (const line of lines) {
    if (before.has(line.legendgroup)) line.visible = before.get(line.legendgroup);
  }
}

async function draw(key) {
  const { signal, chart } = state.picked.get(key);
  const [begin, end] = state.seen;
  const has = (log) => log.signals.some((other) => `${other.topic} ${other.name}` === key);
  const lines = [];
  let step = 1;
  for (const [index, log] of state.logs.entries()) {
    if (!has(log)) continue;
    const query = { log: index, topic: signal.topic, name: signal.name, begin, end, points: POINTS };
    const found = await ask("api/table", query);
    step = Math.max(step, found.step);
    lines.push(...traces(log, index, signal, found));
  }
  if (!state.picked.has(key)) return;
  keepChoice(chart, lines);
  const unit = signal.unit ? ` [${signal.unit}]` : "";
  const every = step > 1.5 ? `, 1 row of ${Math.round(step)}` : "";
  const foreseen = signal.predicted && state.logs[0].simulators.length;
  const hint = foreseen && end - begin > LONGEST ? `; look at ${LONGEST} s or less for the simulators` : "";
  const layout = {
    title: { text: `${signal.topic.slice(1)} ${signal.name}${unit}${every}${hint}`, font: { size: 12 } },
    margin: { l: 55, r: 10, t: 30, b: 28 }, shapes: shapes(), hovermode: "closest",
    xaxis: { range: [begin, end], title: { text: "" } }, yaxis: { automargin: true, zeroline: false },
    legend: { font: { size: 10 } }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
  };
  const first = !chart.data;
  await Plotly.react(chart, lines, layout, { responsive: true, displaylogo: false });
  if (first) {
    chart.on("plotly_relayout", (change) => zoomed(change));
    chart.on("plotly_click", (found) => look(found.points[0].x));
  }
  if (foreseen && end - begin <= LONGEST) {
    const query = { log: 0, name: signal.name, begin, end };
    const extra = predictions(signal, await ask("api/predicted", query));
    if (!state.picked.has(key) || state.seen[0] !== begin || state.seen[1] !== end) return;
    keepChoice(chart, extra);
    await Plotly.react(chart, [...lines, ...extra], layout);
  }
}

let waiting = null;
function see(begin, end) {
  state.seen = [begin, end];
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    for (const key of state.picked.keys()) draw(key).catch(trouble);
  }, QUIET);
}

function zoomed(change) {
  if (change["xaxis.autorange"]) return see(...state.whole);
  const [begin, end] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
  if (begin === undefined || (begin === state.seen[0] && end === state.seen[1])) return;
  see(Math.max(begin, 0), Math.min(end, state.whole[1]));
}

function look(time) {
  state.now = Math.min(Math.max(time, 0), state.whole[1]);
  at("time").value = state.now;
  at("now").textContent = `${state.now.toFixed(2)} s`;
  ask("api/time", { at: state.now }).catch(trouble);
  for (const { chart } of state.picked.values()) {
    if (chart.data) Plotly.relayout(chart, { shapes: shapes() });
  }
}

function play() {
  if (state.playing) {
    clearInterval(state.playing);
    state.playing = null;
  } else {
    let before = performance.now();
    state.playing = setInterval(() => {
      const now = performance.now();
      const next = state.now + (Number(at("speed").value) * (now - before)) / 1000;
      before = now;
      look(next >= state.whole[1] ? 0 : next);
    }, 60);
  }
  at("play").textContent = state.playing ? "❚❚" : "▶";
}

async function begin() {
  const found = await ask("api/logs");
  state.logs = found.logs;
  const last = Math.max(...state.logs.map((log) => log.seconds));
  state.whole = [0, last];
  state.seen = [0, last];
  at("time").max = last;
  showLogs();
  showSignals();
  showEvents();
  if (found.scene) {
    const frame = element("iframe");
    frame.title = "the robot in 3-D";
    frame.src = `http://${location.hostname}:${found.scene}/`;
    at("scene").append(frame);
  }
  at("search").addEventListener("input", search);
  at("time").addEventListener("input", () => look(Number(at("time").value)));
  at("play").addEventListener("click", play);
  at("whole").addEventListener("click", () => see(...state.whole));
  const usual = document.querySelector('input[data-key="/reading position"]');
  if (usual) usual.click();
  document.body.dataset.ready = "yes";
}

begin().catch(trouble);
