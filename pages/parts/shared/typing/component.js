// Text is saved while it is typed: after a pause, and before the page is left. Focus, caret and what was typed stay.

const PAUSE = 1000, PATIENCE = 5000, MOMENT = 300; // milliseconds
const LONG_PATIENCE = 30000; // with an app that is seen to be at work
const PRESSED = 'button, a[href], label, summary, [role="button"], [role="radio"], [role="checkbox"], [role="tab"]';
const FIELDS = '[data-testid="stTextArea"] textarea, [data-testid="stTextInput"] input, [data-testid="stNumberInput"] input';

export default function (component) {
  const desk = (window.storyStudioTyping ??= new Desk());
  desk.show(component);
  return () => desk.put(component.parentElement);
}

class Desk {
  constructor() {
    this.fields = {};
    this.touched = new Map(); // element → timer
    this.focused = null;
    this.pressed = null;
    this.ours = new WeakSet();
    document.addEventListener("input", (event) => this.typed(event.target), true);
    document.addEventListener("compositionend", (event) => this.typed(event.target), true);
    document.addEventListener("focusout", () => setTimeout(() => this.look()), true);
    document.addEventListener("mousedown", (event) => this.press(event), true);
    document.addEventListener("mouseup", () => setTimeout(() => (this.pressed = null)), true);
    document.addEventListener("click", (event) => this.click(event), true);
    document.addEventListener("visibilitychange", () => document.hidden && this.save());
    window.addEventListener("pagehide", () => this.save());
    window.addEventListener("beforeunload", (event) => this.leave(event));
    window.addEventListener("beforeunload", () => this.linger());
    window.navigation?.addEventListener("navigate", (event) => this.goBack(event));
    window.navigation?.addEventListener("navigate", () => this.release?.());
    // The key that makes Streamlit send a field is for the field alone, not for a shortcut of the page.
    document.body.addEventListener("keydown", (event) => this.ours.has(event) && event.stopPropagation());
  }

  show({ data: [data], parentElement }) {
    this.fields = data.fields;
    this.texts = data.texts;
    if (this.place !== parentElement) {
      this.place = parentElement;
      this.chip = parentElement.appendChild(document.createElement("p"));
      this.chip.className = "not-saved-yet";
    }
    this.chip.textContent = data.texts.unsaved;
    if (data.focus && data.focus.turn !== this.focused) {
      this.focused = data.focus.turn;
      this.focus(data.focus.field, performance.now() + PATIENCE);
    }
    this.look();
  }

  put(parentElement) {
    if (this.place !== parentElement) return;
    this.chip.remove();
    this.place = null;
  }

  focus(field, until) {
    const found = document.querySelector(`.st-key-${CSS.escape(field)} :is(input, textarea, button)`);
    if (found) {
      found.focus();
      if (found.select) this.select(found, performance.now() + MOMENT);
    } else if (performance.now() < until) {
      requestAnimationFrame(() => this.focus(field, until));
    }
  }

  // A field that is new gets its text a moment later, which puts the caret behind it; whoever types first is left alone.
  select(field, until) {
    const begun = new AbortController();
    for (const event of ["keydown", "pointerdown"]) field.addEventListener(event, () => begun.abort(), { once: true });
    const keep = () => {
      if (begun.signal.aborted || document.activeElement !== field) return;
      field.select();
      if (performance.now() < until) requestAnimationFrame(keep);
    };
    keep();
  }

  typed(element) {
    if (!element.matches?.(FIELDS)) return;
    clearTimeout(this.touched.get(element));
    this.touched.set(element, setTimeout(() => this.pause(element), PAUSE));
    this.look();
  }

  // Text that is saved with the press moves the page, and the release then meets something else: it waits for the click.
  press(event) {
    const isUnsaved = this.unsaved().includes(document.activeElement);
    const [target] = event.composedPath(); // also what lies in a component's own tree
    this.pressed = isUnsaved && event.button === 0 ? target.closest?.(PRESSED) : null;
    if (this.pressed) event.preventDefault(); // the field keeps the focus
  }

