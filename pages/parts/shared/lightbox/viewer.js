// The window that opens: one picture, or two beside each other, with its neighbours and what can be done with it.

const ICONS = {
  before: "M15 5l-7 7 7 7", next: "M9 5l7 7-7 7", close: "M6 6l12 12M18 6L6 18",
  compare: "M4 5h7v14H4zM13 5h7v14h-7z", four: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z", help: "M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500v.6",
};
const FOUR = 4;
const PAGE = 9; // pictures that the digits choose from

class Viewer {
  constructor(box, parent) {
    this.box = box;
    this.pictures = new Pictures();
    this.isFour = false;
    this.dialog = element("dialog", "box");
    this.build();
    parent.appendChild(this.dialog);
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
  }

  build() {
    const bar = this.dialog.appendChild(element("div", "bar"));
    const where = bar.appendChild(element("div", "where"));
    this.heading = where.appendChild(element("h2", "", { id: "lightbox-title", tabIndex: -1 }));
    this.count = where.appendChild(element("p", "count"));
    this.dialog.setAttribute("aria-labelledby", "lightbox-title");
    this.compareButton = bar.appendChild(iconButton("compare", ICONS.compare));
    this.fourButton = bar.appendChild(iconButton("four-at-once", ICONS.four));
    this.helpButton = bar.appendChild(iconButton("help", ICONS.help));
    this.closeButton = bar.appendChild(iconButton("close", ICONS.close));
    this.stage = this.dialog.appendChild(element("div", "stage"));
    this.sides = Array.from({ length: FOUR }, (_, place) => this.side(place));
    this.before = this.stage.appendChild(iconButton("before", ICONS.before));
    this.next = this.stage.appendChild(iconButton("next", ICONS.next));
    this.facts = new Facts(this.dialog.appendChild(element("div", "side", { tabIndex: 0 })), this);
    this.strip = this.dialog.appendChild(element("div", "strip"));
    this.strip.setAttribute("role", "group");
    const said = this.dialog.appendChild(element("div", "said"));
    this.said = said.appendChild(element("p"));
    this.said.setAttribute("role", "status");
    this.undo = said.appendChild(element("button", "", { type: "button", hidden: true }));
    this.compareButton.addEventListener("click", () => this.compare());
    this.fourButton.addEventListener("click", () => this.four());
    this.helpButton.addEventListener("click", () => this.box.keyMap.open());
    this.closeButton.addEventListener("click", () => this.close());
    this.before.addEventListener("click", () => this.step(-1));
    this.next.addEventListener("click", () => this.step(1));
    this.undo.addEventListener("click", () => this.ask("undo"));
    followSwipes(this.stage, this);
  }

  side(place) {
    const figure = this.stage.appendChild(element("figure"));
    const image = figure.appendChild(element("img", "", { draggable: false, decoding: "async" }));
    figure.addEventListener("click", () => { if (this.isFour) this.to(this.at, this.firstOfFour + place); });
    return { figure, image, note: figure.appendChild(element("figcaption")) };
  }

  get isOpen() { return this.dialog.open; }
  get group() { return this.groups[this.at]; }
  get picture() { return this.group?.pictures[this.place] ?? null; }
  get firstOfFour() { return Math.floor(this.place / FOUR) * FOUR; }
  get firstOfPage() { return Math.floor(this.place / PAGE) * PAGE; }

  show(texts, actions) {
    this.texts = texts;
    this.actions = actions;
    name(this.compareButton, texts.compare);
    name(this.fourButton, texts.four);
    name(this.helpButton, texts.help);
    name(this.closeButton, texts.close);
    name(this.before, texts.before);
    name(this.next, texts.next);
    this.strip.setAttribute("aria-label", texts.takes);
    this.facts.root.setAttribute("aria-label", texts.details);
    this.facts.root.setAttribute("role", "group");
    this.undo.textContent = texts.undo;
  }

  open(groups, { place, take, beside, compare, newest, returnTo }) {
    this.groups = groups;
    [this.held, this.isFour] = [null, false];
    let at = groups.findIndex((group) => group.place === place);
    let picture = take;
    if (at < 0) {
      at = groups.findIndex((group) => group.pictures.some((each) => each.opener === place));
      picture = groups[at]?.pictures.find((each) => each.opener === place)?.id ?? "";
    }
    this.at = Math.max(0, at);
    this.place = newest ? 0 : placeIn(this.group, picture || this.group.shown);
    if (beside || compare) this.hold(beside);
    this.tell(null);
    if (!this.isOpen) {
      this.returnTo = returnTo;
      this.dialog.showModal();
    }
    this.draw();
    this.heading.focus();
  }

  fail() {
    this.open([{ place: "", number: null, title: "", caption: "", shown: "", pictures: [] }], { place: "", take: "" });
    this.tell({ said: this.texts.failed, failed: true });
  }

