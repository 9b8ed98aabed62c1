// Two pictures above each other, and an edge between them that people move.

const MOST_HEIGHT = 0.8; // of the window

class Comparison {
  constructor(root, labels) {
    this.root = root;
    const find = (name) => root.querySelector(`.${name}`);
    [this.view, this.stage, this.edge] = ["view", "stage", "edge"].map(find);
    [this.before, this.after] = ["before", "after"].map(find);
    this.range = root.querySelector("input[type=range]");
    this.zoom = root.querySelector("select");
    this.labels = labels;
    this.split = 0.5;
    this.range.addEventListener("input", () => this.move(this.range.value / 100));
    this.zoom.addEventListener("change", () => this.layOut());
    this.view.addEventListener("scroll", () => this.update());
    this.edge.addEventListener("pointerdown", (event) => this.drag(event, this.edge));
    this.view.addEventListener("pointerdown", (event) => this.drag(event, this.view));
    addEventListener("resize", () => this.layOut());
  }

  // Begin with pictures of a size, all to be drawn.
  begin(size) {
    for (const canvas of [this.before, this.after]) Object.assign(canvas, size);
  }

  draw({ top, restored, enlarged }, scale) {
    const { width } = this.after;
    const put = (canvas, pixels) =>
      canvas.getContext("2d").putImageData(new ImageData(pixels, width), 0, top * scale);
    put(this.after, restored);
    put(this.before, enlarged);
  }

  // Show the whole picture; a small one as large as fits.
  end() {
    const share = this.findRoom();
    this.zoom.value = [4, 2, 1].find((zoom) => zoom <= share) ?? "fit";
    this.split = 0.5;
    this.layOut();
  }

  // Find how large the whole picture may be: at 1, a pixel of it is one of the screen.
  findRoom() {
    const { width, height } = this.after;
    const room = [this.root.clientWidth / width, (innerHeight * MOST_HEIGHT) / height];
    return Math.min(...room) * devicePixelRatio;
  }

  layOut() {
    if (!this.root.clientWidth) return; // not seen yet
    const { width, height } = this.after;
    const zoom = this.zoom.value === "fit" ? Math.min(1, this.findRoom()) : Number(this.zoom.value);
    const wide = Math.max(1, (width * zoom) / devicePixelRatio);
    this.root.style.setProperty("--wide", `${wide}px`);
    this.root.style.setProperty("--high", `${(wide * height) / width}px`);
    this.stage.classList.toggle("magnified", zoom > 1);
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = this.view;
    this.view.classList.toggle("scrolls", scrollWidth > clientWidth || scrollHeight > clientHeight);
    this.update();
  }

  move(split) {
    this.split = Math.min(1, Math.max(0, split));
    this.update();
  }

  update() {
    const { before, after } = this.labels;
    const percent = Math.round(this.split * 100);
    const x = this.split * this.view.clientWidth;
    this.range.value = percent;
    this.range.ariaValueText = `${percent} % ${before}, ${100 - percent} % ${after}`;
    this.edge.style.left = `${x}px`;
    this.before.style.clipPath = `inset(0 calc(100% - ${x + this.view.scrollLeft}px) 0 0)`;
  }

  // Follow a pointer: it moves the edge, or, where only a part is seen, a mouse moves the picture.
  drag(event, element) {
    const { view } = this;
    const box = view.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    if (event.button || x > view.clientWidth || y > view.clientHeight) return; // a scroll bar
    const pans = element === view && view.classList.contains("scrolls");
    if (pans && event.pointerType !== "mouse") return; // touch scrolls
    const [left, top] = [view.scrollLeft + x, view.scrollTop + y];
    const follow = ({ clientX, clientY }) => {
      if (pans) view.scrollTo(left - clientX + box.left, top - clientY + box.top);
      else this.move((clientX - box.left) / view.clientWidth);
    };
    const end = () => element.removeEventListener("pointermove", follow);
    element.setPointerCapture(event.pointerId);
    element.addEventListener("pointermove", follow);
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, end, { once: true });
    if (!pans && event.pointerType === "mouse") follow(event);
  }
}
