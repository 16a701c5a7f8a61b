// What notices need of the browser: they are read aloud, a success leaves after five seconds, and the page ends above
// them instead of lying behind them. The live regions are there before anything is said in them, and outlive a redraw.

const STAYS = 5000;
const HEIGHT = "--notices-height";

class Bar {
  constructor() {
    this.said = new Set(); // ids that were read aloud
    this.timers = new Map(); // id → timer
    this.polite = this.region("status", "polite");
    this.alert = this.region("alert", "assertive");
    this.sizes = new ResizeObserver(() => this.makeRoom());
  }

  region(role, how) {
    const region = document.body.appendChild(document.createElement("div"));
    region.setAttribute("role", role);
    region.setAttribute("aria-live", how);
    region.className = "story-studio-live-region";
    region.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
    return region;
  }

  show(notices, leave) {
    this.leave = leave;
    const present = new Set(notices.map((notice) => notice.id));
    for (const [id, timer] of this.timers) {
      if (present.has(id)) continue;
      clearTimeout(timer);
      this.timers.delete(id);
    }
    for (const notice of notices) {
      if (!this.said.has(notice.id)) this.say(notice);
      if (!notice.is_error && !this.timers.has(notice.id)) this.later(notice.id, notice.key);
    }
    this.sizes.disconnect();
    const bar = document.querySelector(".st-key-notices");
    if (bar) this.sizes.observe(bar);
    this.makeRoom();
  }

  say(notice) {
    this.said.add(notice.id);
    const line = document.createElement("p");
    line.textContent = notice.text;
    (notice.is_error ? this.alert : this.polite).replaceChildren(line);
  }

  later(id, key) {
    this.timers.set(
      id,
      setTimeout(() => {
        // Nobody's hand or focus is on it: an undo does not go away under the finger that reaches for it.
        const notice = document.querySelector(`.st-key-${CSS.escape(key)}`);
        if (notice && (notice.matches(":hover") || notice.contains(document.activeElement))) this.later(id, key);
        else this.leave(id);
      }, STAYS),
    );
  }

  makeRoom() {
    const bar = document.querySelector(".st-key-notices");
    const height = bar ? Math.ceil(bar.getBoundingClientRect().height) : 0;
    document.documentElement.style.setProperty(HEIGHT, height ? `calc(${height}px + 1.6rem)` : "0px");
  }
}

export default function ({ data: [data], setTriggerValue }) {
  const bar = (window.storyStudioNotices ??= new Bar());
  bar.show(data.notices, (id) => setTriggerValue("left", id));
}
