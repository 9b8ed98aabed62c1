"use strict";

// Sliders: two of the stacked pictures are shown, the left one as far as the edge.
for (const wipe of document.querySelectorAll(".wipe")) {
  const stage = wipe.querySelector(".stage");
  const pictures = [...stage.querySelectorAll("img")];
  const range = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 100, value: 50 });
  range.setAttribute("aria-label", `Where the left picture of ${wipe.dataset.image} ends`);
  const sides = wipe.querySelector(".sides");
  sides.replaceChildren(...["left", "right"].map((side) => {
    const select = document.createElement("select");
    select.setAttribute("aria-label", `Picture of ${wipe.dataset.image} on the ${side}`);
    for (const { dataset } of pictures) {
      select.add(new Option(dataset.method, dataset.method, false, dataset.method === wipe.dataset[side]));
    }
    return select;
  }));
  sides.before(range);
  const show = () => {
    const [left, right] = [...sides.children].map((select) => select.value);
    stage.style.setProperty("--split", `${range.value}%`);
    for (const picture of pictures) {
      const { method } = picture.dataset;
      picture.className = method === left ? "left" : method === right ? "right" : "hidden";
    }
    // The same picture on both sides: nothing to hide.
    if (left === right) stage.style.setProperty("--split", "100%");
  };
  range.addEventListener("input", show);
  sides.addEventListener("change", show);
  stage.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse" && !event.buttons) return;
    const box = stage.getBoundingClientRect();
    range.value = ((event.clientX - box.left) / box.width) * 100;
    show();
  });
  stage.addEventListener("dragstart", (event) => event.preventDefault());
  show();
}

// Tables: a click on a heading sorts by its column, another one the other way round.
for (const table of document.querySelectorAll(".sortable")) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent : parseFloat(cell.dataset.value);
  };
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...body.rows].sort((one, other) => {
        const [a, b] = [key(one, column), key(other, column)];
        if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
        return (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1);
      });
      body.append(...rows);
    });
  });
}

// Tooltips: what a mark of a chart says to those who do not see it, it says to all.
const tip = document.getElementById("tip");
const tell = (event) => {
  const mark = event.target.closest('.chart svg [role="graphics-symbol"][aria-label]');
  tip.hidden = !mark || ["axis", "legend", "title"].includes(mark.getAttribute("aria-roledescription"));
  if (tip.hidden) return;
  tip.textContent = mark.getAttribute("aria-label");
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 12, innerWidth - width - 4))}px`;
  tip.style.top = `${event.clientY + 16 + height > innerHeight ? event.clientY - height - 8 : event.clientY + 16}px`;
};
document.addEventListener("pointermove", tell);
document.addEventListener("pointerdown", tell);
