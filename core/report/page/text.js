// Elements, numbers and files. All text reaches the page through text nodes and attributes, never
// as HTML, so nothing that a plugin or a file says can become markup.

const kNotANumber = "NaN";

// element("td", {class: "number"}, "1.5", otherElement)
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== "") node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Cells as the data carry them: null is NaN, infinities and whole numbers beyond 2^53 are texts.
function toNumber(cell) {
  if (cell === null) return NaN;
  if (cell === "inf") return Infinity;
  if (cell === "-inf") return -Infinity;
  return Number(cell);
}

const kSuperscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function superscript(exponent) {
  const digits = [...String(Math.abs(exponent))].map((digit) => kSuperscripts[Number(digit)]);
  return (exponent < 0 ? "⁻" : "") + digits.join("");
}

// For reading: five significant digits. The full value is in a cell's title and in the CSV.
function shortNumber(value) {
  if (Number.isNaN(value)) return kNotANumber;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e7) return String(value).replace("-", "−");
  if (size >= 1e-4 && size < 1e6) {
    return String(Number(value.toPrecision(5))).replace("-", "−");
  }
  const [mantissa, exponent] = value.toExponential(4).split("e");
  return `${String(Number(mantissa)).replace("-", "−")} × 10${superscript(Number(exponent))}`;
}

function shortCell(cell, type) {
  if (type === "text") return cell;
  if (type === "complex") {
    const [real, imaginary] = cell.map(toNumber);
    const sign = imaginary < 0 || Object.is(imaginary, -0) ? "−" : "+";
    return `${shortNumber(real)} ${sign} ${shortNumber(Math.abs(imaginary))}i`;
  }
  if (type === "integer") return String(cell).replace("-", "−");
  return shortNumber(toNumber(cell));
}

// Every digit, in the spelling that NumPy, R and Julia read; a cell that is not there stays empty.
function fullNumber(cell) {
  return cell === null ? "nan" : cell === undefined ? "" : String(cell);
}

function fullCell(cell, type) {
  if (type === "text") return cell;
  if (type !== "complex") return fullNumber(cell);
  const imaginary = fullNumber(cell[1]);
  return `${fullNumber(cell[0])}${imaginary.startsWith("-") ? "" : "+"}${imaginary}i`;
}

function duration(seconds) {
  if (seconds <= 0) return "";
  if (seconds < 1) return `${Number((seconds * 1000).toPrecision(2))} ms`;
  if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

function count(number, thing) {
  return `${number.toLocaleString("en-US")} ${thing}${number === 1 ? "" : "s"}`;
}

// A text that a spreadsheet would take for a formula gets an apostrophe in front.
function csvText(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

// `columns`: [{name, type, values}]; a complex column becomes two.
function makeCsv(columns) {
  const flat = columns.flatMap((column) => column.type !== "complex" ? [column] : [
    { name: `${column.name}.re`, type: "number", values: column.values.map((cell) => cell[0]) },
    { name: `${column.name}.im`, type: "number", values: column.values.map((cell) => cell[1]) },
  ]);
  const lines = [flat.map((column) => csvText(column.name)).join(",")];
  const rows = flat.length > 0 ? flat[0].values.length : 0;
  for (let row = 0; row < rows; ++row) {
    lines.push(flat.map(({ type, values }) =>
      type === "text" ? csvText(values[row] ?? "") : fullNumber(values[row])).join(","));
  }
  return lines.join("\n") + "\n";
}

function fileName(...parts) {
  return parts.map((part) => part.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 60)).join("-");
}

function saveFile(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

function button(text, label, action) {
  return element("button", { type: "button", class: "action", "aria-label": label,
                             onclick: action }, text);
}
