// Opens reports in headless Chromium and watches what a page must not do.
import { createRequire } from "node:module";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const { MAKE_REPORT, WEB_MODULES, CHROMIUM } = process.env;
const { chromium } = createRequire(`${WEB_MODULES}/`)("playwright-core");

// WebGL without a graphics card, and nothing that a browser sends by itself.
const kArguments = ["--headless", "--no-sandbox", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

export class Reports {
  // `make(folder)` writes the reports.
  static async open(make = (folder) => execFileSync(MAKE_REPORT, [folder])) {
    if (!CHROMIUM || CHROMIUM.endsWith("NOTFOUND")) {
      throw new Error("no chromium was found when the build was configured: install it, or leave " +
                      "these tests out with ctest -LE web");
    }
    const reports = new Reports();
    reports.folder = mkdtempSync(join(tmpdir(), "dynkit-web-"));
    make(reports.folder);
    reports.browser = await chromium.launch({ executablePath: CHROMIUM, args: kArguments });
    return reports;
  }

  async close() {
    await this.browser?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  text(name) {
    return readFileSync(join(this.folder, name), "utf8");
  }

  // A page with what went wrong on it: errors on the console, exceptions, dialogs, requests.
  async visit(name, options = {}) {
    const viewport = { width: 1280, height: 900 };
    const context = await this.browser.newContext({ viewport, ...options });
    await context.setOffline(true);
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.problems = [];
    const address = pathToFileURL(join(this.folder, name)).href;
    page.on("console", (message) => {
      if (message.type() === "error") page.problems.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => page.problems.push(`exception: ${error}`));
    page.on("dialog", (dialog) => {
      page.problems.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("request", (request) => {
      const isOwn = request.url() === address || /^(blob|data):/.test(request.url());
      if (!isOwn) page.problems.push(`request: ${request.url()}`);
    });
    await page.goto(address);
    return page;
  }
}

// Scrolls to the figure and waits until it stands there.
export async function drawn(page, name) {
  const figure = page.locator(`figure.figure[data-name=${JSON.stringify(name)}]`).first();
  return drawnFigure(page, figure);
}

export async function drawnFigure(page, figure) {
  await figure.scrollIntoViewIfNeeded();
  await page.waitForFunction((node) => node.dataset.state !== "waiting",
                             await figure.elementHandle());
  return figure;
}

// What plotly was given: [{name, type, x, y, z, ...}] without gaps.
export function tracesOf(figure) {
  return figure.evaluate((node) => node.querySelector(".plot").data.map((trace) => ({
    name: trace.name, type: trace.type, mode: trace.mode, x: [...(trace.x ?? [])],
    y: [...(trace.y ?? [])], z: trace.z ? [...trace.z] : null, customdata: trace.customdata,
    color: trace.marker?.color ?? trace.line?.color })));
}

// For each of `colors` [red, green, blue], the pixels of a figure's own PNG within 24 of it.
export async function pixelsNear(page, figure, colors) {
  const png = await saved(page, () => figure.getByRole("button", { name: /as png$/ }).click());
  return page.evaluate(async ([base64, wanted]) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, image.width, image.height);
    return wanted.map((color) => {
      let near = 0;
      for (let i = 0; i < data.length; i += 4) {
        near += color.every((value, channel) => Math.abs(data[i + channel] - value) <= 24);
      }
      return near;
    });
  }, [png.bytes.toString("base64"), colors]);
}

// The file that `action` saves.
export async function saved(page, action) {
  const [download] = await Promise.all([page.waitForEvent("download"), action()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

export async function columnOf(table, index) {
  return table.locator(`tbody td:nth-child(${index + 1})`).allTextContents();
}
