// Streamlit writes some words itself, in English. In Chinese they are replaced where they stand: the text of a node
// changes, the node does not, so that React goes on with it. Texts only in Streamlit's own places, since the same word
// may be a person's; what is read out (aria-label, title, placeholder) anywhere, where it is exactly Streamlit's.
// In both languages names that are read out lose the signs that keep a person's text from being Markdown: they are not
// heard as they are seen.

const WORDS = __WORDS__;
const PLACES = [
  "stFileUploader", "InputInstructions", "stMainMenuPopover", "stMainMenuList", "stStatusWidget", "stConnectionStatus",
  "stSkipToContent", "stDialog", "stTooltipContent", "stTooltipErrorContent", "stSelectboxVirtualDropdown",
].map((id) => `[data-testid="${id}"]`).join(",");
const ATTRIBUTES = ["aria-label", "title", "placeholder"];
const ESCAPES = /\\([\\`*_{}[\]<>()#+\-.!|~$:&=^])|\u2060/g;
const WITH_ATTRIBUTES = ATTRIBUTES.map((name) => `[${name}]`).join(",");

function reader(from, to) {
  const exact = new Map();
  const patterns = [];
  for (const words of WORDS) {
    const said = words[from];
    if (!said.includes("{")) {
      exact.set(said, words[to]);
      continue;
    }
    const names = [];
    const source = said.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, (_, name) => {
      names.push(name);
      return "(.+?)";
    });
    patterns.push([new RegExp(`^${source}$`), names, words[to]]);
  }
  return (text) => {
    const trimmed = text.trim();
    if (!trimmed) return null;
    const found = exact.get(trimmed);
    if (found !== undefined) return text.replace(trimmed, () => found);
    for (const [pattern, names, other] of patterns) {
      const parts = pattern.exec(trimmed);
      if (parts) return other.replace(/\{(\w+)\}/g, (_, name) => parts[names.indexOf(name) + 1]);
    }
    return null;
  };
}

const intoChinese = reader(0, 1);
const intoEnglish = reader(1, 0);
const asItIs = () => null;
let reading = asItIs;
let observer = null;
let chosen = "";

function onText(node, read) {
  if (!node.parentElement || !node.parentElement.closest(PLACES)) return;
  const other = read(node.nodeValue);
  if (other !== null && other !== node.nodeValue) node.nodeValue = other;
}

function onAttributes(element, read) {
  for (const name of ATTRIBUTES) {
    const said = element.getAttribute(name);
    if (said === null) continue;
    const bare = said.includes("\\") || said.includes("\u2060") ? said.replace(ESCAPES, "$1") : said;
    const other = read(bare) ?? bare;
    if (other !== said) element.setAttribute(name, other);
  }
}

function onTree(root, read) {
  if (root.nodeType === Node.TEXT_NODE) {
    onText(root, read);
    return;
  }
  if (root.nodeType !== Node.ELEMENT_NODE) return;
  onAttributes(root, read);
  root.querySelectorAll(WITH_ATTRIBUTES).forEach((element) => onAttributes(element, read));
  const places = root.closest(PLACES) ? [root] : root.querySelectorAll(PLACES);
  for (const place of places) {
    const texts = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) onText(texts.currentNode, read);
  }
}

function changed(records) {
  for (const record of records) {
    if (record.type === "childList") record.addedNodes.forEach((node) => onTree(node, reading));
    else if (record.type === "characterData") onText(record.target, reading);
    else onAttributes(record.target, reading);
  }
}

export default function ({ data: [data] }) {
  if (data.language === chosen) return;
  const read = data.language === "zh" ? intoChinese : chosen ? intoEnglish : asItIs;
  chosen = data.language;
  onTree(document.body, read);
  reading = chosen === "zh" ? intoChinese : asItIs;
  if (observer) return;
  observer = new MutationObserver(changed);
  observer.observe(document.body, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES,
  });
}
