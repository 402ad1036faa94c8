// What plotly draws for a figure: its traces and its layout.

// Plotly reads markup and "%{...}" in its texts.
function plotText(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll("%{", "% {").replace(/\s+/g, " ");
}

function isLines(series) {
  return series.kind === "line" || series.kind === "lines3d";
}

function isPlane(series) {
  return series.kind === "complex_plane" || series.kind === "multipliers";
}

function isMarkers(series) {
  return series.kind.startsWith("scatter") || isPlane(series);
}

// Axis labels, or where a figure has none, what its first series shows.
function axisLabels(figure) {
  const first = figure.series[0];
  const fallback = !first ? ["", "", ""]
    : isPlane(first) ? ["real part", "imaginary part", ""]
    : first.kind === "histogram" ? [first.axes[0], "count", ""]
    : [first.axes[0] || "index", first.axes[1], first.axes[2]];
  return figure.labels.map((label, axis) => label || fallback[axis]);
}

function hoverTemplate(figure, withRow) {
  const axes = figure.is_space ? ["x", "y", "z"] : ["x", "y"];
  const labels = axisLabels(figure);
  const lines = axes.map((axis, i) => `${plotText(labels[i]) || axis}: %{${axis}}`);
  if (withRow) lines.push("row %{customdata}");
  return `${lines.join("<br>")}<extra>%{fullData.name}</extra>`;
}

// Row of the arrays that a point stands for, as in the CSV and in results.h5, from 0.
function rowOf(series, point) {
  return Math.floor((series.indices ? series.indices[point] : point) / series.per_row);
}

// Points of each group: [{name, index, points}].
function splitGroups(series) {
  if (!series.group) return [{ name: null, index: 0, points: series.x.map((_, i) => i) }];
  const parts = series.groups.map((name, index) => ({ name, index, points: [] }));
  series.group.forEach((group, point) => parts[group].points.push(point));
  return parts.filter((part) => part.points.length > 0);
}

function traceName(series, part, figure) {
  const alone = figure.series.filter((other) => other.group).length < 2;
  if (part.name === null) return plotText(series.label);
  return plotText(alone || !series.label ? part.name : `${series.label}: ${part.name}`);
}

function pick(values, points) {
  return values ? points.map((point) => (point === null ? null : values[point])) : undefined;
}

// Points without groups that are drawn before those with groups are the ground that these stand on.
function isGround(series, figure) {
  const marked = figure.series.filter(isMarkers);
  const grouped = marked.findIndex((other) => other.group);
  return !series.group && !series.color && marked.indexOf(series) < grouped;
}

function markerStyle(series, part, figure, look) {
  const dense = series.x.length > 600;
  const ground = isGround(series, figure);
  const size = figure.is_space ? (ground ? 2 : dense ? 3 : 5) : (ground ? 4 : dense ? 5 : 8);
  const place = figure.series.filter(isMarkers).indexOf(series);
  const style = part.name === null ? groupStyle("", "", place, look.mode)
    : groupStyle(part.name, series.group_by, part.index, look.mode);
  const marker = { size, symbol: style.symbol, color: ground ? look.path : style.color,
                   opacity: ground ? 0.6 : dense ? 0.8 : 1,
                   line: { width: figure.is_space ? 0 : 0.5, color: look.surface } };
  if (!series.color) return marker;
  return { ...marker, color: pick(series.color, part.points), colorscale: kColorScale,
           showscale: true,
           colorbar: { title: { text: plotText(series.group_by) }, thickness: 12 } };
}

function markerTraces(series, figure, look) {
  return splitGroups(series).map((part) => ({
    type: figure.is_space ? "scatter3d" : "scatter", mode: "markers",
    marker: markerStyle(series, part, figure, look), name: traceName(series, part, figure),
    x: pick(series.x, part.points), y: pick(series.y, part.points), z: pick(series.z, part.points),
    customdata: part.points.map((point) => rowOf(series, point)),
    hovertemplate: hoverTemplate(figure, true) }));
}

const kColorSteps = ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#f2dc3c"];

