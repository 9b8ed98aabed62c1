// Restores rows of pictures, a band at a time. Every layer is ahead of the last one by as many rows
// as are read below it, and keeps what later layers read in a ring of rows: pixel by pixel, so many
// channels each, with margins at both ends.

const BAND = 16; // rows that a layer makes at once: its tables stay in the cache
const CHUNK = 128; // pixels that a layer works on at once: so do their sums

// Find which position is read for one that may lie beyond a border.
function findPosition(at, length, padding) {
  if (padding === "edge") return Math.min(Math.max(at, 0), length - 1);
  while (length > 1 && (at < 0 || at >= length)) at = at < 0 ? -at : 2 * (length - 1) - at;
  return length > 1 ? at : 0;
}

// Turn the offsets of taps so many quarters counter-clockwise.
function turnTaps(taps, turns) {
  return taps.map(({ tap: [block, channel, row, column], turn }) => {
    for (let k = 0; k < turn + turns; k++) [row, column] = [column, -row];
    return { block, channel, row, column };
  });
}

class Restorer {
  constructor(lut) {
    this.lut = lut;
    const read = makeReader(lut.tables);
    this.steps = lut.steps.map((step) => prepareStep(step, read));
    for (const step of this.steps) {
      for (const reader of [...step.lookups, ...step.runs]) {
        reader.addresses = new Int32Array(reader.taps.length);
        reader.turned = lut.orders.map((_, turn) => turnTaps(reader.taps, turn));
      }
    }
    this.last = this.steps.at(-1);
    this.sums = new Float64Array(CHUNK * Math.max(...this.steps.map((step) => step.slots)));
    this.packed = new Float64Array(CHUNK * Math.max(...this.steps.map((step) => step.elements)));
    // The pixel for whatever the turns of the whole picture add up to.
    const most = lut.turns * (this.last.levels - 1);
    this.pixels = Uint8ClampedArray.from({ length: most + 1 }, (_, total) => {
      const sum = total + lut.turns * lut.lowest;
      return sum / lut.divisor + HALF_EVEN - HALF_EVEN + lut.bias;
    });
  }

  // Restore the rows from `top` to `bottom` of a picture. Its `pixels`, of 1 (grey), 3 or 4
  // channels, are those from the row `first` on. Returns as many channels, the fourth all 255.
  restore(job, report = () => {}) {
    const { width, height, channels, top, bottom } = job;
    const { ahead, scale, colours } = this.lut;
    this.layOut(width, height);
    const made = new Uint8ClampedArray((bottom - top) * width * scale ** 2 * channels).fill(255);
    for (let colour = 0; colour < Math.min(channels, 3); colour += colours) {
      for (let y = top - 2 * ahead[0]; y < bottom; y += BAND) {
        this.totals.fill(0);
        this.lut.orders.forEach((_, turn) => this.runBand(y, turn, job, colour));
        for (const row of this.listRows(this.steps.length, y, job)) {
          this.writeRow(made, row - top, row - y, channels, colour);
        }
        report((Math.min(BAND, bottom - y) * colours) / Math.min(channels, 3));
      }
    }
    return made;
  }

  // Lay out rings of rows for all blocks, at every turn, and the row that the last layer makes.
  layOut(width, height) {
    let end = 0;
    const place = ({ channels, depth, margin }) => {
      const pitch = (width + 2 * margin) * channels;
      const start = end;
      end += depth * pitch;
      return { channels, depth, pitch, margin, start: start + margin * channels };
    };
    const blocks = this.lut.blocks.map((block) => ({ ...block, depth: block.depth + BAND - 1 }));
    this.width = width;
    this.height = height;
    this.turns = this.lut.orders.map(() => blocks.map(place));
    this.made = place({ channels: this.last.values, depth: 1, margin: 0 });
    this.memory = new Uint8Array(end);
    this.totals = new Uint16Array(BAND * width * this.last.values);
  }

  // List the rows of a band, whose last layer begins at y, that the inputs (0) or a layer make.
  listRows(layer, y, { height, top, bottom }) {
    const ahead = this.lut.ahead[layer];
    const first = Math.max(0, top - ahead, y + ahead);
    const end = Math.min(height, bottom + ahead, y + ahead + BAND);
    return Array.from({ length: Math.max(0, end - first) }, (_, k) => first + k);
  }

