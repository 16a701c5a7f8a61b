// How a picture was made and what can be done with it; of two pictures, what differs between them.

class Facts {
  constructor(root, viewer) {
    this.root = root;
    this.viewer = viewer;
    this.marks = root.appendChild(element("p", "marks"));
    this.actions = root.appendChild(element("div", "actions"));
    this.reasons = root.appendChild(element("div", "reasons"));
    this.list = root.appendChild(element("dl"));
    this.buttons = new Map();
  }

  draw(picture, held, group) {
    const { texts, actions } = this.viewer;
    this.drawActions(picture, actions, texts);
    const marks = ["picked", "pinned", "best", "control"].filter((mark) => picture?.[mark]).map((mark) => [mark, texts[mark]]);
    if (picture?.changed?.length) {
      const parts = picture.changed.map((part) => texts.changed[part] ?? part).join(texts.and);
      marks.push(["older", fill(texts.changed.all, { parts })]);
    }
    this.marks.replaceChildren(...marks.map(([mark, textContent]) => element("span", mark, { textContent })));
    const rows = picture ? (held ? this.differing(held, picture) : this.all(picture, group)) : [];
    this.list.replaceChildren(...rows.flat());
  }

  drawActions(picture, actions, texts) {
    for (const kind of actions) {
      if (!this.buttons.has(kind)) {
        const button = this.actions.appendChild(element("button", kind, { type: "button" }));
        button.addEventListener("click", () => this.viewer.ask(kind));
        this.buttons.set(kind, button);
      }
      const button = this.buttons.get(kind);
      const isOn = picture?.[{ pick: "picked", pin: "pinned", favourite: "favourite" }[kind]];
      button.textContent = fill(isOn ? texts[`un${kind}`] : texts[kind], { seed: picture?.seed ?? "" });
      button.disabled = kind !== "redo" && (!picture || kind in (picture.cannot ?? {}));
    }
    this.reasons.replaceChildren(
      ...Object.values(picture?.cannot ?? {}).map((reason) => element("p", "", { textContent: reason })),
    );
  }

  all(picture, group) {
    const said = this.values(picture).filter(([, value]) => value);
    const rows = said.map(([label, value, kind]) => pair(label, [value], kind));
    if (group.caption) rows.push(pair(this.viewer.texts.caption, [group.caption], "text"));
    return rows;
  }

  differing(left, right) {
    const theirs = this.values(right);
    const rows = this.values(left)
      .map(([label, value, kind], place) => [label, [value, theirs[place][1]], kind])
      .filter(([, [mine, other]]) => mine !== other);
    const { texts } = this.viewer;
    const head = element("dt", "head", { textContent: rows.length ? texts.differs : texts.same });
    return [[head], ...rows.map(([label, values, kind]) => pair(label, values, kind))];
  }

  guided(picture) {
    const { texts } = this.viewer;
    return picture.guided ? `σ ${picture.guided} · ${texts.negative} ≤ ${picture.negative_below}` : texts.not_guided;
  }

  values(picture) {
    const { texts } = this.viewer;
    const held = picture.controls.map(([kind, weight]) => `${texts.kinds[kind] ?? kind} × ${weight}`);
    return [
      [texts.score, picture.score === null ? texts.no_score : picture.score.toFixed(2)],
      [texts.seed_label, String(picture.seed)],
      [texts.loras, picture.loras.join(" · ") || texts.no_loras],
      [texts.looks, picture.looks.join(" · ")],
      [texts.controls, held.join(" · ")],
      [texts.begun, picture.begun === null ? "" : fill(texts.begun_by, { percent: picture.begun })],
      [texts.mended, picture.mended, "text"],
      [texts.sampler, picture.sampler],
      [texts.steps, String(picture.steps)],
      [texts.cfg, String(picture.cfg)],
      [texts.guided, this.guided(picture)],
      [texts.size, picture.size],
      [texts.model, texts.families[picture.family] ?? picture.family],
      [texts.prompt, picture.prompt, "text"],
      [texts.negative, picture.negative || "–", "text"],
    ];
  }
}

function pair(label, values, kind = "") {
  const shown = values.map((value) => element("dd", kind, { textContent: value }));
  return [element("dt", kind, { textContent: label }), ...shown];
}