  // The same picture in what there is now; where it has gone, the one that has come into its place.
  refresh(groups) {
    const [place, id] = [this.group?.place, this.picture?.id];
    this.groups = groups;
    if (!groups.length) return this.close();
    const at = groups.findIndex((group) => group.place === place);
    this.at = at < 0 ? Math.min(this.at, groups.length - 1) : at;
    const same = this.group.pictures.findIndex((each) => each.id === id);
    this.place = same < 0 ? Math.max(0, Math.min(this.place, this.group.pictures.length - 1)) : same;
    if (this.held) this.held = this.everywhere().find((each) => each.id === this.held.id) ?? null;
    this.draw();
    if (!this.dialog.getRootNode().activeElement) this.heading.focus();
  }

  close() {
    if (!this.isOpen) return;
    this.dialog.close();
    // What was asked for here may ask something in turn: while this window was open nothing else could take the focus.
    const question = document.querySelector("[role=dialog]");
    if (question) return question.querySelector("button, input, select, textarea, [tabindex]")?.focus();
    const openers = `.st-key-whole-look-${CSS.escape(this.group?.place ?? "")} button`;
    const back = this.returnTo?.isConnected && this.returnTo !== document.body ? this.returnTo : null;
    (back ?? document.querySelector(openers))?.focus();
  }

  leave() {
    if (this.isOpen) this.dialog.close();
    this.dialog.remove();
  }

  // To the neighbour; past the last one of a panel to the next panel, and the other way round.
  step(by) {
    const place = this.place + by;
    if (place >= 0 && place < this.group.pictures.length) return this.to(this.at, place);
    const at = this.at + by;
    if (at < 0 || at >= this.groups.length) return;
    this.to(at, by > 0 ? 0 : Math.max(0, this.groups[at].pictures.length - 1));
  }

  // To the picture that the next or previous panel shows.
  leap(by) {
    const at = this.at + by;
    if (at >= 0 && at < this.groups.length) this.to(at, placeIn(this.groups[at], this.groups[at].shown));
  }

  edge(isEnd) {
    this.to(this.at, isEnd ? Math.max(0, this.group.pictures.length - 1) : 0);
  }

  to(at, place) {
    this.at = at;
    this.place = place;
    this.tell(null);
    this.draw();
  }

  compare() {
    const isTwo = this.held !== null;
    [this.held, this.isFour] = [null, false];
    if (!isTwo) this.hold("");
    this.draw();
  }

  // Four neighbours at once; what is done is done with the framed one.
  four() {
    this.held = null;
    this.isFour = !this.isFour && this.group.pictures.length > 1;
    this.draw();
  }

  single() {
    [this.held, this.isFour] = [null, false];
    this.draw();
  }

  // Where the digits begin, and how many there are: of the four, or of the nine around.
  get digits() { return this.isFour ? [this.firstOfFour, FOUR] : [this.firstOfPage, PAGE]; }

  choose(n) {
    const [first, count] = this.digits;
    if (n <= count && first + n <= this.group.pictures.length) this.to(this.at, first + n - 1);
  }

  turnPage(by) {
    const last = this.group.pictures.length - 1;
    this.to(this.at, Math.max(0, Math.min(last, this.place + by * (this.isFour ? FOUR : PAGE))));
  }

  // What is shown stays on the left; on the right the other one, from where the arrows go on.
  hold(beside) {
    const shown = this.picture;
    if (!shown || this.everywhere().length < 2) return;
    this.held = shown;
    const others = this.group.pictures;
    const given = others.findIndex((each) => each.id === beside);
    if (given >= 0) this.place = given;
    else if (others.length > 1) this.place = this.place + 1 < others.length ? this.place + 1 : this.place - 1;
    else this.step(this.at + 1 < this.groups.length ? 1 : -1);
  }

  everywhere() { return this.groups.flatMap((group) => group.pictures); }

  draw() {
    const { group, picture, texts } = this;
    const numbered = group.number ? fill(texts.panel, { n: group.number }) : "";
    this.heading.textContent = [numbered, group.title].filter(Boolean).join(" · ") || texts.title;
    const count = group.pictures.length;
    this.count.textContent = picture ? `${this.called(picture)} · ${this.place + 1} / ${count}` : "";
    this.dialog.classList.toggle("two", this.held !== null);
    this.dialog.classList.toggle("four", this.isFour);
    this.drawSides();
    this.fourButton.setAttribute("aria-pressed", String(this.isFour));
    this.compareButton.setAttribute("aria-pressed", String(this.held !== null));
    name(this.compareButton, this.held ? texts.compare_end : texts.compare);
    this.before.disabled = this.at === 0 && this.place === 0;
    this.next.disabled = this.at === this.groups.length - 1 && this.place >= count - 1;
    if (this.dialog.getRootNode().activeElement?.disabled) this.heading.focus();
    this.facts.draw(picture, this.held, group);
    this.drawStrip();
    this.pictures.loadAround(this.groups, this.at, this.place);
  }

