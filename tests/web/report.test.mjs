import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Reports, columnOf, drawn, drawnFigure, pixelsNear, saved, tracesOf } from "./browser.mjs";

// Tests share their pages, as drawing in space without a graphics card takes seconds.
let reports, study, hostile, large;
before(async () => {
  reports = await Reports.open();
  study = await reports.visit("study.html");
  hostile = await reports.visit("hostile.html");
  large = await reports.visit("large.html");
});
after(async () => { await reports?.close(); });

const kStable = [0x1f, 0x4e, 0x8c];
const kSaddle = [0xf2, 0xa5, 0x41];

async function tableNamed(page, name) {
  return page.locator(`figure.table[data-name=${JSON.stringify(name)}]`);
}

test("a report draws all its figures without errors and without requests", async () => {
  const page = study;
  for (const figure of await page.locator("figure.figure").all()) {
    await drawnFigure(page, figure);
    assert.equal(await figure.getAttribute("data-state"), "drawn");
  }
  assert.equal(await page.locator("figure.figure").count(), 6);
  assert.deepEqual(page.problems, []);
});

test("the page's own policy refuses a request", async () => {
  const page = await reports.visit("words.html");
  const refused = await page.evaluate(() => new Promise((resolve) => {
    document.addEventListener("securitypolicyviolation",
                              (event) => resolve(event.effectiveDirective));
    fetch("http://127.0.0.1:9/").catch(() => setTimeout(() => resolve("nothing did"), 1000));
  }));
  assert.equal(refused, "connect-src");
  await page.context().close();
});

test("the header says what was run", async () => {
  const page = study;
  assert.equal(await page.title(), "Two bits of memory – dynkit report");
  const facts = page.locator("#run-facts");
  assert.match(await facts.textContent(), /seed42/);
  assert.match(await facts.textContent(), /sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b/);
  assert.match(await facts.locator("pre").textContent(), /^seed = 42\n\n\[model\]/);
  assert.match(await page.locator("#stage-0").textContent(), /org\.example\.fixed-points 1\.2\.0/);
  assert.match(await page.locator("#stage-0 details").textContent(), /tolerance1e-12/);
  assert.match(await page.locator("#cite").textContent(), /Sussillo and O\. Barak/);
});

test("summary values come in their order, short, with every digit in the title", async () => {
  const page = study;
  const names = await page.locator("#stage-0 .values dt").allTextContents();
  assert.deepEqual(names,
                   ["fixed points", "converged", "largest speed", "fastest growth", "method"]);
  const values = page.locator("#stage-0 .values dd");
  assert.deepEqual((await values.allTextContents()).slice(0, 4),
                   ["9", "0.99512", "8.6736 × 10⁻¹⁹", "1 1/s"]);
  assert.equal(await values.nth(1).getAttribute("title"), "0.9951171875");
});

test("the phase portrait has the known points by class over trajectories", async () => {
  const page = study;
  const figure = await drawn(page, "phase_portrait");
  const traces = await tracesOf(figure);
  assert.deepEqual(traces.map((trace) => [trace.name, trace.type, trace.mode, trace.x.length]), [
    ["starts", "scatter3d", "markers", 24],
    ["trajectories", "scatter3d", "lines", 24 * 121],  // a gap after each line
    ["unstable directions", "scatter3d", "lines", 6 * 3],
    ["stable node", "scatter3d", "markers", 4],
    ["saddle, 1 unstable", "scatter3d", "markers", 4],
    ["repeller, 2 unstable", "scatter3d", "markers", 1]]);
  const [starts, trajectories, , stable, saddles] = traces;
  assert.deepEqual(stable.x.map((x, i) => [x, stable.y[i], stable.z[i]]),
                   [[-1, -1, 0], [-1, 1, 0], [1, -1, 0], [1, 1, 0]]);
  assert.deepEqual(stable.customdata, [0, 2, 6, 8]);
  assert.equal(trajectories.x[120], null);
  assert.equal(trajectories.x.filter((x) => x === null).length, 24);
  // The ground is gray, attractors are dark blue and saddles light.
  assert.deepEqual([starts.color, stable.color, saddles.color], ["#9aa5b4", "#1f4e8c", "#f2a541"]);
});