// Lines have one color each: numbers by which they are colored are cut into ranges.
function withColorSteps(series) {
  if (!series.color) return series;
  const finite = series.color.filter((value) => value !== null);
  const low = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const width = (high - low) / kColorSteps.length || 1;
  const groups = kColorSteps.map((_, step) =>
    `${shortNumber(low + step * width)} to ${shortNumber(low + (step + 1) * width)}`);
  const group = series.color.map((value) =>
    value === null ? 0 : Math.min(Math.floor((value - low) / width), kColorSteps.length - 1));
  return { ...series, groups, group, steps: true };
}

// Points of a group with a null after each line, where the pen is lifted.
function liftPen(series, points) {
  const ends = new Set();
  let end = 0;
  for (const length of series.lengths) ends.add((end += length) - 1);
  return points.flatMap((point) => (ends.has(point) ? [point, null] : [point]));
}

// Beside markers, lines are the ground (trajectories) or, with two points each, directions.
function lineStyle(series, part, figure, look) {
  const wide = figure.is_space ? 2 : 1;
  if (series.steps) return { color: kColorSteps[part.index], width: 1.5 * wide };
  if (part.name !== null) {
    return { color: groupStyle(part.name, series.group_by, part.index, look.mode).color,
             width: 1.5 * wide };
  }
  if (figure.series.some(isMarkers)) {
    return series.lengths.every((length) => length === 2)
      ? { color: kSegments[look.mode], width: 2 * wide }
      : { color: look.path, width: wide };
  }
  const place = figure.series.filter(isLines).indexOf(series);
  return { color: qualitative(place, look.mode), width: 1.5 * wide };
}

function lineTraces(series, figure, look) {
  const colored = withColorSteps(series);
  return splitGroups(colored).map((part) => {
    const points = liftPen(colored, part.points);
    return { type: figure.is_space ? "scatter3d" : "scatter", mode: "lines", connectgaps: false,
             name: traceName(colored, part, figure), line: lineStyle(colored, part, figure, look),
             opacity: !figure.is_space && series.lengths.length > 30 ? 0.6 : 1,
             x: pick(series.x, points), y: pick(series.y, points), z: pick(series.z, points),
             hovertemplate: hoverTemplate(figure, false) };
  });
}

// Blue and red around zero where values of both signs matter: not for a logarithm that passes 0.
function heatmapTrace(series, figure, look) {
  const values = series.z.flat().filter((value) => value !== null);
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const diverging = low < 0 && high > 0 && Math.min(-low, high) > 0.25 * Math.max(-low, high);
  const [x, y] = axisLabels(figure).map(plotText);
  const z = plotText(figure.labels[2] || series.axes[2]);
  return { type: "heatmap", name: plotText(series.label), z: series.z,
           ...(series.x.length > 0 && { x: series.x }), ...(series.y.length > 0 && { y: series.y }),
           colorscale: diverging ? "RdBu" : kColorScale, reversescale: diverging,
           ...(diverging && { zmid: 0 }),
           colorbar: { title: { text: z, side: "right" }, thickness: 12, outlinecolor: look.line },
           hovertemplate: `${x || "x"}: %{x}<br>${y || "y"}: %{y}<br>${z}: %{z}<extra></extra>` };
}

// Counts in bins as steps.
function histogramTraces(series, figure, look) {
  const { edges } = series;
  const place = figure.series.filter((other) => other.kind === "histogram").indexOf(series);
  return series.counts.map((counts, index) => {
    const part = { name: series.groups[index] ?? null, index };
    const style = groupStyle(part.name ?? "", series.group_by, part.name ? index : place,
                             look.mode);
    const bins = counts.map((number, bin) =>
      `${shortNumber(edges[bin])} to ${shortNumber(edges[bin + 1])}: ${number}`);
    return { type: "scatter", mode: "lines", line: { shape: "hv", color: style.color, width: 1.5 },
             fill: "tozeroy", fillcolor: `${style.color}55`, name: traceName(series, part, figure),
             x: edges.length > 0 ? [edges[0], ...edges] : [],
             y: counts.length > 0 ? [0, ...counts, 0] : [],
             text: ["", ...bins, ""], hovertemplate: "%{text}<extra>%{fullData.name}</extra>" };
  });
}

