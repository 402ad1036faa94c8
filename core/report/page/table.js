// A table with a header that sorts, a filter and a CSV of all rows.

const kFirstRows = 100;
const kMoreRows = 500;

// Not-a-numbers come last whichever way the rest is sorted.
function sortKeys(column) {
  if (column.type === "text") return column.values;
  if (column.type !== "complex") return column.values.map(toNumber);
  return column.values.map(([real]) => toNumber(real));
}

function sortedRows(rows, column, direction) {
  const keys = sortKeys(column);
  const minor = column.type === "complex" ? column.values.map((cell) => toNumber(cell[1])) : keys;
  const compare = column.type === "text"
    ? (a, b) => direction * keys[a].localeCompare(keys[b], "en", { numeric: true })
    : (a, b) => Number.isNaN(keys[a]) - Number.isNaN(keys[b]) ||
        direction * Math.sign(keys[a] - keys[b] || minor[a] - minor[b]);
  return [...rows].sort((a, b) => compare(a, b) || a - b);
}

function tableRow(columns, row) {
  return element("tr", {}, ...columns.map(({ type, values }) => {
    const shown = shortCell(values[row], type);
    const full = fullCell(values[row], type);
    return element("td", { class: type === "text" ? "text" : "number",
                           title: shown === full || type === "text" ? null : full }, shown);
  }));
}

class TableView {
  constructor(table, stage) {
    this.table = table;
    this.columns = table.columns;
    this.rows = this.columns.length > 0 ? this.columns[0].values.length : 0;
    this.sorted = { column: -1, direction: 0 };
    this.limit = kFirstRows;
    this.body = element("tbody");
    this.status = element("span", { class: "quiet", role: "status" });
    this.more = button("Show more rows", `Show more rows of ${table.title}`, () => {
      this.limit += kMoreRows;
      this.draw();
    });
    this.headers = this.columns.map((column, index) => this.makeHeader(column, index));
    this.node = this.makeNode(stage);
    this.draw();
  }

  makeHeader(column, index) {
    const name = element("button", { type: "button", title: column.help,
                                     onclick: () => this.sortBy(index) },
                         column.name,
                         column.unit
                           ? element("span", { class: "unit" }, ` (${column.unit})`) : null);
    return element("th", { scope: "col", "aria-sort": "none",
                           class: column.type === "text" ? "text" : "number" }, name);
  }

  makeNode(stage) {
    const { table } = this;
    const title = table.title || table.name;
    const filter = element("input", {
      type: "search", placeholder: "Filter rows", "aria-label": `Filter rows of ${title}`,
      oninput: (event) => this.filterBy(event.target.value),
    });
    const save = button("Save CSV", `Save ${title} as CSV`, () =>
      saveFile(fileName(stage, table.name) + ".csv", "text/csv", makeCsv(this.columns)));
    const note = this.rows < table.total
      ? element("p", { class: "note" }, `The first ${count(this.rows, "row")} of ` +
          `${table.total.toLocaleString("en-US")}; results.h5 holds all.`) : null;
    return element("figure", { class: "table", "data-name": table.name },
      element("div", { class: "bar" }, element("h4", {}, title), filter, save), note,
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
        element("table", {}, element("thead", {}, element("tr", {}, ...this.headers)), this.body)),
      element("div", { class: "below" }, this.status, this.more));
  }

  // First upward, then downward, then as it was.
  sortBy(column) {
    const next = { 1: -1, [-1]: 0, 0: 1 };
    const direction = this.sorted.column === column ? next[this.sorted.direction] : 1;
    this.sorted = { column, direction };
    this.headers.forEach((header, index) => {
      const active = index === column ? direction : 0;
      header.setAttribute("aria-sort", { 1: "ascending", [-1]: "descending", 0: "none" }[active]);
    });
    this.draw();
  }

  filterBy(text) {
    this.wanted = text.trim().toLowerCase();
    this.limit = kFirstRows;
    this.draw();
  }

  matches(row) {
    return this.columns.some(({ type, values }) =>
      shortCell(values[row], type).toLowerCase().includes(this.wanted) ||
      fullCell(values[row], type).toLowerCase().includes(this.wanted));
  }

  draw() {
    let rows = [...Array(this.rows).keys()];
    if (this.wanted) rows = rows.filter((row) => this.matches(row));
    if (this.sorted.direction !== 0) {
      rows = sortedRows(rows, this.columns[this.sorted.column], this.sorted.direction);
    }
    const shown = rows.slice(0, this.limit);
    this.body.replaceChildren(...shown.map((row) => tableRow(this.columns, row)));
    this.status.textContent = shown.length < rows.length
      ? `${shown.length} of ${count(rows.length, "row")}` : count(rows.length, "row");
    this.more.hidden = shown.length === rows.length;
  }
}
