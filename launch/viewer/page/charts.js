"use strict";

// The curves of the page: what is picked is asked for anew whenever the stretch that is seen changes.

const LINES = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b",
  "#e377c2", "#7f7f7f", "#bcbd22", "#17becf", "#393b79", "#637939"];
const POINTS = 1500;
const LONGEST = 20; // Seconds of a stretch that simulators are asked for.
const QUIET = 150; // Milliseconds without a change before anything is asked for.

function colour(signal, index, number) {
  // A single curve has its log's colour, as its robot in 3-D; of several, each joint has one.
  return signal.labels.length === 1 ? COLOURS[index % COLOURS.length] : LINES[number % LINES.length];
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