// Where eigenvalues in this figure change stability.
function stabilityBorder(figure, timeKind) {
  const kinds = figure.series.map((series) => series.kind);
  if (kinds.includes("multipliers")) return "circle";
  if (!kinds.includes("complex_plane")) return "none";
  return timeKind === kMap ? "circle" : timeKind === kFlow ? "axis" : "none";
}

// For a flow the imaginary axis is a layout shape.
function unitCircle(look) {
  const angles = Array.from({ length: 181 }, (_, i) => (i * 2 * Math.PI) / 180);
  return { type: "scatter", mode: "lines", name: "unit circle", hoverinfo: "skip",
           line: { color: look.quiet, width: 1, dash: "dot" },
           x: angles.map(Math.cos), y: angles.map(Math.sin) };
}

function makeTraces(figure, timeKind, look) {
  const traces = figure.series.flatMap((series) => {
    if (isLines(series)) return lineTraces(series, figure, look);
    if (series.kind === "heatmap") return [heatmapTrace(series, figure, look)];
    if (series.kind === "histogram") return histogramTraces(series, figure, look);
    return markerTraces(series, figure, look);
  });
  if (stabilityBorder(figure, timeKind) === "circle") traces.unshift(unitCircle(look));
  return traces;
}

const kMap = 1;
const kFlow = 2;

function axisLayout(label, look) {
  // Fifteen digits, as 0.1 has no seventeen of its own.
  return { title: { text: plotText(label), standoff: 8 }, automargin: true, hoverformat: ".15~g",
           exponentformat: "power", minexponent: 5, gridcolor: look.line, zerolinecolor: look.line,
           linecolor: look.line, tickfont: { color: look.quiet } };
}

function sceneLayout(labels, look) {
  // These titles alone are drawn as they are, without markup other than of type (b, i, sub, sup).
  const axis = (label) => ({ ...axisLayout(label, look),
                             title: { text: label.replace(/\s+/g, " ") }, showbackground: false,
                             zeroline: false, showspikes: false });
  return { xaxis: axis(labels[0]), yaxis: axis(labels[1]), zaxis: axis(labels[2]),
           aspectmode: "auto",
           camera: { eye: { x: 1.36, y: 1.36, z: 0.88 }, center: { x: 0, y: 0, z: -0.12 } } };
}

function planeLayout(figure, timeKind, labels, log, look) {
  const layout = { xaxis: axisLayout(labels[0], look), yaxis: axisLayout(labels[1], look) };
  if (log.x) layout.xaxis.type = "log";
  if (log.y) layout.yaxis.type = "log";
  const border = stabilityBorder(figure, timeKind);
  if (border === "circle") {
    Object.assign(layout.yaxis, { scaleanchor: "x", scaleratio: 1 });
  } else if (border === "axis") {
    layout.xaxis.rangemode = "tozero";
    layout.shapes = [{ type: "line", x0: 0, x1: 0, yref: "paper", y0: 0, y1: 1, layer: "below",
                       line: { color: look.quiet, width: 1.5, dash: "dot" } }];
  }
  // A matrix without coordinates is read as it is written, from the top.
  if (figure.series.some((series) => series.kind === "heatmap" && series.y.length === 0)) {
    layout.yaxis.autorange = "reversed";
  }
  return layout;
}

function makeLayout(figure, timeKind, log, look, traces) {
  const labels = axisLabels(figure);
  const named = traces.filter((trace) => trace.name && trace.type !== "heatmap");
  return {
    ...(figure.is_space ? { scene: sceneLayout(labels, look) }
      : planeLayout(figure, timeKind, labels, log, look)),
    font: { family: look.font, size: 13, color: look.text },
    paper_bgcolor: look.surface, plot_bgcolor: look.surface,
    margin: figure.is_space ? { l: 0, r: 0, t: 8, b: 8 } : { l: 56, r: 16, t: 12, b: 48 },
    showlegend: named.length > 1 || figure.series.some((series) => series.group),
    legend: { orientation: "h", x: 0, y: figure.is_space ? 1 : 1.02, yanchor: "bottom",
              itemsizing: "constant", bgcolor: "rgba(0,0,0,0)" },
    hoverlabel: { namelength: -1 },
  };
}
