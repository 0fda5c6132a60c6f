"use strict";

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

const field = one("#typed");
const chips = all(".chip input");
const features = all(".feature").map((node) => ({
  node,
  link: one(`nav a[href="#${CSS.escape(node.id)}"]`),
  rules: all(".rule", node).map((rule) => ({
    node: rule,
    scenarios: all(".scenario", rule).map((scenario) => ({ node: scenario, feature: node, rule })),
  })),
}));
const rules = features.flatMap((feature) => feature.rules);
const scenarios = rules.flatMap((rule) => rule.scenarios);

// Read when it is first searched: a long report is shown sooner.
function textOf(scenario) {
  const parts = all("summary, .facts, .reason, .steps, .message", scenario.node);
  const above = [one("h2", scenario.feature), one("h3", scenario.rule)];
  const texts = [...above, ...parts].map((node) => node?.textContent ?? "");
  return (scenario.text ??= texts.join(" ").toLowerCase());
}

function isShown(scenario, words, chosen) {
  const isChosen = !chosen.length || chosen.includes(scenario.node.dataset.outcome);
  return isChosen && (!words.length || words.every((word) => textOf(scenario).includes(word)));
}

function show() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = chips.filter((chip) => chip.checked).map((chip) => chip.value);
  for (const scenario of scenarios) scenario.node.hidden = !isShown(scenario, words, chosen);
  for (const rule of rules) rule.node.hidden = rule.scenarios.every((each) => each.node.hidden);
  for (const feature of features) {
    feature.node.hidden = feature.rules.every((rule) => rule.node.hidden);
    feature.link.classList.toggle("none", feature.node.hidden);
  }
  tell();
}

function tell() {
  const shown = scenarios.filter((scenario) => !scenario.node.hidden).length;
  one(".nothing").hidden = shown > 0;
  one("#shown").textContent = shown < scenarios.length
    ? `${shown} of ${scenarios.length} scenarios`
    : `${shown} scenario${shown === 1 ? "" : "s"}`;
}

function clear() {
  field.value = "";
  for (const chip of chips) chip.checked = false;
  show();
}

function fold(isOpen) {
  for (const { node } of scenarios) if (!node.hidden) node.open = isOpen;
}

function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.closest("[hidden]")) clear();
  for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
  target.scrollIntoView();
}

if (scenarios.length) {
  field.addEventListener("input", show);
  for (const chip of chips) chip.addEventListener("change", show);
  one(".clear").addEventListener("click", () => {
    clear();
    field.focus();
  });
  one(".unfold").addEventListener("click", () => fold(true));
  one(".fold").addEventListener("click", () => fold(false));
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
  one(".search").hidden = false;
  tell();
}
addEventListener("hashchange", reveal);
if (location.hash) reveal();
