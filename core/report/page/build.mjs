// Writes page.cpp: the report page around its data, with plotly packed, as C++ string literals.
//
//     node build.mjs NODE_MODULES OUTPUT.cpp
//
// The scripts beside this file are joined in the order below into one function, so they share their
// names and need no module loader. Scripts of the page may be run only if their hashes stand in its
// content security policy, which also forbids every request: the page cannot reach a network.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const kScripts = ["text.js", "markdown.js", "table.js", "palette.js", "traces.js", "figure.js",
                  "main.js"];
const kBundles = {
  plane: "plotly.js-cartesian-dist-min/plotly-cartesian.min.js",
  space: "plotly.js-gl3d-dist-min/plotly-gl3d.min.js",
};

const [modules, output] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const read = (name) => readFileSync(join(here, name), "utf8");

function hash(text) {
  return `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;
}

// A browser unpacks a script to these very characters, which the policy's hash is of.
function readBundle(path) {
  const code = readFileSync(join(modules, path), "utf8");
  return { code, packed: gzipSync(code, { level: 9 }).toString("base64") };
}

// One literal of pieces: compilers limit the length of each. Octal escapes take three digits at
// most, so that a digit that follows is not swallowed.
function literal(text) {
  const bytes = Buffer.from(text, "utf8");
  const pieces = [];
  for (let begin = 0; begin < bytes.length; begin += 4096) {
    let piece = "";
    for (const byte of bytes.subarray(begin, begin + 4096)) {
      const character = String.fromCharCode(byte);
      piece += byte >= 0x20 && byte < 0x7f && !'"\\?'.includes(character)
        ? character : "\\" + byte.toString(8).padStart(3, "0");
    }
    pieces.push(`    "${piece}"`);
  }
  return pieces.join("\n") || '    ""';
}

const script = `"use strict";(() => {\n${kScripts.map(read).join("\n")}\n})();\n`;
if (/<\/script|<!--/i.test(script)) throw new Error("a page script would end its own element");
const bundles = Object.fromEntries(
  Object.entries(kBundles).map(([name, path]) => [name, readBundle(path)]));
const policy = [
  "default-src 'none'",
  `script-src ${[script, bundles.plane.code, bundles.space.code].map(hash).join(" ")}`,
  "style-src 'unsafe-inline'",
  "img-src data: blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
const license = readFileSync(join(modules, "plotly.js-gl3d-dist-min/LICENSE"), "utf8");
if (license.includes("--")) throw new Error("the license would end its own comment");

const parts = read("template.html")
  .replace("{{policy}}", () => policy)
  .replace("{{style}}", () => read("style.css"))
  .replace("{{license}}", () => license)
  .replace("{{script}}", () => script)
  .split(/\{\{(?:data|plotly)\}\}/);
if (parts.length !== 3) throw new Error("template.html needs {{data}} and then {{plotly}}");

const element = (name) =>
  `<script type="text/plain" id="plotly-${name}">${bundles[name].packed}</script>\n`;
const members = [...parts, element("plane"), element("space")];
writeFileSync(output, `#include "page.hpp"

namespace dynkit::report {

const Page kPage = {
${members.map(literal).join(",\n")},
};

}  // namespace dynkit::report
`);
