// Pictures side by side. Everything that a person wrote goes through textContent and alt, never through innerHTML.

const grids = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  if (!grids.has(parentElement)) grids.set(parentElement, new Grid(parentElement));
  grids.get(parentElement).show(component);
}

class Grid {
  constructor(parent) {
    this.cells = new Map();
    this.turn = null;
    this.favourites = {};
    this.list = document.createElement("ul");
    this.list.addEventListener("keydown", (event) => this.press(event));
    this.list.addEventListener("focusin", (event) => this.rove(event.target.closest("li")));
    parent.appendChild(this.list);
  }

  show({ data: [data], setTriggerValue }) {
    this.send = setTriggerValue;
    this.texts = data.texts;
    this.list.setAttribute("aria-label", data.texts.list);
    if (this.turn === null || data.turn >= this.turn) {
      this.turn = data.turn; // an answer to everything that was sent
      this.favourites = {};
    }
    const isAnswer = this.turn === data.turn;
    const fresh = new Map();
    for (const picture of data.pictures) {
      const cell = this.cells.get(picture.key) ?? this.cell(picture.key);
      this.fill(cell, picture, isAnswer);
      fresh.set(picture.key, cell);
    }
    const before = [...this.list.children], after = [...fresh.values()];
    if (before.length !== after.length || before.some((cell, place) => cell !== after[place])) {
      this.list.replaceChildren(...after);
      this.last = null;
    }
    this.cells = fresh;
    this.rove(after.find((cell) => cell.contains(this.list.getRootNode().activeElement)) ?? after[0]);
  }

  cell(key) {
    const cell = document.createElement("li");
    cell.dataset.key = key;
    cell.open = cell.appendChild(element("button", "open", { type: "button" }));
    cell.image = cell.open.appendChild(element("img", "", { loading: "lazy", decoding: "async", draggable: false }));
    const words = cell.open.appendChild(element("span", "words"));
    cell.titleLine = words.appendChild(element("span", "title"));
    cell.factsLine = words.appendChild(element("span", "facts"));
    cell.tick = cell.appendChild(element("input", "tick", { type: "checkbox" }));
    cell.heart = cell.appendChild(element("button", "heart", { type: "button" }));
    cell.heart.appendChild(heart());
    cell.open.addEventListener("click", () => this.send("opened", key));
    cell.heart.addEventListener("click", () => this.favour(cell));
    cell.tick.addEventListener("click", (event) => this.choose(cell, event.shiftKey));
    return cell;
  }

  fill(cell, picture, isAnswer) {
    if (cell.image.getAttribute("src") !== picture.src) cell.image.src = picture.src;
    cell.image.alt = "";
    cell.titleLine.textContent = picture.title;
    cell.factsLine.textContent = picture.facts;
    cell.classList.toggle("gone", picture.gone);
    cell.open.setAttribute("aria-label", this.texts.open.replace("{name}", picture.name));
    cell.tick.setAttribute("aria-label", this.texts.select.replace("{name}", picture.name));
    cell.heart.setAttribute("aria-label", this.texts.favourite.replace("{name}", picture.name));
    if (isAnswer) {
      cell.tick.checked = picture.chosen;
      cell.heart.setAttribute("aria-pressed", String(picture.favourite));
    }
    cell.classList.toggle("chosen", cell.tick.checked);
  }

  choose(cell, isRange) {
    const cells = [...this.list.children];
    const [from, to] = [cells.indexOf(this.last ?? cell), cells.indexOf(cell)];
    if (isRange && from >= 0) {
      for (const each of cells.slice(Math.min(from, to), Math.max(from, to) + 1)) each.tick.checked = cell.tick.checked;
    }
    this.last = cell;
    for (const each of cells) each.classList.toggle("chosen", each.tick.checked);
    this.change();
  }

  favour(cell) {
    const isFavourite = cell.heart.getAttribute("aria-pressed") !== "true";
    cell.heart.setAttribute("aria-pressed", String(isFavourite));
    this.favourites[cell.dataset.key] = isFavourite;
    this.change();
  }

  change() {
    this.turn += 1;
    const chosen = [...this.list.children].filter((cell) => cell.tick.checked).map((cell) => cell.dataset.key);
    this.send("changed", { turn: this.turn, chosen, favourites: { ...this.favourites } });
  }

  press(event) {
    const cell = event.target.closest("li");
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
    const cells = [...this.list.children];
    const place = cells.indexOf(cell);
    const columns = getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
    const targets = {
      ArrowRight: place + 1,
      ArrowLeft: place - 1,
      ArrowDown: place + columns,
      ArrowUp: place - columns,
      Home: 0,
      End: cells.length - 1,
    };
    if (event.key in targets) {
      cells[targets[event.key]]?.open.focus();
    } else if (event.key === "x" || event.key === "X") {
      cell.tick.checked = !cell.tick.checked;
      this.choose(cell, event.shiftKey);
    } else if (event.key === "f" || event.key === "F") {
      this.favour(cell);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  // One cell is on the way of the Tab key; the arrows lead to the others.
  rove(cell) {
    if (!cell) return;
    for (const each of this.list.children) {
      for (const control of [each.open, each.tick, each.heart]) control.tabIndex = each === cell ? 0 : -1;
    }
  }
}

function element(name, className, attributes = {}) {
  const made = document.createElement(name);
  if (className) made.className = className;
  Object.assign(made, attributes);
  return made;
}

function heart() {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", "M12 20s-7.5-4.6-9.3-9.1C1.4 7.5 3.600 4.500 6.900 4.500c2.100 0 3.900 1.200 5.100 3 1.200-1.800 3-3 5.100-3 3.300 0 5.500 3 4.200 6.400C19.500 15.400 12 20 12 20z");
  drawing.appendChild(line);
  return drawing;
}
