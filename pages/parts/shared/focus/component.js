// A button that is drawn anew, moved, hidden, disabled or taken away takes the focus of the keyboard with it: the next Tab
// begins at the top of the page, and a screen reader falls silent. What had the focus last is remembered by the keys of
// Streamlit's containers around it, the innermost first; the focus goes to what has the same key now, else to the nearest
// that is left, else to the page itself. Who clicks on an empty place lets go of it: that is no loss.

const FOCUSABLE = "button:not(:disabled), input:not(:disabled), textarea:not(:disabled), summary, a[href]";
const PATIENCE = 400; // milliseconds in which what comes instead may still be on its way

let last = null;
let isMoved = false;
let around = [];
let place = 0;
let timer = null;
let observer = null;

function keyed(element) {
  return [...element.classList].find((name) => name.startsWith("st-key-"));
}

function within(container) {
  return [...container.querySelectorAll(FOCUSABLE)].filter((each) => each.checkVisibility?.() ?? true);
}

function remember({ target }) {
  last = target;
  isMoved = false;
  around = [];
  for (let each = target; each; each = each.parentElement) {
    const key = each.classList && keyed(each);
    if (key) around.push(key);
  }
  const innermost = around.length ? document.getElementsByClassName(around[0])[0] : null;
  place = innermost ? Math.max(0, within(innermost).indexOf(target)) : 0;
}

function letGo() {
  if (isNowhere()) last = null;
}

function isNowhere() {
  return document.activeElement === document.body;
}

function isUnusable() {
  return !last.isConnected || last.disabled || last.checkVisibility?.() === false;
}

function isLost() {
  if (last === null) return false;
  // The browser takes the focus from a button that was disabled or hidden only when it paints next: no change may follow.
  return isNowhere() ? isMoved || isUnusable() : document.activeElement === last && isUnusable();
}

function focusIn(key, at) {
  const container = document.getElementsByClassName(key)[0];
  const found = container ? within(container) : [];
  if (!found.length) return false;
  found[Math.min(at, found.length - 1)].focus({ preventScroll: true });
  return !isLost();
}

function settle() {
  timer = null;
  if (!isLost()) return;
  if (around.slice(1).some((key) => focusIn(key, 0))) return;
  document.getElementById("stMain")?.focus({ preventScroll: true });
}

function tookAway({ removedNodes }, element) {
  return [...removedNodes].some((each) => each.contains(element));
}

function changed(records) {
  isMoved ||= last !== null && isNowhere() && records.some((record) => tookAway(record, last));
  if (!isLost()) return;
  if (around.length && focusIn(around[0], place)) return;
  if (timer === null) timer = setTimeout(settle, PATIENCE);
}

export default function () {
  if (observer) return;
  document.addEventListener("focusin", remember);
  document.addEventListener("focusout", () => setTimeout(changed, 0, []));
  document.addEventListener("pointerup", letGo);
  observer = new MutationObserver(changed);
  observer.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["disabled"] });
}
