// Lookups of layers, made ready: tables laid out for the inner loops, and the taps that they read.
//
// A lookup has `taps`, a `part` of the sums that it is added to (-1 where it needs no unpacking),
// and a function that runs it for n pixels of a row, from x on.

// Make a function that reads values of tables, which stand there one table after the other.
function makeReader(base64) {
  const text = atob(base64);
  const values = new Int8Array(text.length);
  for (let k = 0; k < text.length; k++) values[k] = text.charCodeAt(k);
  let start = 0;
  return (count) => values.subarray(start, (start += count));
}

// Interpolate the columns of a table of one tap at every level, in units.
function expandColumns({ intervals, levels }, unit, read) {
  return [...intervals].map(Number).map((interval) => {
    const points = read((levels >> interval) + (interval > 0));
    return Int16Array.from({ length: levels }, (_, level) => {
      const point = level >> interval;
      const slope = interval ? points[point + 1] - points[point] : 0;
      return points[point] * unit + slope * (unit >> interval) * (level - (point << interval));
    });
  });
}

// List the items of a lookup, its places at every turn: those of a block side by side.
function listItems({ places }, { orders }) {
  const items = places.flatMap((tap, place) => orders.map((order, turn) => ({ tap, turn, place, order })));
  return items.sort((one, other) => one.tap[0] - other.tap[0]);
}

// List groups of items of one block, so many at most.
function listGroups(items, most) {
  const groups = [];
  items.forEach(({ tap: [block] }, index) => {
    const group = groups.at(-1);
    if (group?.block === block && index - group.first < most) group.last++;
    else groups.push({ block, first: index, last: index + 1 });
  });
  return groups;
}

// Find the element of each value, and what one of it counts there.
function placeFields({ values, fields, bits }) {
  return Array.from({ length: values }, (_, k) => [Math.floor(k / fields), 2 ** (bits * (k % fields))]);
}

// A table of one tap: a row of elements for each item and level.
function prepareRows(lookup, step, read) {
  const { levels } = lookup;
  const { elements } = step;
  const items = listItems(lookup, step);
  const columns = expandColumns(lookup, step.unit, read);
  const table = new (step.fields > 1 ? Float64Array : Int16Array)(items.length * levels * elements);
  items.forEach(({ place, order }, item) => {
    placeFields(step).forEach(([element, share], k) => {
      let at = item * levels * elements + element;
      for (const value of columns[place * step.values + order[k]]) {
        table[at] += value * share;
        at += elements;
      }
    });
  });
  const groups = listGroups(items, items.length);
  const run = ({ memory, channels, packed }, addresses, x, n) => {
    for (const { block, first, last } of groups) {
      addRows[elements](memory, addresses, first, last, channels[block], x, n, table, levels, packed);
    }
  };
  return { taps: items, part: 0, run };
}

// A table of one tap whose values are read at planes of their own: all items of a value together.
function prepareTaps(lookup, step, read) {
  const { levels } = lookup;
  const items = listItems(lookup, step);
  const columns = expandColumns(lookup, step.unit, read);
  const table = new Int16Array(step.values * items.length * levels);
  for (let k = 0, at = 0; k < step.values; k++) {
    for (const { place, order } of items) {
      table.set(columns[place * step.values + order[k]], at);
      at += levels;
    }
  }
  const groups = listGroups(items, MOST_TAPS);
  const own = new Int32Array(items.length);
  const run = ({ memory, channels, sums }, addresses, x, n) => {
    for (let k = 0; k < step.values; k++) {
      for (let item = 0; item < own.length; item++) own[item] = addresses[item] + items[item].order[k];
      for (const { block, first, last } of groups) {
        const add = addTaps[last - first];
        const start = (k * items.length + first) * levels;
        add(memory, own, first, channels[block], x, n, table, start, levels, sums, k, step.slots);
      }
    }
  };
  return { taps: items, part: -1, run };
}

// A table of several taps: a row of elements for each of its points; a lookup a place and turn.
function prepareSimplex({ places, rows, kernel }, step, read) {
  const { elements } = step;
  const values = read(places.length * rows * step.values);
  const table = step.fields > 1 ? new Float64Array(places.length * rows * elements) : values;
  if (step.fields > 1) {
    placeFields(step).forEach(([element, share], k) => {
      let at = element;
      for (let from = k; from < values.length; from += step.values, at += elements) {
        table[at] += values[from] * share;
      }
    });
  }
  return places.flatMap((place, index) =>
    step.orders.map((_, turn) => {
      const run = ({ memory, channels, packed }, addresses, x, n) => {
        const [sa, sb, sc, sd] = place.map(([block]) => channels[block]);
        const [a, b, c, d] = addresses;
        const taps = [a + x * sa, b + x * sb, c + x * sc, d + x * sd];
        addSimplices[kernel](memory, ...taps, sa, sb, sc, sd, n, table, index * rows, packed);
      };
      return { taps: place.map((tap) => ({ tap, turn })), part: step.parts > 1 ? turn : 0, run };
    }),
  );
}

// Prepare a layer: its lookups, and the runs of values that are finished alike.
function prepareStep(described, read) {
  const step = { ...described, slots: described.elements * described.fields };
  const prepare = { rows: prepareRows, taps: prepareTaps, simplex: prepareSimplex };
  const lookups = step.lookups.flatMap((lookup) => prepare[lookup.kind](lookup, step, read));
  const numbers = Array.from({ length: step.parts }, (_, part) => part);
  return {
    ...step,
    lookups,
    parts: numbers.map((part) => lookups.filter((lookup) => lookup.part === part)),
    others: lookups.filter((lookup) => lookup.part < 0),
    // Where the values of a part belong in the row of a pixel; beyond them is nothing but zeros.
    places: numbers.map((part) => {
      const places = Uint8Array.from({ length: step.slots }, (_, k) => k);
      if (step.parts > 1) step.orders[part].forEach((from, to) => (places[from] = to));
      return places;
    }),
    runs: step.runs.map((run) => ({ ...run, taps: run.taps.map((tap) => ({ tap, turn: 0 })) })),
  };
}
