// The page: what was run, one section for each stage, how to cite.

function definitions(rows) {
  return element("dl", { class: "pairs" }, ...rows.flatMap(([name, value]) =>
    [element("dt", {}, name), element("dd", {}, value)]));
}

function details(title, ...content) {
  return element("details", {}, element("summary", {}, title), ...content);
}

function problem(part) {
  return element("p", { class: "problem" }, part.error);
}

function valueCards(values) {
  return element("dl", { class: "values" }, ...values.map(({ name, type, value, unit, help }) => {
    const full = fullCell(value, type);
    return element("div", { title: help, class: type === "text" && full.length > 16 ? "long" : "" },
      element("dt", {}, name.replaceAll("_", " ")),
      element("dd", { title: full, class: type === "text" ? "text" : "" }, shortCell(value, type),
        unit ? element("span", { class: "unit" }, ` ${unit}`) : null));
  }));
}

function badge(status) {
  return element("span", { class: `badge ${status}` }, status);
}

function stageSection(stage, index) {
  const component = [stage.component, stage.version].filter((part) => part).join(" ");
  return element("section", { id: `stage-${index}`, class: "stage" },
    element("header", {},
      element("h2", {}, stage.name),
      element("span", { class: "component" }, component), badge(stage.status),
      element("span", { class: "quiet" }, duration(stage.seconds))),
    stage.summary ? element("p", { class: "lead" }, stage.summary) : null,
    stage.message ? element("p", { class: "problem" }, stage.message) : null,
    stage.values.length > 0 ? valueCards(stage.values) : null,
    ...stage.texts.map(([, text]) => markdown(text)),
    element("div", { class: "figures" }, ...stage.figures.map((figure) =>
      figure.error ? problem(figure) : addFigure(figure, stage))),
    ...stage.tables.map((table) =>
      table.error ? problem(table) : new TableView(table, stage.name).node),
    stage.settings.length > 0 ? details("Settings", definitions(stage.settings)) : null);
}

function citations(stages) {
  const distinct = [...new Set(stages.map((stage) => stage.citation).filter((text) => text))];
  if (distinct.length === 0) return null;
  return element("section", { id: "cite" }, element("h2", {}, "How to cite"),
    element("ul", {}, ...distinct.map((text) => element("li", {}, ...inline(text)))));
}

function build(run) {
  document.title = `${run.title} – dynkit report`;
  const failed = run.stages.filter((stage) => stage.status !== "done");
  const seconds = run.stages.reduce((sum, stage) => sum + Math.max(stage.seconds, 0), 0);
  const outline = [count(run.stages.length, "stage"), duration(seconds),
                   failed.length > 0 ? `${failed.length} not done` : ""].filter((part) => part);
  const cite = citations(run.stages);
  document.getElementById("report").replaceWith(
    element("header", { class: "top" }, element("div", { class: "column" },
      element("p", { class: "brand" }, "dynkit report"),
      element("h1", {}, run.title),
      element("p", { class: "quiet" }, outline.join(" · ")))),
    element("nav", { "aria-label": "Stages" }, element("div", { class: "column" },
      element("a", { href: "#run-facts" }, "What was run"),
      ...run.stages.map((stage, index) =>
        element("a", { href: `#stage-${index}`, class: stage.status }, stage.name)),
      cite ? element("a", { href: "#cite" }, "How to cite") : null)),
    element("main", { class: "column" },
      element("section", { id: "run-facts" }, element("h2", {}, "What was run"),
        definitions(run.provenance),
        run.experiment ? details("Experiment file", element("div", { class: "bar" },
          button("Save TOML", "Save the experiment file", () =>
            saveFile("experiment.toml", "application/toml", run.experiment))),
          element("pre", {}, element("code", {}, run.experiment))) : null),
      ...run.stages.map(stageSection), cite),
    element("footer", { class: "column quiet" },
      "Made by dynkit. The figures are drawn by plotly.js (MIT License); all numbers behind them ",
      "are in results.h5."));
}

// Paper is light and shows what is folded away.
window.addEventListener("beforeprint", () => {
  document.documentElement.setAttribute("data-printing", "");
  for (const node of document.querySelectorAll("details")) node.open = true;
  for (const view of figures.values()) view.draw();
});
window.addEventListener("afterprint", () => {
  document.documentElement.removeAttribute("data-printing");
  redrawFigures();
});

build(JSON.parse(document.getElementById("run").textContent));
