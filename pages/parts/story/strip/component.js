// All panels of a story in a row: where one is, what state each is in, and the way to it. A panel is moved by dragging
// it, by the two buttons of the panel that has the focus, or with Alt and an arrow.
// Everything that a person wrote goes through textContent and attributes, never through innerHTML.

const strips = new WeakMap();
const PHONE = "(max-width: 640px)";
const SCROLLING = ["wheel", "touchmove", "keydown", "pointerdown"];
const DRAGGED = "application/x-story-panel";

export default function (component) {
  const { parentElement } = component;
  if (!strips.has(parentElement)) strips.set(parentElement, new Strip(parentElement));
  const strip = strips.get(parentElement);
  strip.show(component);
  return () => {
    strip.leave();
    strips.delete(parentElement);
  };
}

class Strip {
  constructor(parent) {
    this.cells = new Map();
    this.back = element("button", "arrow", { type: "button", textContent: "‹" });
    this.list = element("ol", "panels");
    this.on = element("button", "arrow", { type: "button", textContent: "›" });
    this.said = element("p", "said");
    this.said.setAttribute("role", "status");
    this.parts = [this.back, this.list, this.on, this.said];
    parent.append(...this.parts);
    this.back.addEventListener("click", () => this.step(-1));
    this.on.addEventListener("click", () => this.step(1));
    this.list.addEventListener("keydown", (event) => this.press(event));
    this.list.addEventListener("dragover", (event) => this.over(event));
    this.list.addEventListener("dragleave", (event) => {
      if (!this.list.contains(event.relatedTarget)) this.mark(null);
    });
    this.list.addEventListener("drop", (event) => this.drop(event));
    this.scrolled = () => { this.held = null; };
    for (const name of SCROLLING) window.addEventListener(name, this.scrolled, { passive: true });
    this.seen = new Map();
    this.watcher = new IntersectionObserver((entries) => this.look(entries), { threshold: [0, 0.25, 0.5, 0.75, 1] });
    this.watched = new Map();
    this.frame = new MutationObserver(() => this.later());
    this.frame.observe(document.body, { subtree: true, childList: true });
  }

  leave() {
    this.watcher.disconnect();
    this.frame.disconnect();
    for (const name of SCROLLING) window.removeEventListener(name, this.scrolled);
    for (const part of this.parts) part.remove();
  }

  show({ data: [data], setTriggerValue }) {
    this.send = setTriggerValue;
    this.texts = data.texts;
    this.list.setAttribute("aria-label", data.texts.list);
    this.back.setAttribute("aria-label", data.texts.back);
    this.on.setAttribute("aria-label", data.texts.on);
    const fresh = new Map();
    for (const panel of data.panels) {
      const cell = this.cells.get(panel.id) ?? this.cell(panel.id);
      this.fill(cell, panel, data.panels.length);
      fresh.set(panel.id, cell);
    }
    const focused = this.list.getRootNode().activeElement;
    const before = [...this.list.children], after = [...fresh.values()];
    if (before.length !== after.length || before.some((cell, place) => cell !== after[place])) {
      this.list.replaceChildren(...after);
      if (focused && this.list.contains(focused)) focused.focus({ preventScroll: true });
    }
    this.cells = fresh;
    if (!fresh.has(this.here)) this.here = data.panels[0]?.id;
    this.place();
    this.later();
  }

