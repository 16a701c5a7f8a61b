// The board full screen, slide by slide. Every slide is the very picture that is saved.
// Everything that a person wrote goes through textContent and alt, never through innerHTML.

const decks = new WeakMap();
const STEPS = {
  ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, j: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1, k: -1,
};
const SWIPE = 48; // pixels; less is a tap
const IDLE = 2500; // milliseconds without moving, after which nothing lies over the slide

export default function (component) {
  const { parentElement } = component;
  if (!decks.has(parentElement)) decks.set(parentElement, new Deck(parentElement));
  const deck = decks.get(parentElement);
  deck.show(component.data[0]);
  return () => {
    deck.leave();
    decks.delete(parentElement);
  };
}

class Deck {
  constructor(parent) {
    this.number = 0;
    this.loaded = new Map();
    this.row = parent.appendChild(element("div", "row"));
    this.start = this.row.appendChild(element("button", "start", { type: "button" }));
    this.save = this.row.appendChild(element("button", "save", { type: "button" }));
    this.dialog = parent.appendChild(element("dialog"));
    this.image = this.dialog.appendChild(element("img", "", { draggable: false }));
    this.status = this.dialog.appendChild(element("p", "status"));
    this.status.setAttribute("role", "status");
    const bar = this.dialog.appendChild(element("div", "bar"));
    this.before = button(bar, () => this.step(-1));
    this.count = bar.appendChild(element("span", "count"));
    this.next = button(bar, () => this.step(1));
    this.saveShown = button(bar, () => this.download(this.number));
    this.close = button(bar, () => this.end());
    this.start.addEventListener("click", () => this.begin());
    this.save.addEventListener("click", () => this.download(0));
    this.dialog.addEventListener("keydown", (event) => this.press(event));
    this.dialog.addEventListener("cancel", (event) => { event.preventDefault(); this.end(); });
    this.dialog.addEventListener("pointermove", () => this.stir());
    this.dialog.addEventListener("focusin", () => this.stir());
    this.swipes();
    this.listeners = [
      [window, "resize", () => { if (this.dialog.open) this.draw(); }],
      [document, "fullscreenchange", () => { if (!document.fullscreenElement && this.wasFull) this.end(); }],
    ];
    for (const [target, name, listener] of this.listeners) target.addEventListener(name, listener);
  }

  leave() {
    this.end();
    for (const [target, name, listener] of this.listeners) target.removeEventListener(name, listener);
    clearTimeout(this.idle);
    this.row.remove();
    this.dialog.remove();
  }

  show(data) {
    this.data = data;
    const { texts } = data;
    this.start.textContent = texts.start;
    this.save.textContent = texts.save;
    this.before.textContent = texts.before;
    this.next.textContent = texts.next;
    this.saveShown.textContent = texts.save_shown;
    this.close.textContent = texts.end;
    this.dialog.setAttribute("aria-label", texts.name.replace("{title}", data.title));
    if (this.dialog.open) this.to(Math.min(this.number, data.names.length));
  }

  async begin() {
    this.number = 0;
    this.dialog.showModal();
    this.draw();
    this.next.focus();
    this.stir();
    try {
      await document.documentElement.requestFullscreen({ navigationUI: "hide" });
      this.wasFull = this.dialog.open;
    } catch {
      this.wasFull = false; // a telephone that has no full screen: the whole window it is
    }
  }

  end() {
    if (!this.dialog.open) return;
    this.dialog.close();
    if (this.wasFull && document.fullscreenElement) document.exitFullscreen();
    this.wasFull = false;
    this.start.focus();
  }

  step(by) { this.to(this.number + by); }

  to(number) {
    if (number < 0 || number > this.data.names.length) return;
    this.number = number;
    this.draw();
  }

  draw() {
    const { texts, names, title } = this.data;
    const said = this.number ? names[this.number - 1] : [title, ...names].join(". ");
    this.image.alt = said;
    if (this.status.textContent !== said) this.status.textContent = said;
    this.count.textContent = this.number ? `${this.number} / ${names.length}` : texts.all;
    this.before.disabled = this.number === 0;
    this.next.disabled = this.number === names.length;
    if (this.dialog.getRootNode().activeElement?.disabled) (this.next.disabled ? this.before : this.next).focus();
    const address = this.address(this.number);
    const ready = this.load(address);
    const show = () => { if (address === this.address(this.number)) this.image.src = address; };
    if (ready.complete && ready.naturalWidth) show();
    else ready.addEventListener("load", show, { once: true });
    for (const beside of [this.number + 1, this.number - 1]) {
      if (beside >= 0 && beside <= names.length) this.load(this.address(beside));
    }
  }

  load(address) {
    if (!this.loaded.has(address)) this.loaded.set(address, element("img", "", { src: address }));
    return this.loaded.get(address);
  }

  // For the screen that it is seen on, in the colours of the page.
  address(number) {
    const shape = window.innerWidth >= window.innerHeight ? "wide" : "tall";
    const [red, green, blue] = getComputedStyle(this.dialog).backgroundColor.match(/[\d.]+/g).map(Number);
    const theme = red + green + blue < 384 ? "dark" : "light";
    return this.data.address.replace("{shape}", shape).replace("{theme}", theme).replace("{number}", number);
  }

  download(number) {
    const name = number ? `${this.data.file}-${number}.png` : `${this.data.file}-board.png`;
    element("a", "", { href: this.address(number), download: name }).click();
  }

  press(event) {
    event.stopPropagation(); // the page below is not to hear of it
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    this.stir();
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const isButton = event.composedPath()[0] instanceof HTMLButtonElement;
    if (key === "Escape") this.end();
    else if (key === "Tab") return this.keepInside(event);
    else if (key in STEPS && !(key === " " && isButton)) this.step(STEPS[key]);
    else if (key === "Home" || key === "0") this.to(0);
    else if (key === "End") this.to(this.data.names.length);
    else if (key >= "1" && key <= "9") this.to(Number(key));
    else if (key === "s" || key === "d") this.download(this.number);
    else return;
    event.preventDefault();
  }

  keepInside(event) {
    const inside = [this.before, this.next, this.saveShown, this.close].filter((each) => !each.disabled);
    const at = inside.indexOf(this.dialog.getRootNode().activeElement);
    event.preventDefault();
    inside[(at + (event.shiftKey ? -1 : 1) + inside.length) % inside.length].focus();
  }

  // The bar is there while somebody moves, and gone from the slide after that.
  stir() {
    this.dialog.classList.remove("idle");
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.dialog.classList.add("idle"), IDLE);
  }

  swipes() {
    let start = null;
    this.dialog.addEventListener("pointerdown", (event) => {
      start = event.isPrimary && !(event.composedPath()[0] instanceof HTMLButtonElement) ? event.clientX : null;
    });
    this.dialog.addEventListener("pointercancel", () => { start = null; });
    this.dialog.addEventListener("pointerup", (event) => {
      if (start === null || !event.isPrimary) return;
      const moved = event.clientX - start;
      start = null;
      if (Math.abs(moved) >= SWIPE) this.step(moved < 0 ? 1 : -1);
      else if (event.pointerType === "mouse") this.step(1);
      else this.stir();
    });
  }
}

function button(parent, action) {
  const made = parent.appendChild(element("button", "", { type: "button" }));
  made.addEventListener("click", action);
  return made;
}

function element(name, className, attributes = {}) {
  const made = document.createElement(name);
  if (className) made.className = className;
  return Object.assign(made, attributes);
}