  click(event) {
    if (!this.pressed?.contains(event.composedPath()[0])) return;
    document.activeElement.blur();
    this.pressed.focus({ preventScroll: true });
  }

  pause(element) {
    const field = this.field(element);
    if (this.pressed || (!field && isBeingDrawn())) return this.typed(element);
    if (!field || this.isSaved(element, field)) return this.look();
    const value = element.value;
    if (field.when === "words" && (value === "" || value !== trimmed(value))) return;
    if (field.when !== "leave") this.send(element);
  }

  // Streamlit sends a field at this key; what has not changed since it was sent is not sent again.
  send(element) {
    const enter = { key: "Enter", code: "Enter", keyCode: 13, ctrlKey: true, altKey: true, shiftKey: true };
    const event = new KeyboardEvent("keydown", { ...enter, bubbles: true, cancelable: true });
    this.ours.add(event);
    element.dispatchEvent(event);
  }

  save() {
    for (const element of this.unsaved()) this.send(element);
  }

  unsaved() {
    const found = [];
    for (const [element, timer] of this.touched) {
      const field = this.field(element);
      const isUnsaved = element.isConnected && (field ? !this.isSaved(element, field) : isBeingDrawn());
      if (isUnsaved) {
        found.push(element);
      } else if (field || !element.isConnected) {
        clearTimeout(timer);
        this.touched.delete(element);
      }
    }
    return found;
  }

  look() {
    document.documentElement.toggleAttribute("data-unsaved", this.unsaved().length > 0);
  }

  field(element) {
    for (let holder = element.parentElement; holder; holder = holder.parentElement) {
      for (const name of holder.classList) {
        if (name.startsWith("st-key-") && Object.hasOwn(this.fields, name.slice(7))) return this.fields[name.slice(7)];
      }
    }
    return null;
  }

  isSaved(element, field) {
    if (element.type === "number") return field.saved.includes(element.value === "" ? null : Number(element.value));
    return field.saved.includes(checksum(trimmed(element.value)));
  }

  leave(event) {
    if (this.unsaved().length === 0) return;
    this.hold();
    this.save();
    event.preventDefault();
    event.returnValue = true;
  }

  // Streamlit sends at its next turn, which does not come any more where a page is left: turns are caught here, and
  // taken in the listener after this one, behind what React does between the two.
  hold() {
    const wait = window.setTimeout, turns = [];
    window.setTimeout = (turn, delay, ...values) =>
      delay > 0 ? wait.call(window, turn, delay, ...values) : turns.push(() => turn(...values));
    this.release = () => {
      window.setTimeout = wait;
      this.release = null;
      turns.forEach((turn) => turn());
    };
  }

  linger() {
    if (!this.release) return;
    this.release();
    for (const until = performance.now() + MOMENT; performance.now() < until; ); // it is on its way
  }

  // Back within the Studio: first the text, then the other page. Where the browser does not wait, the text goes ahead.
  async goBack(event) {
    const { key, sameDocument } = event.destination;
    if (this.isGoing || event.navigationType !== "traverse" || !sameDocument || this.unsaved().length === 0) return;
    if (!event.cancelable) {
      this.hold();
      this.save();
      return;
    }
    event.preventDefault();
    this.save();
    const begun = performance.now();
    const isPatient = () => performance.now() - begun < (isBeingDrawn() ? LONG_PATIENCE : PATIENCE);
    while (this.unsaved().length > 0 && isPatient()) await new Promise((go) => setTimeout(go, 50));
    if (this.unsaved().length > 0 && !window.confirm(this.texts.leave)) return;
    this.isGoing = true;
    await window.navigation.traverseTo(key).finished.catch(() => null);
    this.isGoing = false;
  }
}

// What is typed before its page is drawn to the end is in no list yet.
function isBeingDrawn() {
  return document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState !== "notRunning";
}

function trimmed(text) {
  return text.replace(/\r\n/g, "\n").replace(/^[ \t\n]+|[ \t\n]+$/g, "");
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte >>> 0;
});

function checksum(text) {
  let sum = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}
