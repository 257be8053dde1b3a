"use strict";

// The page of `ashore open`: logs, signals to pick, events, and the time. Its curves are in charts.js.

const COLOURS = ["#1c2430", "#d1603d", "#1a7f37", "#8250df"];
const LOGS = ["solid", "longdash", "longdashdot", "dashdot"]; // Line of each log, by Plotly's names.
const SIMULATORS = ["dot", "dash"];
const PATTERNS = { solid: "", longdash: "9 3", longdashdot: "9 3 2 3", dashdot: "5 3 2 3", dot: "2 3", dash: "5 3" };

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
      if (!groups.get(signal.topic).has(key)) groups.get(signal.topic).set(key, signal);
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