  drawSides() {
    const { texts } = this;
    const four = this.isFour ? this.group.pictures.slice(this.firstOfFour, this.firstOfFour + FOUR) : [];
    this.sides.forEach((side, place) => {
      const picture = this.isFour ? four[place] : [this.picture, this.held][place];
      const isShown = this.isFour ? this.firstOfFour + place === this.place : place === 0;
      side.figure.hidden = !picture && place > 0;
      side.figure.classList.toggle("shown", isShown);
      side.figure.classList.toggle("held", !this.isFour && place === 1);
      if (side.figure.hidden) return;
      this.paint(side, picture, this.isFour ? String(place + 1) : this.held ? (place ? texts.left : texts.right) : "");
    });
  }

  called(picture) {
    return picture.name || (picture.number ? fill(this.texts.take, { n: picture.number }) : fill(this.texts.seed, picture));
  }

  paint({ figure, image, note }, picture, side) {
    figure.classList.toggle("empty", !picture);
    image.hidden = !picture;
    note.textContent = picture ? [side, side && this.called(picture)].filter(Boolean).join(" · ") : this.texts.empty;
    note.hidden = Boolean(picture) && !side;
    if (!picture) return image.removeAttribute("src");
    image.alt = `${this.heading.textContent} · ${this.called(picture)}`;
    image.style.aspectRatio = picture.shape;
    this.pictures.show(image, picture);
  }

  drawStrip() {
    const pictures = this.group.pictures;
    const [first, count] = this.digits;
    this.strip.hidden = pictures.length < 2;
    while (this.strip.children.length > pictures.length) this.strip.lastChild.remove();
    pictures.forEach((picture, place) => {
      const button = this.strip.children[place] ?? this.thumbnail(place);
      const marks = ["picked", "pinned", "favourite"].filter((mark) => picture[mark]).map((mark) => this.texts[`is_${mark}`] ?? this.texts[mark]);
      button.setAttribute("aria-label", [this.called(picture), ...marks].join(", "));
      button.setAttribute("aria-current", String(place === this.place));
      button.tabIndex = place === this.place ? 0 : -1;
      button.classList.toggle("chosen", Boolean(picture.chosen));
      button.classList.toggle("older", Boolean(picture.changed?.length));
      button.classList.toggle("favourite", Boolean(picture.favourite));
      button.dataset.digit = place >= first && place < first + count ? place - first + 1 : "";
      if (button.firstChild.getAttribute("src") !== picture.small) button.firstChild.src = picture.small;
      button.lastChild.textContent = picture.score === null ? `${picture.number ?? ""}` : picture.score.toFixed(2);
    });
    this.strip.children[this.place]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  thumbnail(place) {
    const button = this.strip.appendChild(element("button", "", { type: "button" }));
    button.append(element("img", "", { alt: "", draggable: false }), element("span"));
    button.addEventListener("click", () => this.to(this.at, place));
    return button;
  }

  ask(kind) {
    const picture = this.picture;
    const wanted = kind === "pick" && picture?.picked ? "unpick" : kind === "pin" && picture?.pinned ? "unpin" : kind;
    if (kind === "undo" ? !this.undo.hidden : this.actions.includes(kind) && (picture || kind === "redo") && !(kind in (picture?.cannot ?? {}))) {
      if (kind === "download") return element("a", "", { href: picture.large, download: picture.file }).click();
      this.box.ask(wanted, picture?.scene ?? this.group.scene ?? "", picture?.id ?? "");
      this.expect(wanted, picture);
    }
  }

  // What was asked for is shown at once, so that the next key means the next picture; the answer brings the truth.
  expect(kind, picture) {
    const { pictures } = this.group;
    if (kind === "pick" || kind === "unpick") {
      for (const each of pictures) each.picked = kind === "pick" && each === picture;
      if (kind === "pick") for (const each of pictures) each.chosen = each === picture;
    } else if (kind === "favourite") {
      picture.favourite = !picture.favourite;
    } else if (kind === "delete" && this.box.isQuick) {
      pictures.splice(this.place, 1);
      this.place = Math.max(0, Math.min(this.place, pictures.length - 1));
      if (this.held === picture) this.held = null;
    } else {
      return;
    }
    this.draw();
  }

  wait() {
    if (this.isOpen) this.tell({ said: this.texts.working, undo: false });
  }

  tell(answer) {
    if (!this.undo.hidden && !answer?.undo && this.dialog.getRootNode().activeElement === this.undo) this.heading.focus();
    this.said.textContent = answer?.said ?? "";
    this.said.parentElement.classList.toggle("failed", Boolean(answer?.failed));
    this.said.parentElement.classList.toggle("speaks", Boolean(answer?.said));
    this.undo.hidden = !answer?.undo;
  }
}
