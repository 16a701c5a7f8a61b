// A button that is drawn anew, is disabled or goes away takes the focus of the keyboard with it: the next Tab begins at
// the top of the page, and a screen reader falls silent. What had the focus last is remembered by the keys of Streamlit's
// containers around it, the innermost first; the focus goes to what has the same key now, else to the nearest that is
// left, else to the page itself. A click on an empty place is no loss: what had the focus is still there.

const FOCUSABLE = "button:not(:disabled), input:not(:disabled), textarea:not(:disabled), summary, a[href]";
const PATIENCE = 400; // milliseconds in which what comes instead may still be on its way

let last = null;
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
  around = [];
  for (let each = target; each; each = each.parentElement) {
    const key = each.classList && keyed(each);
    if (key) around.push(key);
  }
  const innermost = around.length ? document.getElementsByClassName(around[0])[0] : null;
  place = innermost ? Math.max(0, within(innermost).indexOf(target)) : 0;
}

function isLost() {
  return last && document.activeElement === document.body && (!last.isConnected || last.disabled);
}

function focusIn(key, at) {
  const container = document.getElementsByClassName(key)[0];
  const found = container ? within(container) : [];
  if (!found.length) return false;
  found[Math.min(at, found.length - 1)].focus({ preventScroll: true });
  return true;
}

function settle() {
  timer = null;
  if (!isLost()) return;
  if (around.slice(1).some((key) => focusIn(key, 0))) return;
  document.getElementById("stMain")?.focus({ preventScroll: true });
}

function changed() {
  if (!isLost()) return;
  if (around.length && focusIn(around[0], place)) return;
  if (timer === null) timer = setTimeout(settle, PATIENCE);
}

export default function () {
  if (observer) return;
  document.addEventListener("focusin", remember);
  observer = new MutationObserver(changed);
  observer.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["disabled"] });
}
