// The reports of the examples: what is asked of them is there, with content.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Reports, columnOf, drawn, drawnFigure, saved, tracesOf } from "./browser.mjs";

const { DYNKIT, EXAMPLES } = process.env;

let reports, network, lorenz;
before(async () => {
  reports = await Reports.open((folder) => {
    for (const name of ["flip_flop_gru", "lorenz"]) {
      execFileSync(DYNKIT, ["run", join(EXAMPLES, `${name}.toml`), "--quiet",
                            "--out", join(folder, name)]);
    }
  });
  const options = { viewport: { width: 700, height: 500 } };  // quick to draw
  network = await reports.visit("flip_flop_gru/report.html", options);
  lorenz = await reports.visit("lorenz/report.html", options);
});
after(async () => { await reports?.close(); });

// The lines or bars of a trace, whose parts end with null.
function parts(trace) {
  const points = trace.x.map((x, i) => [x, trace.y[i], ...(trace.z ? [trace.z[i]] : [])]);
  const result = [[]];
  for (const point of points) point[0] === null ? result.push([]) : result.at(-1).push(point);
  return result.filter((part) => part.length > 0);
}

function assertFinite(traces) {
  for (const trace of traces) {
    const numbers = parts(trace).flat(2);
    assert.ok(numbers.length > 0, trace.name);
    assert.ok(numbers.every(Number.isFinite), trace.name);
  }
}

const distance = (a, b) => Math.hypot(...a.map((value, i) => value - b[i]));
const middle = ([a, b]) => a.map((value, i) => (value + b[i]) / 2);
const named = (traces, name) => traces.find((trace) => trace.name === name);

test("reports of runs draw all figures without errors and requests", async () => {
  for (const page of [network, lorenz]) {
    for (const figure of await page.locator("figure.figure").all()) {
      await drawnFigure(page, figure);
      assert.equal(await figure.getAttribute("data-state"), "drawn");
    }
    assert.equal(await page.locator(".problem").count(), 0);
  }
  assert.equal(await network.locator("figure.figure").count(), 2);
  assert.equal(await lorenz.locator("figure.figure").count(), 4);
});

test("a network has its trajectories, states, classes and unstable directions", async () => {
  const traces = await tracesOf(await drawn(network, "phase_portrait"));
  assertFinite(traces);
  assert.deepEqual(traces.map((trace) => [trace.name, trace.mode, parts(trace).length]), [
    ["trajectories", "lines", 24], ["given states", "markers", 1],
    ["unstable directions", "lines", 12 + 6 * 2 + 3],
    ["stable", "markers", 1], ["saddle, 1 unstable direction", "markers", 1],
    ["saddle, 2 unstable directions", "markers", 1],
    ["saddle, 3 unstable directions", "markers", 1]]);
  assert.deepEqual(traces.slice(3).map((trace) => trace.x.length), [8, 12, 6, 1]);
  assert.equal(traces[1].x.length, 1024);
  // Bars go through the saddles of one unstable direction first, and most lie in the shown space.
  const saddles = parts(traces[4])[0];
  const bars = parts(traces[2]);
  saddles.forEach((saddle, i) => assert.ok(distance(middle(bars[i]), saddle) < 1e-9));
  const lengths = bars.map(([a, b]) => distance(a, b));
  assert.ok(Math.min(...lengths) > 0.5 && Math.max(...lengths) < 2, lengths.join(" "));
});