  runBand(y, turn, job, colour) {
    const blocks = this.turns[turn];
    for (const row of this.listRows(0, y, job)) this.readRow(blocks[0], row, job, colour);
    this.steps.forEach((step, index) => {
      for (const row of this.listRows(index + 1, y, job)) {
        this.runLayer(step, blocks, step === this.last ? this.made : blocks[index + 1], turn, row);
        if (step === this.last) this.addTotals(turn, row - y);
      }
    });
  }

  findRow(block, y) {
    return block.start + (y % block.depth) * block.pitch;
  }

  // Take the bits of pixels that the inputs are made of.
  readRow(block, y, { pixels, first, channels }, colour) {
    const { memory, width, lut } = this;
    lut.inputs.forEach((input, k) => {
      const own = lut.colours === 1 ? colour : channels === 1 ? 0 : input.colour;
      let from = (y - first) * width * channels + own;
      let to = this.findRow(block, y) + k;
      for (let x = 0; x < width; x++, to += block.channels, from += channels) {
        memory[to] = (pixels[from] >> input.shift) & input.mask;
      }
    });
    this.padRow(block, y);
  }

  // Repeat the ends of a row beyond it, or mirror it there.
  padRow(block, y) {
    const { channels, margin } = block;
    const row = this.findRow(block, y);
    for (let k = 1; k <= margin; k++) {
      for (const x of [-k, this.width - 1 + k]) {
        const from = row + findPosition(x, this.width, this.lut.padding) * channels;
        this.memory.copyWithin(row + x * channels, from, from + channels);
      }
    }
  }

  // Find what the taps of a lookup or a run read for the first pixel of a row.
  locate({ turned, addresses }, blocks, turn, y) {
    turned[turn].forEach(({ block, channel, row, column }, k) => {
      const from = blocks[block];
      const position = findPosition(y + row, this.height, this.lut.padding);
      addresses[k] = this.findRow(from, position) + column * from.channels + channel;
    });
  }

  runLayer(step, blocks, target, turn, y) {
    const { memory, sums, packed } = this;
    for (const reader of step.lookups) this.locate(reader, blocks, turn, y);
    for (const reader of step.runs) this.locate(reader, blocks, turn, y);
    const state = { memory, sums, packed, channels: blocks.map((block) => block.channels) };
    const row = this.findRow(target, y);
    for (let x = 0; x < this.width; x += CHUNK) {
      const n = Math.min(CHUNK, this.width - x);
      this.addUp(step, state, x, n);
      for (const run of step.runs) {
        const to = row + x * step.values + run.first;
        finish[run.kernel](sums, run.first, step.slots, n, x, run, memory, run.addresses, to);
      }
    }
    if (target !== this.made) this.padRow(target, y);
  }

  // Add up what all lookups of a layer find.
  addUp(step, state, x, n) {
    const { sums, packed } = this;
    const { elements, slots } = step;
    sums.fill(0, 0, n * slots);
    step.parts.forEach((lookups, part) => {
      packed.fill(0, 0, n * elements);
      for (const lookup of lookups) lookup.run(state, lookup.addresses, x, n);
      const add = unpack[`${step.fields}x${step.bits}`];
      if (lookups.length) add(packed, n, elements, step.places[part], sums, slots);
    });
    for (const lookup of step.others) lookup.run(state, lookup.addresses, x, n);
  }

  // Add a row of the last layer to the totals of a row of the band.
  addTotals(turn, row) {
    const { memory, totals } = this;
    const order = this.lut.orders[turn];
    let from = this.made.start;
    let to = row * this.width * order.length;
    for (let x = 0; x < this.width; x++, from += order.length, to += order.length) {
      for (let k = 0; k < order.length; k++) totals[to + k] += memory[from + order[k]];
    }
  }

  // Make pixels of the totals of a row of the band.
  writeRow(made, y, row, channels, colour) {
    const { totals, pixels, width } = this;
    const { scale, colours } = this.lut;
    const block = scale ** 2;
    for (let k = 0; k < block; k++) {
      let to = ((y * scale + Math.floor(k / scale)) * width * scale + (k % scale)) * channels;
      let from = row * width * block * colours + k;
      for (let x = 0; x < width; x++, from += block * colours, to += scale * channels) {
        if (colours === 1) {
          made[to + colour] = pixels[totals[from]];
          continue;
        }
        const red = pixels[totals[from]];
        const green = pixels[totals[from + block]];
        const blue = pixels[totals[from + 2 * block]];
        if (channels > 1) {
          made[to] = red;
          made[to + 1] = green;
          made[to + 2] = blue;
        } else made[to] = Math.floor((red + green + blue + 1) / 3); // three alike went in
      }
    }
  }
}
