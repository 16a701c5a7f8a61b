// Names of characters after `{`: chosen by arrow and Enter, Tab or a click. Names go through textContent.

const OPEN = /[{｛]([^{}｛｝\n]{0,60})$/;

export default function (component) {
  const list = (window.storyStudioCompletion ??= new List());
  list.show(component);
  return () => list.put(component.parentElement);
}

class List {
  constructor() {
    this.names = [];
    this.fields = [];
    this.box = document.createElement("ul");
    this.box.id = "names-of-characters";
    this.box.setAttribute("role", "listbox");
    this.box.hidden = true;
    this.box.addEventListener("mousedown", (event) => this.click(event));
    document.addEventListener("input", (event) => this.typed(event.target), true);
    window.addEventListener("keydown", (event) => this.press(event), true);
    document.addEventListener("focusout", () => this.close(), true);
    document.addEventListener("scroll", (event) => event.target !== this.box && this.close(), true);
  }

  show({ data: [data], parentElement }) {
    this.names = data.names;
    this.fields = data.fields;
    this.box.setAttribute("aria-label", data.label);
    if (this.box.parentElement !== parentElement) parentElement.appendChild(this.box);
  }

  put(parentElement) {
    if (this.box.parentElement !== parentElement) return;
    this.close();
    this.box.remove();
  }

  typed(element) {
    if (element.tagName !== "TEXTAREA" || !this.fields.some((field) => element.closest(`.st-key-${CSS.escape(field)}`))) return;
    const caret = element.selectionStart;
    const found = element.value.slice(0, caret).match(OPEN);
    const begun = found?.[1].trimStart().toLocaleLowerCase() ?? "";
    const fitting = found ? this.names.filter((name) => name.toLocaleLowerCase().includes(begun)) : [];
    if (fitting.length === 0) return this.close();
    this.element = element;
    this.start = caret - found[0].length;
    this.end = caret;
    this.box.replaceChildren(...fitting.map((name, place) => this.option(name, place)));
    this.box.hidden = false;
    this.choose(0);
    this.place();
    element.setAttribute("aria-autocomplete", "list");
    element.setAttribute("aria-controls", this.box.id);
  }

  option(name, place) {
    const option = document.createElement("li");
    option.id = `name-of-character-${place}`;
    option.setAttribute("role", "option");
    option.textContent = name;
    return option;
  }

  // Under the line that is written in.
  place() {
    const field = this.element.getBoundingClientRect();
    const style = getComputedStyle(this.element);
    const copy = document.body.appendChild(document.createElement("div"));
    for (const name of ["font", "padding", "border", "letterSpacing", "lineHeight", "boxSizing"]) copy.style[name] = style[name];
    Object.assign(copy.style, { position: "absolute", visibility: "hidden", whiteSpace: "pre-wrap", overflowWrap: "break-word" });
    copy.style.width = `${field.width}px`;
    copy.textContent = this.element.value.slice(0, this.start);
    const mark = copy.appendChild(document.createElement("span"));
    mark.textContent = "{";
    const [left, top] = [mark.offsetLeft, mark.offsetTop + mark.offsetHeight - this.element.scrollTop];
    copy.remove();
    this.box.style.left = `${Math.max(8, Math.min(field.left + left, innerWidth - this.box.offsetWidth - 8))}px`;
    this.box.style.top = `${Math.min(field.top + top + 4, innerHeight - this.box.offsetHeight - 8)}px`;
  }

  choose(place) {
    const options = [...this.box.children];
    this.chosen = (place + options.length) % options.length;
    options.forEach((option, each) => option.setAttribute("aria-selected", String(each === this.chosen)));
    options[this.chosen].scrollIntoView({ block: "nearest" });
    this.element.setAttribute("aria-activedescendant", options[this.chosen].id);
  }

  press(event) {
    if (this.box.hidden || event.target !== this.element || event.isComposing || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown") this.choose(this.chosen + 1);
    else if (event.key === "ArrowUp") this.choose(this.chosen - 1);
    else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) this.take(this.box.children[this.chosen]);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  click(event) {
    event.preventDefault(); // the focus stays in the text
    const option = event.target.closest("li");
    if (option) this.take(option);
  }

  // As if it had been typed, so that it can be taken back as what is typed can.
  take(option) {
    const { element } = this;
    const rest = /^[}｝]/.test(element.value.slice(this.end)) ? 1 : 0;
    element.setSelectionRange(this.start, this.end + rest);
    this.close();
    document.execCommand("insertText", false, `{${option.textContent}}`);
  }

  close() {
    this.box.hidden = true;
    for (const name of ["aria-controls", "aria-activedescendant", "aria-autocomplete"]) this.element?.removeAttribute(name);
  }
}