test("the phase portrait's pixels show attractors and saddles in their colors", async () => {
  const page = study;
  const figure = await drawn(page, "phase_portrait");
  assert.equal(await figure.locator("canvas").count() > 0, true);
  // Four markers of each, at three times the size, are some 4000 pixels; the legend's entry, which
  // is there without WebGL too, is some 1000.
  const [stable, saddle] = await pixelsNear(page, figure, [kStable, kSaddle]);
  assert.ok(stable > 2000 && saddle > 2000, `${stable}, ${saddle}`);
});

test("eigenvalues are points in the complex plane with the imaginary axis of a flow", async () => {
  const page = study;
  const figure = await drawn(page, "spectrum");
  const traces = await tracesOf(figure);
  assert.deepEqual(traces.map((trace) => trace.x), [
    Array(4).fill([-2, -2, -3]).flat(),
    [[-2, 1, -3], [1, -2, -3], [1, -2, -3], [-2, 1, -3]].flat(),
    [1, 1, -3]]);
  assert.deepEqual(traces[2].customdata, [4, 4, 4]);
  assert.equal(await figure.locator(".points path").count(), 27);
  assert.equal(await figure.locator(".shapelayer path").count(), 1);
});

test("a map's eigenvalues come with the unit circle", async () => {
  const page = large;
  const [circle] = await tracesOf(await drawn(page, "plane"));
  assert.equal(circle.name, "unit circle");
  for (const i of circle.x.keys()) {
    assert.ok(Math.abs(circle.x[i] ** 2 + circle.y[i] ** 2 - 1) < 1e-15 * 4);  // rounding
  }
});

test("multipliers come with the unit circle also where the model is a flow", async () => {
  const figure = await drawn(study, "multipliers");
  const [circle] = await tracesOf(figure);
  assert.equal(circle.name, "unit circle");
  assert.equal(await figure.locator(".shapelayer path").count(), 0);
});

test("a heatmap is an image on its coordinates", async () => {
  const page = study;
  const figure = await drawn(page, "landscape");
  const [map] = await tracesOf(figure);
  assert.deepEqual([map.type, map.x.length, map.y.length, map.z.length, map.z[0].length],
                   ["heatmap", 61, 41, 41, 61]);
  assert.equal(map.z[20][30], -6);  // the origin: log10(0 + 1e-6)
  const image = await figure.locator(".heatmaplayer image").evaluate((node) => node.href.baseVal);
  assert.ok(image.startsWith("data:image/png;base64,") && image.length > 500);
});

test("convergence is one line for each exponent and ends at the summary's numbers", async () => {
  const page = study;
  const figure = await drawn(page, "convergence");
  const traces = await tracesOf(figure);
  assert.deepEqual(traces.map((trace) => trace.name), ["exponent 0", "exponent 1", "exponent 2"]);
  const ends = traces.map((trace) => trace.y.at(-2));  // before the gap
  const values = page.locator("#stage-1 .values dd");
  const shown = await values.evaluateAll((nodes) => nodes.map((node) => node.title));
  assert.deepEqual(ends.map(String), shown);
  // The divergence of the field, which the sum of the exponents is: -10 - 1 - 8/3.
  assert.ok(Math.abs(ends[0] + ends[1] + ends[2] + 41 / 3) < 1e-5);
  const paths = await figure.locator(".scatterlayer path.js-line").evaluateAll((nodes) =>
    nodes.map((node) => node.getAttribute("d").length));
  assert.equal(paths.length, 3);
  assert.ok(paths.every((length) => length > 1000));
});