test("the phase portrait of a flow has its trajectories as lines", async () => {
  const traces = await tracesOf(await drawn(lorenz, "phase_portrait"));
  assertFinite(traces);
  assert.deepEqual(traces.map((trace) => trace.name),
                   ["trajectories", "unstable directions", "saddle, 1 unstable direction",
                    "saddle, 2 unstable directions"]);
  const lines = parts(traces[0]);
  assert.ok(lines.length >= 4 && lines.every((line) => line.length > 100), `${lines.length}`);
  // Steps of 0.02 at the attractor's speed of some 100, in the coordinates themselves.
  for (const line of lines) {
    line.slice(1).forEach((point, i) => assert.ok(distance(point, line[i]) < 10));
  }
  const [origin] = parts(named(traces, "saddle, 1 unstable direction"))[0];
  assert.ok(distance(origin, [0, 0, 0]) < 1e-12);
  // Along (1, 2.18, 0) at the origin; a plane at each of the two others.
  const bars = parts(traces[1]);
  assert.equal(bars.length, 5);
  const [dx, dy, dz] = bars[0][1].map((value, i) => value - bars[0][0][i]);
  assert.ok(Math.abs(dy / dx - (11.8277 + 10) / 10) < 1e-5 && Math.abs(dz) < 1e-9);
});

test("a phase portrait's CSV has every line, bar and point", async () => {
  const figure = await drawn(lorenz, "phase_portrait");
  const file = await saved(lorenz, () => figure.getByRole("button", { name: /as CSV$/ }).click());
  assert.equal(file.name, "fixed_points-phase_portrait.csv");
  const lines = file.bytes.toString("utf8").trimEnd().split("\n");
  assert.equal(lines[0], "series,group,line,index,x,y,z");
  const count = (name) => lines.filter((line) => line.startsWith(`${name},`)).length;
  const drawnStates = parts((await tracesOf(figure))[0]).flat().length;
  assert.deepEqual([count("trajectories"), count("unstable directions"), count("fixed points")],
                   [drawnStates, 10, 3]);
});

test("eigenvalues are in the complex plane, with the border of stability", async () => {
  const multipliers = await tracesOf(await drawn(network, "eigenvalues"));
  assertFinite(multipliers);
  assert.equal(multipliers[0].name, "unit circle");
  const all = multipliers.slice(1).flatMap((trace) => trace.x.map((x, i) => [x, trace.y[i]]));
  assert.equal(all.length, 27 * 64);
  assert.equal(all.filter(([x, y]) => Math.hypot(x, y) > 1).length, 12 + 6 * 2 + 3);
  const figure = await drawn(lorenz, "eigenvalues");
  const rates = await tracesOf(figure);
  assertFinite(rates);
  assert.equal(rates.flatMap((trace) => trace.x).length, 9);
  assert.equal(await figure.locator(".shapelayer path").count(), 1);  // the imaginary axis
});

test("Lyapunov exponents converge to those of the table", async () => {
  const traces = await tracesOf(await drawn(lorenz, "convergence"));
  assertFinite(traces);
  assert.deepEqual(traces.map((trace) => trace.name), ["exponent 1", "exponent 2", "exponent 3"]);
  const table = lorenz.locator("figure.table[data-name=exponents]");
  assert.deepEqual(await columnOf(table, 0), ["1", "2", "3"]);
  const exact = await table.locator("tbody td:nth-child(2)").evaluateAll((cells) =>
    cells.map((cell) => Number(cell.title || cell.textContent)));
  for (const [k, trace] of traces.entries()) {
    assert.ok(parts(trace)[0].length > 100);
    assert.ok(Math.abs(trace.y.at(-2) - exact[k]) < 1e-3, `${trace.y.at(-2)} ${exact[k]}`);
  }
  assert.ok(Math.abs(exact[0] - 0.906) < 0.01 && Math.abs(exact[2] + 14.572) < 0.01);
});

test("tables of runs sort by their columns", async () => {
  const table = network.locator("figure.table[data-name=points]").first();
  const header = table.getByRole("columnheader", { name: "unstable_directions" });
  await header.getByRole("button").click();
  const sorted = async () => (await columnOf(table, 2)).map(Number);
  const ascending = [...Array(8).fill(0), ...Array(12).fill(1), ...Array(6).fill(2), 3];
  assert.deepEqual(await sorted(), ascending);
  await header.getByRole("button").click();
  assert.deepEqual(await sorted(), ascending.reverse());
});

test("nothing went wrong on the pages while they were used", () => {
  assert.deepEqual([...network.problems, ...lorenz.problems], []);
});
