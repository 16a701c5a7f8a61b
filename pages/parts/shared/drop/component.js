// The whole window takes pictures that are dropped on it; a place that takes files of its own keeps them.

const OWN_PLACES = "[data-testid=stFileUploader], [data-testid=stFileUploaderDropzone], [data-takes-files]";
let shown = null; // one for the whole window, whichever page is open

export default function (component) {
  const { parentElement } = component;
  if (!shown || shown.parent !== parentElement) {
    shown?.leave();
    shown = new Drop(parentElement);
  }
  shown.show(component);
  const mine = shown;
  return () => {
    mine.leave();
    if (shown === mine) shown = null;
  };
}

class Drop {
  constructor(parent) {
    this.parent = parent;
    this.input = element("input", "", { type: "file", multiple: true, hidden: true });
    this.input.accept = "image/png,image/jpeg,image/webp";
    this.button = element("button", "choose", { type: "button" });
    this.curtain = element("div", "curtain");
    this.curtain.popover = "manual"; // above everything, whatever moves the sidebar
    this.parts = [this.button, this.input, this.curtain];
    parent.append(...this.parts);
    this.button.addEventListener("click", () => this.input.click());
    this.input.addEventListener("change", () => {
      this.take([...this.input.files]);
      this.input.value = "";
    });
    this.isOurs = false; // dragged from this page itself, as a picture on it is
    this.listeners = {
      dragstart: () => { this.isOurs = true; },
      dragend: () => { this.isOurs = false; this.lift(); },
      dragenter: (event) => this.over(event),
      dragover: (event) => this.over(event),
      dragleave: (event) => { if (!event.relatedTarget) this.lift(); },
      drop: (event) => this.drop(event),
    };
    for (const [name, listener] of Object.entries(this.listeners)) window.addEventListener(name, listener);
  }

  show({ data: [data], setTriggerValue }) {
    this.send = setTriggerValue;
    this.data = data;
    this.button.textContent = data.texts.button;
    this.curtain.textContent = data.texts.here;
  }

  leave() {
    this.lift();
    for (const part of this.parts) part.remove();
    for (const [name, listener] of Object.entries(this.listeners)) window.removeEventListener(name, listener);
  }

  over(event) {
    if (!this.wants(event)) return this.lift();
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    if (!this.curtain.matches(":popover-open")) this.curtain.showPopover?.();
  }

  drop(event) {
    this.lift();
    if (!this.wants(event)) return;
    event.preventDefault();
    this.take([...event.dataTransfer.files]);
  }

  wants(event) {
    const isFile = event.dataTransfer && [...event.dataTransfer.types].includes("Files");
    const isTaken = event.composedPath().some((each) => each instanceof Element && each.matches(OWN_PLACES));
    return isFile && !isTaken && !this.isOurs;
  }

  lift() {
    if (this.curtain.isConnected && this.curtain.matches(":popover-open")) this.curtain.hidePopover();
  }

  async take(files) {
    if (!files.length) return;
    const read = [];
    let size = 0;
    for (const file of files.slice(0, this.data.most_files)) {
      const start = new Uint8Array(await file.slice(0, 16).arrayBuffer());
      const kind = kindOf(start);
      // Of what is no picture Python needs to see no more than how it begins.
      const kept = kind === "png" ? await withoutPixels(file) : kind ? file : file.slice(0, 16);
      size += kept.size;
      if (size > this.data.most_bytes) return this.send("dropped", { too_large: size });
      read.push({ name: file.name, content: await base64(kept) });
    }
    this.send("dropped", { files: read });
  }
}

function kindOf(start) {
  const begins = (text, at = 0) => [...text].every((letter, place) => start[at + place] === letter.charCodeAt(0));
  if (begins("\x89PNG\r\n\x1a\n")) return "png";
  if (begins("\xff\xd8\xff")) return "jpeg";
  return begins("RIFF") && begins("WEBP", 8) ? "webp" : null;
}

// A PNG is a row of chunks: length, name, content, check sum. Source: PNG, third edition, 5.3.
async function withoutPixels(file) {
  const parts = [file.slice(0, 8)];
  for (let at = 8; at + 12 <= file.size; ) {
    const head = new DataView(await file.slice(at, at + 8).arrayBuffer());
    const end = at + 12 + head.getUint32(0);
    if (head.getUint32(4) !== 0x49444154) parts.push(file.slice(at, end)); // IDAT
    at = end;
  }
  return new Blob(parts);
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

function element(name, className, attributes = {}) {
  const made = document.createElement(name);
  if (className) made.className = className;
  return Object.assign(made, attributes);
}
