// A picture, or a white sheet, with a brush: what is painted goes to Python as a PNG of that size, see-through elsewhere.
// By finger, pen, mouse or keyboard; strokes are kept as lines, so that each can be taken back, and what is left by
// mistake is there again.

const drafts = new Map(); // what is painted on → strokes that have not been sent
const GROWTH = 1.15; // of the brush, for a turn of the wheel or a key
const MOVE = 0.03; // of the longer side, for an arrow key
const NAMES = ["brush", "eraser"];

export default function (component) {
  const { parentElement, data: [data] } = component;
  let shown = parentElement.studioBrush;
  if (!shown || shown.data.on !== data.on) {
    shown?.leave();
    shown = parentElement.studioBrush = new Brush(parentElement, data);
  }
  shown.send = component.setTriggerValue;
  shown.follow(data);
  return () => {
    shown.leave();
    if (parentElement.studioBrush === shown) parentElement.studioBrush = null;
  };
}

class Brush {
  constructor(parent, data) {
    this.data = data;
    this.strokes = drafts.get(data.on) ?? [];
    this.current = null;
    this.tool = "brush";
    this.side = Math.max(data.width, data.height);
    [this.least, this.size, this.most] = data.sizes; // shares of the longer side
    this.cursor = { x: data.width / 2, y: data.height / 2 };
    this.isDown = false; // by the keyboard
    const say = data.texts;
    this.root = element("form", "brush", { noValidate: true });
    const hints = ["hint", "keys"].map((name) => element("p", name, { textContent: say[name] }));
    this.root.append(this.tools(say), this.stage(say), ...hints, this.asking(say));
    parent.append(this.root);
    this.draw();
  }

  // A strength that nobody has moved is the usual one of whatever paints now.
  follow(data) {
    if (this.strength && Number(this.strength.value) === this.data.ask.strength) this.strength.value = data.ask.strength;
    this.data = data;
  }

  leave() {
    const isDone = this.isSent && this.data.picture; // a drawing is gone on with, a spot is mended once
    if (this.strokes.length && !isDone) drafts.set(this.data.on, this.strokes);
    else drafts.delete(this.data.on);
    this.root.remove();
  }

  tools(say) {
    const bar = element("div", "tools", { role: "toolbar" });
    bar.setAttribute("aria-label", say.tools);
    this.buttons = {};
    for (const name of NAMES) {
      this.buttons[name] = button(say[name], () => this.choose(name));
      bar.append(this.buttons[name]);
    }
    this.undoing = button(say.undo, () => this.undo());
    this.clearing = button(say.clear, () => this.clear());
    const label = element("label", "size");
    this.slider = element("input", "", { type: "range", min: "0", max: "100", step: "1" });
    this.slider.addEventListener("input", () => this.resize(this.least * (this.most / this.least) ** (this.slider.value / 100)));
    label.append(element("span", "", { textContent: say.size }), this.slider);
    bar.append(this.undoing, this.clearing, label);
    return bar;
  }

