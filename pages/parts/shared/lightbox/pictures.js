// Large pictures are loaded ahead of whoever looks at them, each once; until one is there its small one is shown.

const KEPT = 96; // large pictures; what was seen last stays loaded
const AHEAD = 4;
const BEHIND = 1;

class Pictures {
  constructor() {
    this.loaded = new Map();
    this.before = null;
  }

  // Shows the small picture at once, as the strip has loaded it, and the large one as soon as it can be drawn.
  show(image, picture) {
    image.dataset.large = picture.large; // one that comes late does not replace a newer one
    const large = this.large(picture);
    const show = () => {
      if (image.dataset.large === picture.large && image.getAttribute("src") !== picture.large) image.src = picture.large;
    };
    if (large.isReady) return show();
    if (image.getAttribute("src") !== picture.large) image.src = picture.small;
    large.ready.then(show);
  }

  // Loaded and decoded: whoever comes to it waits for neither.
  large(picture) {
    const known = this.loaded.get(picture.large) ?? loading(picture.large);
    this.loaded.delete(picture.large);
    this.loaded.set(picture.large, known);
    if (this.loaded.size > KEPT) this.loaded.delete(this.loaded.keys().next().value);
    return known;
  }

  // More of those in the direction in which somebody goes, one behind, and what the neighbouring panels show.
  loadAround(groups, at, place) {
    const { pictures } = groups[at];
    const isBackwards = this.before?.at === at && this.before.place > place;
    this.before = { at, place };
    const [ahead, behind] = isBackwards ? [-1, 1] : [1, -1];
    const wanted = [];
    for (let step = 1; step <= AHEAD; step += 1) wanted.push(pictures[place + step * ahead]);
    for (let step = 1; step <= BEHIND; step += 1) wanted.push(pictures[place + step * behind]);
    for (const group of [groups[at + 1], groups[at - 1]].filter(Boolean)) wanted.push(group.pictures[placeIn(group, group.shown)]);
    for (const picture of wanted.filter(Boolean)) this.large(picture);
  }
}

function loading(address) {
  const found = { image: element("img", "", { src: address }), isReady: false };
  found.ready = found.image.decode().then(() => { found.isReady = true; }, () => {}); // else the small one stays
  return found;
}

function placeIn(group, id) {
  return Math.max(0, group.pictures.findIndex((each) => each.id === id));
}