  cell(id) {
    const cell = element("li", "cell", { draggable: true });
    cell.dataset.scene = id;
    cell.go = cell.appendChild(element("button", "go", { type: "button" }));
    cell.picture = cell.go.appendChild(element("span", "picture"));
    const words = cell.go.appendChild(element("span", "words"));
    cell.nameLine = words.appendChild(element("span", "name"));
    cell.stateLine = words.appendChild(element("span", "state"));
    cell.bar = cell.go.appendChild(element("span", "share"));
    cell.earlier = cell.appendChild(element("button", "move earlier", { type: "button", textContent: "‹" }));
    cell.later = cell.appendChild(element("button", "move later", { type: "button", textContent: "›" }));
    cell.go.addEventListener("click", () => this.jump(id));
    cell.earlier.addEventListener("click", () => this.move(id, -1));
    cell.later.addEventListener("click", () => this.move(id, 1));
    cell.addEventListener("dragstart", (event) => {
      event.dataTransfer.setData(DRAGGED, id);
      event.dataTransfer.effectAllowed = "move";
      this.dragged = id;
      cell.classList.add("dragged");
    });
    cell.addEventListener("dragend", () => {
      this.dragged = null;
      cell.classList.remove("dragged");
      this.mark(null);
    });
    return cell;
  }

  fill(cell, panel, count) {
    cell.dataset.state = panel.state;
    cell.dataset.pinned = String(panel.pinned);
    cell.go.title = panel.title;
    cell.go.setAttribute("aria-label", panel.spoken);
    cell.nameLine.textContent = panel.name;
    cell.stateLine.textContent = panel.mark;
    cell.bar.style.width = panel.share === null ? "0" : `${Math.round(100 * panel.share)}%`;
    const image = cell.picture.querySelector("img");
    if (!panel.src) image?.remove();
    else if (!image) cell.picture.appendChild(element("img", "", { src: panel.src, alt: "", draggable: false }));
    else if (image.getAttribute("src") !== panel.src) image.src = panel.src;
    cell.earlier.setAttribute("aria-label", panel.earlier);
    cell.later.setAttribute("aria-label", panel.later);
    cell.earlier.disabled = panel.number === 1;
    cell.later.disabled = panel.number === count;
  }

  // --- where one is

