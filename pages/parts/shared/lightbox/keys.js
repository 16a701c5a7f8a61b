// The keyboard: in the lightbox, and through a page's scenes while it is closed. Nothing fires while somebody types.

const SWITCH = "story-studio-letter-keys";
const LEAPS = { ArrowUp: -1, ArrowDown: 1, j: 1, k: -1 };
const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
const ASKS = { f: "favourite", s: "pick", p: "pin", r: "redo", u: "settings", d: "download", z: "undo", Delete: "delete", Backspace: "delete" };
const TYPED_IN = "textarea, select, [contenteditable]:not([contenteditable=false]), [role=textbox], [role=combobox], " +
  "[role=searchbox], [role=spinbutton], canvas, iframe, " +
  "input:not([type=button]):not([type=checkbox]):not([type=submit]):not([type=reset])";
const OWN_KEYS = "[role=listbox], [role=menu], [role=radiogroup], [role=slider], [role=tablist], [role=grid], " +
  "[role=tree], [role=dialog], [role=application], dialog, [popover]";

class Keys {
  constructor(box) {
    this.box = box;
    this.scene = null;
  }

  press(event) {
    const { viewer, keyMap } = this.box;
    if (!viewer.isOpen && !keyMap.isOpen) return this.onPage(event);
    event.stopPropagation(); // the page below is not to hear of it
    if (isTyped(event)) return;
    const dialog = keyMap.isOpen ? keyMap.dialog : viewer.dialog;
    if (event.key === "Tab") return keepInside(event, dialog);
    if (event.key === "Escape") {
      event.preventDefault();
      if (keyMap.isOpen) keyMap.close();
      else if (viewer.held || viewer.isFour) viewer.single();
      else viewer.close();
    } else if (!keyMap.isOpen && this.inViewer(event, viewer)) {
      event.preventDefault();
    }
  }

  inViewer(event, viewer) {
    const key = letter(event);
    if (key === "z" && event.ctrlKey) viewer.ask("undo");
    else if (event.ctrlKey || event.metaKey || event.altKey) return false;
    else if (key in STEPS) viewer.step(STEPS[key]);
    else if (key in LEAPS && !(isScrolled(event) && key.startsWith("Arrow"))) viewer.leap(LEAPS[key]);
    else if (key === "Home" || key === "End") viewer.edge(key === "End");
    else if (key === "PageUp" || key === "PageDown") viewer.turnPage(key === "PageDown" ? 1 : -1);
    else if (/^[1-9]$/.test(key)) viewer.choose(Number(key));
    else if (key === "c") viewer.compare();
    else if (key === "v") viewer.four();
    else if (key === "?") this.box.keyMap.open();
    else if (key in ASKS && !event.repeat) viewer.ask(ASKS[key]);
    else return false;
    return true;
  }

  onPage(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyped(event)) return;
    const [inner] = event.composedPath();
    if (inner instanceof Element && hostPath(event).some((each) => each.matches(TYPED_IN) || each.matches(OWN_KEYS))) return;
    if (document.querySelector("[role=dialog], dialog[open]") || !this.box.keyMap.isOn) return;
    if (!this.act(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // "r" and "c" are Streamlit's own, too
  }

  act(event) {
    const { data, keyMap } = this.box;
    const key = letter(event);
    if (key === "?") keyMap.open();
    else if (!data.scenes.length) return false;
    else if (key === "j" || key === "k") this.go(LEAPS[key]);
    else if (key in STEPS) return this.alongStrip(STEPS[key]);
    else if (event.repeat) return false;
    else if (key === "c" || key === "o") this.openScene(key === "c");
    else if ((key === "p" || key === "r") && data.actions.includes(ASKS[key])) this.ask(ASKS[key]);
    else return false;
    return true;
  }

  // Where the focus is, else where J and K have led, else what is seen first.
  current() {
    const { scenes } = this.box.data;
    const there = scenes.map((scene) => [scene, sceneElement(scene.place)]).filter(([, node]) => node);
    const focused = there.find(([, node]) => node.contains(document.activeElement));
    const seen = there.find(([, node]) => node.getBoundingClientRect().bottom > window.innerHeight * 0.25);
    return (focused ?? there.find(([scene]) => scene.id === this.scene) ?? seen)?.[0] ?? null;
  }

  go(by) {
    const there = this.box.data.scenes.filter((scene) => sceneElement(scene.place));
    const current = this.current();
    if (!current) return;
    const isThere = sceneElement(current.place).contains(document.activeElement) || this.scene === current.id;
    const scene = isThere ? there[there.indexOf(current) + by] : current;
    if (!scene) return;
    this.scene = scene.id;
    const node = sceneElement(scene.place);
    const target = document.querySelector(`.st-key-whole-look-${CSS.escape(scene.place)} button`) ?? node;
    if (target === node) node.tabIndex = -1;
    target.focus({ preventScroll: true });
    node.style.scrollMarginTop = "7rem"; // what stays at the upper edge does not cover it
    node.scrollIntoView({ block: node.offsetHeight < window.innerHeight * 0.6 ? "center" : "start" });
  }

  // The focus goes along the scene's small pictures; Enter picks.
  alongStrip(by) {
    const scene = this.current();
    const node = scene && sceneElement(scene.place);
    if (!node?.contains(document.activeElement)) return false;
    const buttons = [...node.querySelectorAll('[class*="st-key-pick-"] button')];
    if (!buttons.length) return false;
    const at = buttons.indexOf(document.activeElement);
    const chosen = buttons.findIndex((button) => button.closest('[class*="st-key-thumb-chosen-"]'));
    buttons[Math.max(0, Math.min(buttons.length - 1, at < 0 ? Math.max(0, chosen) : at + by))].focus();
    return true;
  }

  openScene(compare) {
    const scene = this.current();
    const focused = takeOf(document.activeElement, this.box.data.scenes);
    if (scene) this.box.open({ place: scene.place, take: focused?.take ?? "", compare });
  }

  ask(kind) {
    const scene = this.current();
    const focused = takeOf(document.activeElement, this.box.data.scenes);
    if (scene) this.box.ask(kind, scene.id, kind === "pin" && focused ? focused.take : "");
  }
}

// Which keys there are, and a switch for those of the page: a voice or a palm presses letters unawares.
class KeyMap {
  constructor(parent) {
    this.dialog = parent.appendChild(element("dialog", "keymap"));
    this.heading = this.dialog.appendChild(element("h2", "", { id: "lightbox-keys", tabIndex: -1 }));
    this.dialog.setAttribute("aria-labelledby", "lightbox-keys");
    this.list = this.dialog.appendChild(element("dl"));
    const label = this.dialog.appendChild(element("label"));
    this.box = label.appendChild(element("input", "", { type: "checkbox" }));
    this.label = label.appendChild(element("span"));
    this.note = this.dialog.appendChild(element("p"));
    this.closeButton = this.dialog.appendChild(element("button", "", { type: "button" }));
    this.closeButton.addEventListener("click", () => this.close());
    this.box.addEventListener("change", () => { remember(this.box.checked); });
    this.dialog.addEventListener("close", () => this.back?.focus?.());
  }

