"use strict";

// Ranks as the module search.py does, which serves the command line.
const WHOLE = 4;
const KEYWORD = /^(?:given|when|then|and|but|\*) (?=\S)/i;
const WORD = /"[^"]*"?|\S+/g;
const SIGNS = { '"': '"', "'": '"', $: "$" };
const ANYTHING = "*";

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

const field = one("#typed");
const chips = all(".chip input");
const main = one("main");
const sections = all(".subject").map((node) => ({
  node,
  list: one(".entries", node),
  link: one(`nav a[href="#${CSS.escape(node.id)}"]`),
  entries: all(".entry", node).map(entryOf),
}));
const entries = sections.flatMap((section) => section.entries);
const values = one("#values");

function entryOf(node) {
  const sentence = one(".sentence", node);
  return {
    node,
    sentence,
    text: sentence.textContent,
    pattern: node.dataset.pattern && new RegExp(node.dataset.pattern),
    values: all(".value", sentence),
    score: 0,
  };
}

function beginsWord(word) {
  const literal = word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}])${literal}`, "giu");
}

function signOf(word) {
  return SIGNS[word[0]] ?? (/[0-9]/.test(word) ? "0" : "");
}

function isTaken(sign, value) {
  return sign !== "" && [sign, ANYTHING].includes(value.dataset.sign);
}

function level(word, entry) {
  const pattern = beginsWord(word);
  if (entry.text.search(pattern) >= 0) return 2;
  const taken = entry.values.some((value) => isTaken(signOf(word), value));
  return taken || entry.node.dataset.more.search(pattern) >= 0 ? 1 : 0;
}

function rank(said, words, entry) {
  if (entry.pattern?.test(said)) return WHOLE;
  const levels = words.map((word) => level(word, entry));
  return levels.every(Boolean) ? levels.reduce((sum, one) => sum + one, 0) / levels.length : 0;
}

function isChosen(entry) {
  const chosen = chips.filter((chip) => chip.checked).map((chip) => chip.value);
  const keyword = entry.node.dataset.keyword;
  return !chosen.length || keyword === "Any" || chosen.includes(keyword);
}

function show() {
  const said = field.value.trim().replace(/\s+/g, " ").replace(KEYWORD, "");
  const words = said.match(WORD) ?? [];
  for (const entry of entries) {
    entry.score = !isChosen(entry) ? 0 : words.length ? rank(said, words, entry) : 1;
  }
  const least = entries.some((entry) => entry.score === WHOLE) ? WHOLE : Number.MIN_VALUE;
  for (const entry of entries) {
    entry.node.hidden = entry.score < least;
    highlight(entry, words);
  }
  sections.forEach(arrange);
  main.append(...byScore(sections).map((section) => section.node), ...(values ? [values] : []));
  tell();
}

function arrange(section) {
  const shown = section.entries.filter((entry) => !entry.node.hidden);
  section.score = Math.max(0, ...shown.map((entry) => entry.score));
  section.node.hidden = !shown.length;
  section.list.append(...byScore(section.entries).map((entry) => entry.node));
  section.link.classList.toggle("none", !shown.length);
  one(".count", section.link).textContent = shown.length;
}

function byScore(ranked) {
  return [...ranked].sort((one, other) => other.score - one.score);
}

function tell() {
  const shown = entries.filter((entry) => !entry.node.hidden);
  const taken = new Set(shown.flatMap((entry) => entry.values.map((value) => value.hash)));
  for (const kind of all(".kind")) kind.hidden = !taken.has(`#${encodeURI(kind.id)}`);
  if (values) {
    values.hidden = !taken.size;
    const link = one('nav a[href="#values"]');
    link.classList.toggle("none", !taken.size);
    one(".count", link).textContent = taken.size;
  }
  one(".nothing").hidden = shown.length > 0;
  one("#shown").textContent = shown.length < entries.length
    ? `${shown.length} of ${entries.length} sentences`
    : `${entries.length} sentences`;
}

function highlight(entry, words) {
  for (const mark of all("mark", entry.sentence)) mark.replaceWith(mark.textContent);
  entry.sentence.normalize();
  for (const value of entry.values) {
    const hit = words.some((word) => isTaken(signOf(word), value) && entry.text.search(beginsWord(word)) < 0);
    value.classList.toggle("hit", hit);
  }
  if (!words.length || entry.node.hidden) return;
  const pattern = new RegExp(words.map((word) => beginsWord(word).source).join("|"), "giu");
  const walker = document.createTreeWalker(entry.sentence, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) text.replaceWith(...marked(text.data, pattern));
}

function marked(text, pattern) {
  const pieces = [];
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    const mark = document.createElement("mark");
    mark.textContent = found[0];
    pieces.push(text.slice(end, found.index), mark);
    end = found.index + found[0].length;
  }
  return [...pieces, text.slice(end)];
}

async function copy(entry) {
  const button = one(".copy", entry);
  await write(entry.dataset.copy);
  button.textContent = "Copied";
  button.classList.add("done");
  one("#shown").textContent = "Copied";
  setTimeout(() => {
    button.textContent = "Copy";
    button.classList.remove("done");
    tell();
  }, 1500);
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A page that came over plain HTTP has no such clipboard.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

function clear() {
  field.value = "";
  for (const chip of chips) chip.checked = false;
  show();
}

function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.closest("[hidden]")) {
    clear();
    target.scrollIntoView();
  }
}

field.addEventListener("input", () => {
  show();
  if (main.getBoundingClientRect().top < 0) main.scrollIntoView();
});
for (const chip of chips) chip.addEventListener("change", show);
one(".clear").addEventListener("click", () => {
  clear();
  field.focus();
});
document.addEventListener("keydown", (event) => {
  const isElsewhere = !event.target.closest("input");
  if (event.key === "/" && isElsewhere && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "Escape") {
    clear();
  }
});
main.addEventListener("click", (event) => {
  const entry = event.target.closest(".copy, .example")?.closest(".entry");
  if (entry && !String(getSelection())) copy(entry);
});
addEventListener("hashchange", reveal);

one(".search").hidden = false;
for (const button of all(".copy")) button.hidden = false;
document.body.classList.add("copies");
tell();
