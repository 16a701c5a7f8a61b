// Streamlit's containers have no role and its buttons no name of their own for a screen reader: eight buttons "Redo"
// are told apart by the group's name behind the words that are seen. Nothing is removed and nothing drawn.

let groups = {};
let observer = null;
let waiting = false;

function nameButton(button, group) {
  const own = button.dataset.ownName;
  const now = button.getAttribute("aria-label");
  if (now !== null && now !== own) button.dataset.streamlitName = now; // Streamlit's, or the page's, own name
  const words = button.dataset.streamlitName || button.querySelector('[data-testid="stMarkdownContainer"]')?.textContent;
  if (!words || !words.trim()) return;
  const name = words.includes(group) ? words.trim() : `${words.trim()} · ${group}`;
  if (now === name) return;
  button.dataset.ownName = name;
  button.setAttribute("aria-label", name);
}

function nameAll() {
  waiting = false;
  for (const [key, name] of Object.entries(groups)) {
    const group = document.querySelector(`.st-key-${CSS.escape(key)}`);
    if (!group) continue;
    if (group.getAttribute("role") !== "group") group.setAttribute("role", "group");
    if (group.getAttribute("aria-label") !== name) group.setAttribute("aria-label", name);
    group.querySelectorAll("button").forEach((button) => nameButton(button, name));
  }
}

function later() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(nameAll);
}

export default function ({ data: [data] }) {
  groups = data.groups;
  if (!observer) {
    observer = new MutationObserver(later);
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  }
  later();
  return () => {
    observer?.disconnect();
    observer = null;
  };
}
