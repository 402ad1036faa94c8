// Colors, told apart also with color vision deficiencies, and symbols that say the same again.

// Okabe & Ito, without black and yellow, which vanish on dark and on light ground.
const kQualitative = {
  light: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#7f7f7f"],
  dark: ["#4ea8e0", "#ff8c42", "#2fc498", "#e39ac3", "#f0b84a", "#a5d8f7", "#b39ddb", "#b0b0b0"],
};

function qualitative(index, mode) {
  return kQualitative[mode][index % kQualitative[mode].length];
}

// Fixed points: what attracts is dark blue, what repels in 1, 2, ... directions goes from light to
// dark.
const kStable = { light: "#1f4e8c", dark: "#6ea8fe" };
const kUnstable = { light: ["#f2a541", "#dd6b20", "#b83227", "#7d1535"],
                    dark: ["#ffd08a", "#ff9a4d", "#f06a5a", "#d94f8a"] };
const kNeutral = { light: "#8a94a3", dark: "#8d99a8" };
const kSegments = { light: "#b83227", dark: "#ff8a70" };
const kColorScale = "Cividis";

const darkQuery = window.matchMedia("(prefers-color-scheme: dark)");

// The colors of the style sheet, so that figures and page are of one piece. Paper is light.
function theme() {
  const isDark = darkQuery.matches && !document.documentElement.hasAttribute("data-printing");
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return { mode: isDark ? "dark" : "light", text: read("--text"), quiet: read("--quiet"),
           line: read("--line"), path: read("--path"), surface: read("--surface"),
           font: read("--font") };
}

// Number of unstable directions that a label tells: 0 attracts; -1: it says nothing of stability.
// `by` is the name of the array of labels.
function unstableCount(label, by) {
  const text = label.toLowerCase();
  if (/^\d+$/.test(text)) return /unstable|morse/.test(by.toLowerCase()) ? Number(text) : -1;
  if (/saddle|unstable|repel|source/.test(text)) {
    const number = /\d+/.exec(text);
    if (/saddle/.test(text)) return number ? Math.max(Number(number[0]), 1) : 1;
    return number ? Number(number[0]) : kUnstable.light.length;
  }
  return /\bstable|attract|\bsink/.test(text) ? 0 : -1;
}

// Color and symbol of the group `index` with this label.
function groupStyle(label, by, index, mode) {
  const unstable = unstableCount(label, by);
  if (unstable === 0) return { color: kStable[mode], symbol: "circle" };
  if (unstable > 0) {
    const scale = kUnstable[mode];
    const step = Math.min(unstable, scale.length) - 1;
    return { color: scale[step], symbol: ["diamond", "square", "cross", "x"][step] };
  }
  if (/center|hyperbolic|marginal|neutral|degenerate|undecided/i.test(label)) {
    return { color: kNeutral[mode], symbol: "circle-open" };
  }
  return { color: qualitative(index, mode), symbol: "circle" };
}