test("a logarithmic axis can be chosen where all values are positive", async () => {
  const page = study;
  const figure = await drawn(page, "convergence");
  const toggles = figure.getByRole("button", { name: /^Logarithmic/ });
  assert.deepEqual(await toggles.allTextContents(), ["log x"]);  // exponents are negative, too
  await toggles.click();
  await page.waitForFunction(() => document.querySelector(
    "[data-name=convergence] .plot")._fullLayout.xaxis.type === "log");
  assert.equal(await toggles.getAttribute("aria-pressed"), "true");
});

test("a histogram counts every value", async () => {
  const page = study;
  const figure = await drawn(page, "local_growth");
  const [steps] = await tracesOf(figure);
  assert.equal(steps.y.reduce((sum, count) => sum + count, 0), 28000);
  assert.ok((await figure.locator(".scatterlayer path.js-fill").getAttribute("d")).length > 300);
});

test("a table sorts by numbers up, down and back, and keeps not-a-numbers last", async () => {
  const page = study;
  const table = await tableNamed(page, "points");
  const header = table.getByRole("columnheader", { name: "speed" });
  const click = () => header.getByRole("button").click();
  await click();
  assert.deepEqual(await columnOf(table, 0), ["0", "1", "2", "3", "5", "6", "7", "8", "4"]);
  assert.equal(await header.getAttribute("aria-sort"), "ascending");
  await click();
  assert.deepEqual(await columnOf(table, 0), ["8", "7", "6", "5", "3", "2", "1", "0", "4"]);
  assert.equal(await header.getAttribute("aria-sort"), "descending");
  await click();
  assert.deepEqual(await columnOf(table, 0), ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
  assert.equal(await header.getAttribute("aria-sort"), "none");
});

test("whole numbers sort by value, not by their digits, and from the keyboard", async () => {
  const page = study;
  const table = await tableNamed(page, "points");
  await table.getByRole("columnheader", { name: "hits" }).getByRole("button").press("Enter");
  assert.deepEqual(await columnOf(table, 4), ["3", "10", "20", "30", "47", "57", "67", "84", "94"]);
});

test("complex numbers sort by real and then by imaginary part", async () => {
  const page = study;
  const table = await tableNamed(page, "points");
  await table.getByRole("columnheader", { name: "leading eigenvalue" }).getByRole("button").click();
  assert.deepEqual(await columnOf(table, 5),
                   ["−2 − 1i", "−2 + 0i", "−2 + 0i", "−2 + 1i", "1 − 0.5i", "1 + 0i", "1 + 0i",
                    "1 + 1 × 10⁻⁹i", "1 + 0.5i"]);
});

test("a filter leaves the rows that contain its text", async () => {
  const page = study;
  const table = await tableNamed(page, "points");
  await table.getByRole("searchbox").fill("SADDLE");
  assert.deepEqual((await columnOf(table, 0)).sort(), ["1", "3", "5", "7"]);
  assert.equal(await table.getByRole("status").textContent(), "4 rows");
  await table.getByRole("searchbox").fill("");
  assert.equal(await table.getByRole("status").textContent(), "9 rows");
});

test("a table's CSV has all rows with every digit", async () => {
  const page = study;
  const table = await tableNamed(page, "points");
  await table.getByRole("searchbox").fill("nothing");
  const file = await saved(page, () => table.getByRole("button", { name: /as CSV$/ }).click());
  assert.equal(file.name, "fixed_points-points.csv");
  const lines = file.bytes.toString("utf8").split("\n");
  assert.equal(lines.length, 11);
  assert.equal(lines[0],
               "index,class,unstable,speed,hits,leading eigenvalue.re,leading eigenvalue.im");
  assert.equal(lines[2], `1,"saddle, 1 unstable",1,${2 ** -95},47,1,0`);
  assert.equal(lines[5], '4,"repeller, 2 unstable",2,nan,57,1,-0.5');
});

test("a figure's CSV has its points with series, group and line", async () => {
  const page = study;
  const figure = await drawn(page, "phase_portrait");
  const file = await saved(page, () => figure.getByRole("button", { name: /as CSV$/ }).click());
  assert.equal(file.name, "fixed_points-phase_portrait.csv");
  const lines = file.bytes.toString("utf8").trimEnd().split("\n");
  assert.equal(lines.length, 1 + 24 + 24 * 120 + 6 * 2 + 9);
  assert.equal(lines[0], "series,group,line,index,x0,x1,x2");
  assert.match(lines[1 + 24 + 120], /^trajectories,,1,120,/);
  assert.equal(lines.at(-8), 'scatter3d,"saddle, 1 unstable",,1,-1,0,0');
});

test("figures are saved as PNG and as SVG", async () => {
  const page = study;
  const figure = await drawn(page, "spectrum");
  const png = await saved(page, () => figure.getByRole("button", { name: /as png$/ }).click());
  assert.deepEqual([png.name, png.bytes.subarray(1, 4).toString(), png.bytes.readUInt32BE(16)],
                   ["fixed_points-spectrum.png", "PNG", 3000]);
  const svg = await saved(page, () => figure.getByRole("button", { name: /as svg$/ }).click());
  assert.equal(svg.name, "fixed_points-spectrum.svg");
  assert.match(svg.bytes.toString("utf8"), /^<svg[^]*repeller, 2 unstable/);
});

test("Markdown becomes elements", async () => {
  const page = study;
  const prose = page.locator("#stage-0 .prose");
  assert.equal(await prose.locator("strong").textContent(), "nine");
  assert.equal(await prose.locator("em").textContent(), "four attract");
  assert.deepEqual(await prose.locator("li").allTextContents(),
                   ["Their index sum is 1.", "5 starts did not converge; see the method."]);
  assert.equal(await prose.locator("a").getAttribute("href"),
               "https://doi.org/10.1162/NECO_a_00409");
});

test("figures follow a dark color scheme", async () => {
  const page = await reports.visit("study.html", { colorScheme: "dark" });
  const figure = await drawn(page, "spectrum");
  const ground = () => figure.evaluate((node) => node.querySelector(".plot").layout.paper_bgcolor);
  assert.equal(await ground(), "#1a2028");
  await page.emulateMedia({ colorScheme: "light" });
  await page.waitForFunction(() => document.querySelector(
    "[data-name=spectrum] .plot").layout.paper_bgcolor === "#ffffff");
  await page.context().close();
});

test("nothing went wrong on the page while it was used", () => {
  assert.deepEqual(study.problems, []);
});

// Shown in every place for text; what controls terminals and the direction of writing is gone.
const kHostile = "</script><img src=x onerror=alert(1)><!--<script>[31m=1+1\u2028'\"&amp;%{x}";

test("hostile text is shown as it is and makes no element", async () => {
  const page = hostile;
  for (const figure of await page.locator("figure.figure").all()) await drawnFigure(page, figure);
  assert.deepEqual(page.problems, []);
  assert.equal(await page.locator("img, iframe, [onerror], [onclick]").count(), 0);
  assert.equal(await page.locator("script").count(), 3);  // the data, plotly and the page's own
  const literal = ["h1", "#run-facts dt", "#run-facts dd", "#run-facts pre", "h2 >> nth=1", ".lead",
    ".stage > .problem", ".values dt", ".prose p >> nth=0", ".prose h4", ".prose li", ".prose pre",
    "figure.figure h4 >> nth=0", "figcaption p >> nth=0", "figure.table h4", "tbody td >> nth=0",
    "#cite li"];
  for (const place of literal) {
    assert.equal(await page.locator(place).first().textContent(), kHostile, place);
  }
  const links = page.locator(".prose a");
  assert.deepEqual(await links.evaluateAll((nodes) => nodes.map((node) => node.protocol)),
                   ["https:"]);
});

test("hostile names are literal in plotly's legends and axes", async () => {
  const page = hostile;
  const figure = await drawnFigure(page, page.locator("figure.figure").first());
  const shown = kHostile.replace("\u2028", " ").replace("%{", "% {");
  assert.equal(await figure.locator(".legendtext").first().textContent(), shown);
  assert.equal(await figure.locator(".xtitle").textContent(), shown);
});

test("CSV cells and headers that begin a formula are quoted, numbers are not", async () => {
  const page = hostile;
  const file = await saved(page, () =>
    page.locator("figure.table").getByRole("button", { name: /as CSV$/ }).click());
  assert.match(file.name, /^[A-Za-z0-9._-]+\.csv$/);
  const lines = file.bytes.toString("utf8").split("\n");
  const quoted = `"${kHostile.replaceAll('"', '""')}"`;
  assert.deepEqual(lines, [`${quoted},'=n`, `${quoted},3`, "'=2+2,-1", "\ufffd broken,2", ""]);
});

test("a figure that cannot be drawn says why and leaves the others standing", async () => {
  const page = hostile;
  assert.match(await page.locator(".figures .problem").textContent(),
               /^figure '.*', series 0: .*: is text \[\], numbers are needed$/s);
  assert.equal(await page.locator("figure.figure").count(), 3);
});

test("a large figure is thinned, says so and keeps rare groups and peaks", async () => {
  const page = large;
  const plane = await drawn(page, "plane");
  assert.match(await plane.locator(".note").textContent(),
               /^Drawn: 5,\d{3} of 60,000 points\. results\.h5 holds all\.$/);
  const [, , rare] = await tracesOf(plane);
  assert.deepEqual([rare.name, rare.customdata], ["rare", [77, 20077, 40077]]);
  const [peak] = await tracesOf(await drawn(page, "peak"));
  assert.equal(Math.max(...peak.y), 9);
  assert.equal(peak.x[peak.y.indexOf(9)], 31234);
  assert.ok(peak.x.length <= 10001);
});

test("a long table shows its first rows, more on demand, and sorts all of them", async () => {
  const page = large;
  const table = await tableNamed(page, "rows");
  assert.equal(await table.locator(".note").textContent(),
               "The first 16,666 rows of 60,000; results.h5 holds all.");
  assert.equal(await table.getByRole("status").textContent(), "100 of 16,666 rows");
  await table.getByRole("button", { name: /^Show more/ }).click();
  assert.equal(await table.locator("tbody tr").count(), 600);
  const row = table.getByRole("columnheader", { name: "row" }).getByRole("button");
  await row.click();
  await row.click();
  assert.equal((await columnOf(table, 0))[0], "16665");
});

test("scenes that are out of sight give their graphics back", async () => {
  const page = await reports.visit("scenes.html");
  const live = () => page.locator("figure.figure[data-state=drawn]").count();
  for (const figure of await page.locator("figure.figure").all()) await drawnFigure(page, figure);
  assert.ok(await live() <= 6);
  const first = await drawn(page, "scene_0");
  assert.equal((await tracesOf(first))[0].x.length, 4);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a report without figures carries no plotting library", async () => {
  const page = await reports.visit("words.html");
  assert.equal(await page.locator("script[id^=plotly]").count(), 0);
  assert.ok(reports.text("words.html").length < 100_000);
  assert.equal(await page.locator(".badge").textContent(), "crashed");
  assert.equal(await page.locator(".stage .problem").textContent(), "stopped by signal 11 at 40 %");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a report carries only the bundles that its figures need", () => {
  const bundles = (name) =>
    [...reports.text(name).matchAll(/id="(plotly-\w+)"/g)].map((match) => match[1]);
  assert.deepEqual(bundles("study.html"), ["plotly-plane", "plotly-space"]);
  assert.deepEqual(bundles("large.html"), ["plotly-plane"]);
  assert.deepEqual(bundles("hostile.html"), ["plotly-space"]);
});