  later() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.watch();
    });
  }

  watch() {
    for (const id of this.cells.keys()) {
      const target = card(id);
      if (this.watched.get(id) === target) continue;
      if (this.watched.has(id) && this.watched.get(id)) this.watcher.unobserve(this.watched.get(id));
      this.watched.set(id, target);
      if (target) this.watcher.observe(target);
    }
  }

  look(entries) {
    for (const entry of entries) {
      const id = [...this.watched].find(([, target]) => target === entry.target)?.[0];
      if (id) this.seen.set(id, entry.isIntersecting ? entry.intersectionRatio : 0);
    }
    const order = [...this.cells.keys()];
    const best = Math.max(0, ...order.map((id) => this.seen.get(id) ?? 0));
    if (best === 0 || this.held) return;
    // Of scenes that are seen alike the first one: several fit on a screen.
    const first = order.find((id) => (this.seen.get(id) ?? 0) >= best - 0.05);
    if (first && first !== this.here) {
      this.here = first;
      this.place();
    }
  }

  place() {
    const order = [...this.cells.keys()];
    const focused = this.list.getRootNode().activeElement;
    const reached = [...this.cells.values()].find((cell) => cell.contains(focused)) ?? this.cells.get(this.here);
    for (const [id, cell] of this.cells) {
      if (id === this.here) cell.go.setAttribute("aria-current", "true");
      else cell.go.removeAttribute("aria-current");
      this.reach(cell, cell === reached);
    }
    const here = this.cells.get(this.here);
    const at = order.indexOf(this.here);
    this.back.disabled = at <= 0;
    this.on.disabled = at >= order.length - 1;
    if (here && this.list.scrollWidth > this.list.clientWidth) {
      this.list.scrollTo({ left: here.offsetLeft - this.list.clientWidth / 2 + here.offsetWidth / 2 });
    }
  }

  // One panel is on the way of the Tab key, with its two buttons; the arrows lead to the others.
  reach(cell, isReached) {
    for (const button of [cell.go, cell.earlier, cell.later]) button.tabIndex = isReached ? 0 : -1;
  }

  // --- the way to a panel

  step(by) {
    const order = [...this.cells.keys()];
    const next = order[order.indexOf(this.here) + by];
    if (next) this.jump(next, { keepFocus: true });
  }

  jump(id, { keepFocus = false } = {}) {
    const target = card(id);
    if (!target) return;
    const isPhone = matchMedia(PHONE).matches;
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    target.style.scrollMarginTop = `${bar().height + 8}px`;
    if (isPhone && target.closest('[class*="st-key-scenes-"]')) {
      const row = target.closest('[class*="st-key-scenes-"]');
      const by = target.getBoundingClientRect().left - row.getBoundingClientRect().left;
      row.scrollBy({ left: by, behavior });
    } else {
      target.scrollIntoView({ behavior, block: "start", inline: "nearest" });
    }
    this.here = this.held = id; // until somebody scrolls: the last scenes never reach the top of the window
    this.place();
    if (keepFocus) return;
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
  }

  press(event) {
    const cell = event.target.closest("li");
    if (!cell) return;
    const order = [...this.cells.keys()];
    const at = order.indexOf(cell.dataset.scene);
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.altKey && by) this.move(cell.dataset.scene, by);
    else if (event.altKey || event.ctrlKey || event.metaKey) return;
    else if (by) this.focusOn(order[at + by]);
    else if (event.key === "Home") this.focusOn(order[0]);
    else if (event.key === "End") this.focusOn(order[order.length - 1]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  focusOn(id) {
    const cell = this.cells.get(id);
    if (!cell) return;
    for (const each of this.cells.values()) this.reach(each, each === cell);
    cell.go.focus();
  }

  // --- another order

  move(id, by) {
    const order = [...this.cells.keys()];
    this.moveTo(id, order.indexOf(id) + by);
  }

  moveTo(id, to) {
    const order = [...this.cells.keys()];
    const from = order.indexOf(id);
    if (from < 0 || to < 0 || to >= order.length || to === from) return;
    order.splice(to, 0, order.splice(from, 1)[0]);
    const focused = this.list.getRootNode().activeElement;
    this.cells = new Map(order.map((each) => [each, this.cells.get(each)])); // seen at once; Python answers in a moment
    this.list.replaceChildren(...this.cells.values());
    if (focused && this.list.contains(focused)) focused.focus({ preventScroll: true });
    this.said.textContent = this.texts.moved.replace("{place}", to + 1).replace("{all}", order.length);
    this.send("moved", { scene: id, to });
  }

  over(event) {
    if (!this.dragged) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    this.mark(this.gap(event.clientX, event.clientY));
  }

  drop(event) {
    if (!this.dragged) return;
    event.preventDefault();
    const order = [...this.cells.keys()];
    const from = order.indexOf(this.dragged);
    const gap = this.gap(event.clientX, event.clientY);
    const id = this.dragged;
    this.dragged = null;
    this.mark(null);
    this.moveTo(id, gap > from ? gap - 1 : gap);
  }

  // Between which panels the mouse is: 0 is before the first one.
  gap(x, y) {
    const cells = [...this.cells.values()];
    const beyond = cells.findIndex((cell) => {
      const box = cell.getBoundingClientRect();
      return y < box.top || (y <= box.bottom && x < box.left + box.width / 2);
    });
    return beyond < 0 ? cells.length : beyond;
  }

  mark(gap) {
    [...this.cells.values()].forEach((cell, place, all) => {
      cell.classList.toggle("before", place === gap);
      cell.classList.toggle("after", gap === all.length && place === all.length - 1);
    });
  }
}

function card(id) {
  const key = CSS.escape(id);
  return document.querySelector(`.st-key-card-${key}`) ?? document.querySelector(`.st-key-frame-${key}`);
}

function bar() {
  return document.querySelector(".st-key-bar")?.getBoundingClientRect() ?? { height: 0 };
}

function element(name, className, attributes = {}) {
  const made = document.createElement(name);
  if (className) made.className = className;
  Object.assign(made, attributes);
  return made;
}
