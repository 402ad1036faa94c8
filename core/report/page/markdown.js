// The Markdown that plugins write, as elements: paragraphs, headings, lists, code, bold, italics
// and links to http(s) addresses. Everything else stays the text it is, HTML too.

// In order of precedence; each gives an element or null, and its text is read on inside it.
const kInline = [
  { pattern: /`([^`]+)`/, make: (match) => element("code", {}, match[1]) },
  { pattern: /\*\*(?=\S)([^]+?\S|\S)\*\*/,
    make: (match) => element("strong", {}, ...inline(match[1])) },
  { pattern: /\*(?=\S)([^*]*[^*\s])\*/, make: (match) => element("em", {}, ...inline(match[1])) },
  { pattern: /(?<![\w])_(?=\S)([^_]*[^_\s])_(?![\w])/,
    make: (match) => element("em", {}, ...inline(match[1])) },
  { pattern: /\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/, make: (match) => link(match[2], match[1]) },
  { pattern: /https?:\/\/[^\s<>()"']*[^\s<>()"'.,;:]/, make: (match) => link(match[0], match[0]) },
];

function link(address, text) {
  return element("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, text);
}

function inline(text) {
  let first = null;
  for (const rule of kInline) {
    const match = rule.pattern.exec(text);
    if (match && (!first || match.index < first.match.index)) first = { rule, match };
  }
  if (!first) return [text];
  const { rule, match } = first;
  return [text.slice(0, match.index), rule.make(match),
          ...inline(text.slice(match.index + match[0].length))];
}

const kBullet = /^\s*[-*+]\s+/;
const kNumber = /^\s*\d+[.)]\s+/;
const kHeading = /^(#{1,6})\s+([^]*)$/;
const kFence = /^\s*```/;

function takeWhile(lines, holds) {
  const taken = [];
  while (lines.length > 0 && holds(lines[0])) taken.push(lines.shift());
  return taken;
}

// A line that begins no item continues the one before.
function list(lines, marker) {
  const items = [];
  for (const line of takeWhile(lines, (next) => next.trim() !== "" && !kHeading.test(next))) {
    if (marker.test(line)) items.push(line.replace(marker, ""));
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  return element(marker === kBullet ? "ul" : "ol", {},
                 ...items.map((item) => element("li", {}, ...inline(item))));
}

function block(lines) {
  if (kFence.test(lines[0])) {
    lines.shift();
    const code = takeWhile(lines, (line) => !kFence.test(line));
    lines.shift();
    return element("pre", {}, element("code", {}, code.join("\n")));
  }
  const heading = kHeading.exec(lines[0]);
  if (heading) {
    lines.shift();
    return element(`h${Math.min(heading[1].length + 3, 6)}`, {}, ...inline(heading[2]));
  }
  for (const marker of [kBullet, kNumber]) if (marker.test(lines[0])) return list(lines, marker);
  const text = takeWhile(lines, (line) => line.trim() !== "" && !kHeading.test(line) &&
    !kFence.test(line) && !kBullet.test(line) && !kNumber.test(line));
  return element("p", {}, ...inline(text.join("\n")));
}

function markdown(text) {
  const lines = text.split("\n");
  const blocks = [];
  for (;;) {
    takeWhile(lines, (line) => line.trim() === "");
    if (lines.length === 0) return element("div", { class: "prose" }, ...blocks);
    blocks.push(block(lines));
  }
}
