// What the lightbox and the page have to do with each other: where it opens, what it shows, what a person asks for.
// Everything that a person wrote goes through textContent and alt, never through innerHTML.

const boxes = new WeakMap();
const PATIENCE = 8000; // milliseconds
const CHOOSE = "choose-look-";
let lastOpened = 0; // a request to open is followed once, however often the page is drawn again

export default function (component) {
  const { parentElement } = component;
  if (!boxes.has(parentElement)) boxes.set(parentElement, new Lightbox(parentElement));
  const box = boxes.get(parentElement);
  box.show(component);
  return () => {
    box.leave();
    boxes.delete(parentElement);
  };
}

class Lightbox {
  constructor(parent) {
    this.groups = null;
    this.pending = null;
    this.sent = null; // what an answer is awaited for
    this.waiting = []; // asked for while an answer is awaited; each names its picture
    this.hint = element("button", "hint", { type: "button" });
    parent.appendChild(this.hint);
    this.viewer = new Viewer(this, parent);
    this.keyMap = new KeyMap(parent);
    this.keys = new Keys(this);
    this.hint.addEventListener("click", () => this.keyMap.open());
    this.listeners = [
      [document, "click", (event) => this.click(event)],
      [document, "dblclick", (event) => this.doubleClick(event)],
      [window, "keydown", (event) => this.keys.press(event)],
    ];
    // In the capturing phase: before Streamlit's own shortcuts, and before a button would ask the server.
    for (const [target, name, listener] of this.listeners) target.addEventListener(name, listener, true);
  }

  leave() {
    for (const [target, name, listener] of this.listeners) target.removeEventListener(name, listener, true);
    this.viewer.leave();
    this.keyMap.leave();
    this.hint.remove();
  }

  show({ data: [data], setTriggerValue }) {
    const isNew = !this.data || this.data.revision !== data.revision || this.data.address !== data.address;
    this.data = data;
    this.send = setTriggerValue;
    this.texts = data.texts;
    this.hint.textContent = this.texts.keys_hint;
    this.keyMap.show(this.texts, data.scenes.length > 0);
    this.viewer.show(this.texts, data.actions);
    if (!data.address) this.groups = data.groups;
    else if (isNew) this.groups = null;
    const isAnswered = data.answer && data.answer.turn === this.pending;
    if (isAnswered) {
      this.pending = this.sent = null;
      this.groups = data.address ? null : data.groups;
      this.sendNext();
    }
    // What is still to be done is shown as done already: looked at is what there is once all of it is.
    if (this.viewer.isOpen && !this.isBusy && (isNew || isAnswered || !data.address)) this.refresh(isAnswered ? data.answer : null);
    else if (isAnswered && data.answer.failed) this.viewer.tell(data.answer);
    if (data.open && data.open.turn > lastOpened) {
      lastOpened = data.open.turn;
      this.open(data.open);
    }
  }

  async refresh(answer) {
    const groups = await this.load();
    // Something was asked for while they came: they are older than what is shown, and its answer brings newer ones.
    if (this.viewer.isOpen && groups && !this.isBusy) this.viewer.refresh(groups);
    if (answer) this.viewer.tell({ ...answer, said: answer.said || this.texts[`done_${answer.kind}`] || "" });
  }

  // The groups as they are now; null where they cannot be had. Of several askings the last one's answer counts.
  async load() {
    if (this.groups) return this.groups;
    const address = this.data.address;
    const asked = (this.asked = {});
    try {
      const response = await fetch(address, { headers: { Accept: "application/json" } });
      const groups = (await response.json()).groups;
      if (asked !== this.asked) return this.load();
      if (address === this.data.address) this.groups = groups;
      return groups;
    } catch {
      return null;
    }
  }

  async open({ place, take = "", beside = "", compare = false, newest = false }) {
    const returnTo = deepActive();
    if (this.data.address) this.groups = null; // painting goes on while nobody looks
    const groups = await this.load();
    if (!groups?.length) return this.viewer.fail();
    this.viewer.open(groups, { place, take, beside, compare, newest, returnTo });
  }

  click(event) {
    const place = placeOf(event.target);
    if (place === null || event.button !== 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.open({ place, newest: keyAfter(event.target, CHOOSE) !== null });
  }

  // A click on a small picture picks it; two of them show it large.
  doubleClick(event) {
    const found = takeOf(event.target, this.data.scenes);
    if (found) this.open(found);
  }

  // An answer that does not come, because the server has been away, holds nothing up for long.
  get isBusy() { return this.pending !== null && Date.now() - this.pending < PATIENCE; }

  // Where the pictures are read by an address nothing else can draw them meanwhile.
  get isQuick() { return Boolean(this.data.address); }

  // A picture that is shown until the answer comes can be deleted a second time: once is meant.
  ask(kind, scene, take) {
    const isTwice = (each) => each?.kind === kind && each.scene === scene && each.take === take;
    if (kind === "delete" && [this.isBusy && this.sent, ...this.waiting].some(isTwice)) return;
    this.waiting.push({ kind, scene, take });
    this.sendNext();
  }

  sendNext() {
    if (this.isBusy || !this.waiting.length) return;
    this.pending = Date.now();
    this.viewer.wait();
    this.sent = this.waiting.shift();
    this.send("asked", { ...this.sent, turn: this.pending });
  }
}

// "s3" for a click on what `lightbox.opener("s3")` or `lightbox.chooser("s3")` has drawn.
function placeOf(target) {
  return keyAfter(target, "whole-look-") ?? keyAfter(target, CHOOSE);
}

// Scene and take of a small picture in a scene's strip.
function takeOf(target, scenes) {
  const key = keyAfter(target, "pick-");
  const scene = key && scenes.find((each) => key.startsWith(`${each.place}-`));
  return scene ? { place: scene.place, scene: scene.id, take: key.slice(scene.place.length + 1) } : null;
}

function keyAfter(target, start) {
  const found = target instanceof Element && target.closest(`[class*="st-key-${start}"]`);
  if (!found) return null;
  const name = [...found.classList].find((each) => each.startsWith(`st-key-${start}`));
  return name ? name.slice(`st-key-${start}`.length) : null;
}

function deepActive() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

function element(name, className, attributes = {}) {
  const made = document.createElement(name);
  if (className) made.className = className;
  return Object.assign(made, attributes);
}

// A button that is only a drawing; its words are for screen readers and for whoever waits over it.
function iconButton(className, path) {
  const button = element("button", `icon ${className}`, { type: "button" });
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  drawing.appendChild(line);
  button.appendChild(drawing);
  return button;
}

function name(node, text) {
  node.setAttribute("aria-label", text);
  node.title = text;
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}
