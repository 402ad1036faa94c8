// A figure with its caption and exports. Plotly is unpacked when the first figure comes near the
// window, and each figure is drawn only then, so a long report opens at once.

const kMostScenes = 6;  // browsers take away the graphics of pages that have more than some sixteen

const libraries = {};

async function unpackPlotly(name) {
  const packed = document.getElementById(`plotly-${name}`).textContent;
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);
  script.remove();
  return window.Plotly;
}

// The bundle for a figure: the one for space, and for figures of the plane whichever is there, save
// that heatmaps are in the plane's only.
function loadPlotly(figure) {
  const name = figure.is_space || !document.getElementById("plotly-plane") ? "space" : "plane";
  libraries[name] ??= unpackPlotly(name);
  return libraries[name];
}

// What of the data is drawn, where that is not all.
function thinningNotes(figure) {
  const thinned = figure.series.filter((series) => series.shown < series.total);
  const maps = thinned.filter((series) => series.kind === "heatmap");
  const points = thinned.filter((series) => series.kind !== "heatmap");
  const sum = (list, size) => list.reduce((total, series) => total + size(series), 0);
  const share = (list, shown, total, thing) =>
    `${sum(list, shown).toLocaleString("en-US")} of ${count(sum(list, total), thing)}`;
  const notes = [];
  if (points.length > 0) {
    const lines = points.filter((series) => series.lengths?.length < series.lines);
    const on = lines.length === 0 ? ""
      : ` on ${share(lines, (series) => series.lengths.length, (series) => series.lines, "line")}`;
    notes.push(share(points, (series) => series.shown, (series) => series.total, "point") + on);
  }
  if (maps.length > 0) {
    notes.push(`means of blocks of ${count(sum(maps, (series) => series.total), "cell")}`);
  }
  return notes.length > 0 ? `Drawn: ${notes.join("; ")}. results.h5 holds all.` : "";
}

// Columns of what is drawn, for all series together; a cell that a series lacks is empty.
function figureColumns(figure) {
  const labels = axisLabels(figure);
  const names = { series: "series", group: "group", line: "line", index: "index",
                  x: labels[0] || "x", y: labels[1] || "y", z: labels[2] || "z",
                  from: "from", to: "to", count: "count" };
  const rows = figure.series.flatMap(seriesRows);
  const used = Object.keys(names).filter((key) => rows.some((row) => row[key] !== undefined));
  const isText = (key) => key === "series" || key === "group";
  return used.map((key) => ({ name: names[key], type: isText(key) ? "text" : "number",
                              values: rows.map((row) => row[key]) }));
}

function seriesRows(series) {
  const name = series.label || series.kind;
  if (series.kind === "histogram") {
    return series.counts.flatMap((counts, group) => counts.map((number, bin) => ({
      series: name, group: series.groups[group], from: series.edges[bin], to: series.edges[bin + 1],
      count: number })));
  }
  if (series.kind === "heatmap") {
    return series.z.flatMap((row, i) => row.map((value, j) => ({
      series: name, x: series.x[j] ?? j, y: series.y[i] ?? i, z: value })));
  }
  const lines = series.lengths?.flatMap((length, line) => Array(length).fill(line));
  return series.x.map((x, i) => ({
    series: name,
    group: series.group ? series.groups[series.group[i]] : series.color?.[i]?.toString(),
    line: lines?.[i], index: series.indices ? series.indices[i] : i, x, y: series.y[i],
    z: series.z?.[i] }));
}