  stage(say) {
    const stage = element("div", "stage");
    stage.style.aspectRatio = `${this.data.width} / ${this.data.height}`;
    const high = this.data.ask ? 44 : 58; // percent of the window: all that is asked for fits below
    stage.style.maxWidth = `min(100%, calc(${high}vh * ${this.data.width / this.data.height}))`;
    if (this.data.picture) stage.append(element("img", "", { src: this.data.picture, alt: say.picture, draggable: false }));
    else stage.classList.add("sheet");
    this.canvas = element("canvas", "", { width: this.data.width, height: this.data.height, tabIndex: 0 });
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", say.canvas);
    this.ring = element("div", "ring");
    this.ring.setAttribute("aria-hidden", "true");
    stage.append(this.canvas, this.ring);
    this.pen = this.canvas.getContext("2d");
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      this.canvas.addEventListener(name, (event) => this.end(event));
    }
    this.canvas.addEventListener("wheel", (event) => this.turn(event), { passive: false });
    this.canvas.addEventListener("keydown", (event) => this.press(event));
    this.canvas.addEventListener("keyup", (event) => event.key === " " && this.lift());
    this.canvas.addEventListener("blur", () => this.lift());
    return stage;
  }

  // What is asked for beside the strokes, and the way on.
  asking(say) {
    const part = element("div", "words"), row = element("div", "row"), { ask } = this.data;
    if (ask) {
      this.text = element("textarea", "", { rows: 2, maxLength: ask.longest, placeholder: say.placeholder });
      this.text.addEventListener("keydown", (event) => event.stopPropagation()); // letters are keys of the page
      this.strength = element("input", "", { type: "range", step: "0.05" });
      [this.strength.min, this.strength.max] = ask.strengths;
      this.strength.value = ask.strength;
      this.tries = element("select", "");
      for (const count of ask.tries) this.tries.append(element("option", "", { value: count, textContent: count }));
      part.append(labelled(say.words, this.text));
      row.append(labelled(say.strength, this.strength), labelled(say.tries, this.tries));
    }
    this.status = element("p", "status", { role: "status" });
    row.append(element("button", "send", { type: "submit", textContent: say.send }));
    part.append(row, this.status);
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.hand();
    });
    return part;
  }

  choose(name) {
    this.tool = name;
    this.show();
  }

  resize(size) {
    this.size = Math.min(this.most, Math.max(this.least, size));
    this.show();
  }

  turn(event) {
    event.preventDefault();
    this.resize(this.size * (event.deltaY < 0 ? GROWTH : 1 / GROWTH));
  }

  press(event) {
    const key = event.key.toLowerCase();
    const arrows = { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1] };
    if ((event.ctrlKey || event.metaKey) && key === "z") this.undo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (arrows[key]) this.step(...arrows[key], event.shiftKey);
    else if (key === " ") this.lower();
    else if (key === "[" || key === "-") this.resize(this.size / GROWTH);
    else if (key === "]" || key === "+" || key === "=") this.resize(this.size * GROWTH);
    else if (key === "b") this.choose("brush");
    else if (key === "e") this.choose("eraser");
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  step(x, y, isFine) {
    const far = this.side * MOVE * (isFine ? 0.2 : 1);
    this.cursor.x = Math.min(this.data.width, Math.max(0, this.cursor.x + x * far));
    this.cursor.y = Math.min(this.data.height, Math.max(0, this.cursor.y + y * far));
    if (this.isDown) this.add(this.cursor);
    this.show();
  }

  lower() {
    if (this.isDown) return;
    this.isDown = true;
    this.start(this.cursor);
  }

  lift() {
    if (!this.isDown) return;
    this.isDown = false;
    this.finish();
  }

  begin(event) {
    if (event.button > 0 || this.current) return; // a second finger paints nothing
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.cursor = this.place(event);
    this.start(this.cursor);
  }

  move(event) {
    const isOurs = this.current && event.pointerId === this.pointer;
    if (this.current && !isOurs) return;
    for (const each of isOurs ? event.getCoalescedEvents?.() ?? [event] : []) this.add(this.place(each));
    this.cursor = this.place(event);
    if (isOurs) this.add(this.cursor);
    this.show();
  }

  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.finish();
  }

  start(at) {
    this.current = { erases: this.tool === "eraser", width: this.size * this.side, points: [{ ...at }] };
    this.strokes.push(this.current);
    this.isSent = false;
    this.say("");
    this.draw();
  }

  add(at) {
    const last = this.current.points.at(-1);
    this.current.points.push({ ...at });
    this.line(this.current, [last, at]);
  }

  finish() {
    this.current = null;
    this.draw(); // one line instead of its pieces: what is taken back later leaves no other edge
  }

  undo() {
    this.strokes.pop();
    this.current = null;
    this.draw();
  }

  clear() {
    this.strokes = [];
    this.current = null;
    this.draw();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * this.data.width,
      y: ((event.clientY - box.top) / box.height) * this.data.height,
    };
  }

  line(stroke, points) {
    const pen = this.pen;
    pen.globalCompositeOperation = stroke.erases ? "destination-out" : "source-over";
    pen.strokeStyle = this.data.ink;
    pen.lineWidth = stroke.width;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(points[0].x, points[0].y);
    for (const at of points) pen.lineTo(at.x + 0.01, at.y);
    pen.stroke();
  }

  draw() {
    this.pen.clearRect(0, 0, this.data.width, this.data.height);
    for (const stroke of this.strokes) this.line(stroke, stroke.points);
    this.show();
  }

  show() {
    for (const name of NAMES) this.buttons[name].setAttribute("aria-pressed", String(name === this.tool));
    this.undoing.disabled = this.clearing.disabled = !this.strokes.length;
    this.slider.value = Math.round((100 * Math.log(this.size / this.least)) / Math.log(this.most / this.least));
    this.ring.style.left = `${(100 * this.cursor.x) / this.data.width}%`;
    this.ring.style.top = `${(100 * this.cursor.y) / this.data.height}%`;
    this.ring.style.width = `${(100 * this.size * this.side) / this.data.width}%`;
  }

  hand() {
    const say = this.data.texts;
    if (!this.isPainted()) {
      this.say(say.nothing);
      this.canvas.focus();
    } else if (this.text && !this.text.value.trim()) {
      this.say(say.wordless);
      this.text.focus();
    } else {
      this.say(say.sent);
      const asked = this.text && {
        words: this.text.value.trim(),
        strength: Number(this.strength.value),
        tries: Number(this.tries.value),
      };
      const painted = this.canvas.toDataURL("image/png").split(",")[1];
      this.isSent = true;
      this.send("painted", { on: this.data.on, painted, ...asked, turn: Date.now() });
    }
  }

  isPainted() {
    if (!this.strokes.length) return false;
    const { data } = this.pen.getImageData(0, 0, this.data.width, this.data.height);
    for (let place = 3; place < data.length; place += 4) if (data[place] > 127) return true;
    return false;
  }

  say(text) {
    this.status.textContent = text;
  }
}

function element(name, className, values = {}) {
  const made = Object.assign(document.createElement(name), values);
  if (className) made.className = className;
  return made;
}

function button(text, act) {
  const made = element("button", "", { type: "button", textContent: text });
  made.addEventListener("click", act);
  return made;
}

function labelled(text, field) {
  const label = element("label", "field");
  label.append(element("span", "", { textContent: text }), field);
  return label;
}