  get isOpen() { return this.dialog.open; }
  get isOn() { return remembered(); }

  show(texts, hasScenes) {
    this.heading.textContent = texts.keys_title;
    this.label.textContent = texts.keys_switch;
    this.note.textContent = texts.keys_note;
    this.closeButton.textContent = texts.close;
    const rows = [
      ["J K", texts.keys_scenes], ["← →", texts.keys_takes], ["1–9", texts.keys_digits],
      ["PgUp PgDn", texts.keys_page], hasScenes && ["O", texts.keys_open], ["S", texts.keys_pick],
      ["P", texts.keys_pin], hasScenes && ["R", texts.keys_redo], ["C", texts.keys_compare], ["V", texts.keys_four], ["F", texts.keys_favourite], ["U", texts.keys_settings],
      ["D", texts.keys_download], ["Del", texts.keys_delete], ["Z", texts.keys_undo], ["?", texts.keys_title],
      ["Esc", texts.keys_close],
    ].filter(Boolean);
    this.list.replaceChildren(...rows.flatMap(([keys, text]) => {
      const term = element("dt");
      term.append(...keys.split(" ").map((key) => element("kbd", "", { textContent: key })));
      return [term, element("dd", "", { textContent: text })];
    }));
  }

  open() {
    if (this.isOpen) return;
    this.back = deepActive();
    this.box.checked = this.isOn;
    this.dialog.showModal();
    this.heading.focus();
  }

  close() { this.dialog.close(); }

  leave() { this.dialog.remove(); }
}

function letter(event) {
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

// Of an input method: what is pressed then chooses characters.
function isTyped(event) {
  return event.isComposing || event.keyCode === 229 || event.key === "Process" || event.key === "Dead";
}

function hostPath(event) {
  return event.composedPath().filter((each) => each instanceof Element);
}

// Whether the arrow scrolls what has the focus.
function isScrolled(event) {
  const [inner] = event.composedPath();
  return inner instanceof Element && inner.matches(".side") && inner.scrollHeight > inner.clientHeight;
}

function sceneElement(place) {
  const name = CSS.escape(place);
  return document.querySelector(`.st-key-card-${name}`) ?? document.querySelector(`.st-key-frame-${name}`);
}

function keepInside(event, dialog) {
  const inside = [...dialog.querySelectorAll("button, input, [tabindex='0']")].filter(
    (each) => !each.disabled && each.tabIndex >= 0 && each.getClientRects().length,
  );
  const at = inside.indexOf(dialog.getRootNode().activeElement);
  const next = at + (event.shiftKey ? -1 : 1);
  event.preventDefault();
  inside[at < 0 ? (event.shiftKey ? inside.length - 1 : 0) : (next + inside.length) % inside.length]?.focus();
}

function remembered() {
  try {
    return localStorage.getItem(SWITCH) !== "off";
  } catch {
    return true; // a browser that keeps nothing
  }
}

function remember(isOn) {
  try {
    localStorage.setItem(SWITCH, isOn ? "on" : "off");
  } catch {
    // a browser that keeps nothing
  }
}
