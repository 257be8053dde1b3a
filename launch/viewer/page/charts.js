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

// A log's own numbers of a signal, by its labels: another log may have its joints in another order.
function own(log, key) {
  return log.signals.find((other) => `${other.topic} ${other.name}` === key);
}

function place(signal, label, number) {
  const found = signal.labels.indexOf(label);
  return found < 0 ? number : found;
}

function traces(log, index, key, found) {
  const { signal } = state.picked.get(key);
  const { labels, unit } = own(log, key);
  return found.columns.map((values, column) => {
    const label = labels[column] || `${column}`;
    const number = place(signal, label, column);
    return {
      x: found.time, y: values, mode: "lines", name: label,
      legendgroup: label, showlegend: index === 0, visible: number < 3 ? true : "legendonly",
      line: { width: 1.4, dash: LOGS[index % LOGS.length], color: colour(signal, index, number) },
      hovertemplate: `%{y:.4g} ${unit}<extra>${log.name}: ${label}</extra>`,
    };
  });
}

function predictions(signal, found) {
  return Object.entries(found.columns).flatMap(([name, columns], index) =>
    columns.map((values, number) => ({
      x: found.time, y: values, mode: "lines", name: `${name}: ${signal.labels[number]}`,
      legendgroup: signal.labels[number] || `${number}`, showlegend: false,
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

// What each log that has a signal says of it; nothing of the others.
function everyLog(path, key, [begin, end]) {
  const { topic, name } = state.picked.get(key).signal;
  return Promise.all(state.logs.map((log, index) => own(log, key)
    && ask(path, { log: index, topic, name, begin, end, points: POINTS })));
}

async function show(key, lines, [begin, end], words) {
  const { signal, chart } = state.picked.get(key);
  keepChoice(chart, lines);
  const unit = signal.unit ? ` [${signal.unit}]` : "";
  const layout = {
    title: { text: `${signal.topic.slice(1)} ${signal.name}${unit}${words}`, font: { size: 12 } },
    margin: { l: 55, r: 10, t: 30, b: 28 }, shapes: shapes(), hovermode: "closest",
    xaxis: { range: [begin, end], title: { text: "" }, ticksuffix: " s" }, yaxis: { automargin: true, zeroline: false },
    legend: { font: { size: 10 } }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
  };
  const first = !chart.data;
  await Plotly.react(chart, lines, layout, { responsive: true, displaylogo: false });
  if (first) {
    chart.on("plotly_relayout", (change) => zoomed(change));
    chart.on("plotly_click", (found) => look(found.points[0].x));
  }
}

// First some rows, at once; then the extremes of all, where there are more; then the simulators.
async function draw(key) {
  const picked = state.picked.get(key);
  const stretch = state.seen;
  const wanted = () => state.picked.get(key) === picked && state.seen === stretch;
  const length = stretch[1] - stretch[0];
  const foreseen = state.logs[0].simulators.length > 0 && Boolean(own(state.logs[0], key)?.predicted);
  const hint = foreseen && length > LONGEST ? `; look at ${LONGEST} s or less for the simulators` : "";
  const linesOf = (found) => state.logs.flatMap((log, index) => found[index] ? traces(log, index, key, found[index]) : []);

  const some = await everyLog("api/table", key, stretch);
  if (!wanted()) return;
  const step = Math.max(1, ...some.map((found) => found?.step || 1));
  let [lines, words] = [linesOf(some), step > 1.5 ? `, 1 row of ${Math.round(step)} so far` : ""];
  await show(key, lines, stretch, words + hint);
  if (step > 1.5) {
    const all = await everyLog("api/extremes", key, stretch);
    if (!wanted() || all.some((found) => found && !found.whole)) return;
    [lines, words] = [linesOf(all), `, least and greatest of each ${(2 * length / POINTS).toPrecision(2)} s`];
    await show(key, lines, stretch, words + hint);
  }
  if (foreseen && length <= LONGEST) {
    const query = { log: 0, name: picked.signal.name, begin: stretch[0], end: stretch[1] };
    const found = await ask("api/predicted", query);
    if (wanted()) await show(key, [...lines, ...predictions(own(state.logs[0], key), found)], stretch, words);
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