// Axes of a plane figure on which a logarithm makes sense: positive values over more than a decade.
function logAxes(figure) {
  if (!figure.series.every((series) => ["line", "scatter"].includes(series.kind))) return [];
  return ["x", "y"].filter((axis) => {
    let [low, high] = [Infinity, 0];
    for (const series of figure.series) {
      for (const value of series[axis]) {
        if (value === null) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    return low > 0 && high > 10 * low;
  });
}

class FigureView {
  constructor(figure, stage) {
    this.figure = figure;
    this.stage = stage;
    this.log = {};
    this.near = false;
    this.plot = element("div", { class: figure.is_space ? "plot space" : "plot",
                                 role: "group", "aria-label": figure.title || figure.name });
    this.node = this.makeNode();
  }

  makeNode() {
    const { figure } = this;
    const title = figure.title || figure.name;
    const arrays = [...new Set(figure.series.flatMap((series) => series.axes)
      .filter((axis) => axis).map((axis) => `${this.stage.group}/${axis.replace(/\[\d+\]$/, "")}`))];
    const note = thinningNotes(figure);
    return element("figure", { class: figure.is_space ? "figure wide" : "figure",
                               "data-name": figure.name, "data-state": "waiting" },
      element("div", { class: "bar" }, element("h4", {}, title), ...this.makeActions(title)),
      this.plot,
      element("figcaption", {},
        figure.caption ? element("p", {}, figure.caption) : null,
        note ? element("p", { class: "note" }, note) : null,
        element("p", { class: "quiet" }, "Data in results.h5: ",
          ...arrays.flatMap((name, i) => [i > 0 ? ", " : "", element("code", {}, name)]))));
  }

  makeActions(title) {
    const toggles = logAxes(this.figure).map((axis) => {
      const toggle = button(`log ${axis}`, `Logarithmic ${axis} axis of ${title}`, () => {
        this.log[axis] = !this.log[axis];
        toggle.setAttribute("aria-pressed", String(this.log[axis]));
        this.draw();
      });
      toggle.setAttribute("aria-pressed", "false");
      return toggle;
    });
    const name = fileName(this.stage.name, this.figure.name);
    const image = (format) => button(format.toUpperCase(), `Save ${title} as ${format}`,
      async () => (await this.draw()).downloadImage(this.plot, {
        format, filename: name, width: 1000, height: 700, scale: format === "png" ? 3 : 1 }));
    const csv = button("Save CSV", `Save the data of ${title} as CSV`, () =>
      saveFile(`${name}.csv`, "text/csv", makeCsv(figureColumns(this.figure))));
    return [...toggles,
            element("div", { class: "group", role: "group" }, csv, image("svg"), image("png"))];
  }

  // Draws or draws again; gives the library that did.
  async draw() {
    try {
      const plotly = await loadPlotly(this.figure);
      const look = theme();
      const traces = makeTraces(this.figure, this.stage.time_kind, look);
      const layout = makeLayout(this.figure, this.stage.time_kind, this.log, look, traces);
      await plotly.react(this.plot, traces, layout, {
        responsive: true, displaylogo: false,
        modeBarButtonsToRemove: ["toImage", "select2d", "lasso2d", "resetCameraLastSave3d"] });
      this.library = plotly;
      this.node.dataset.state = "drawn";
      releaseScenes();
      return plotly;
    } catch (error) {
      this.node.dataset.state = "failed";
      this.plot.replaceChildren(element("p", { class: "problem" },
        `The figure could not be drawn (${error.message}). It needs a browser of 2023 or later.`));
      throw error;
    }
  }

  release() {
    this.library?.purge(this.plot);
    this.library = null;
    this.node.dataset.state = "waiting";
  }
}

const figures = new Map();  // node -> view, in the order of the page

// Takes the graphics from scenes that are out of sight, if there are too many.
function releaseScenes() {
  const scenes = [...figures.values()].filter((view) => view.library && view.figure.is_space);
  const far = scenes.filter((view) => !view.near);
  far.slice(0, Math.max(scenes.length - kMostScenes, 0)).forEach((view) => view.release());
}

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const view = figures.get(target);
    view.near = isIntersecting;
    if (isIntersecting && !view.library) view.draw();
  }
}, { rootMargin: "500px" });

function addFigure(figure, stage) {
  const view = new FigureView(figure, stage);
  figures.set(view.node, view);
  watcher.observe(view.node);
  return view.node;
}

function redrawFigures() {
  for (const view of figures.values()) if (view.library) view.draw();
}

darkQuery.addEventListener("change", redrawFigures);
