// The inner loops of layers, printed for the sizes that occur in this LUT: sums stay in registers.
//
// Several values are packed in one double, each in bits of its own, and added up at once. All
// numbers are whole, and no sum leaves its bits, so that this is exact.
"use strict";

const HALF_EVEN = 1.5 * 2 ** 52; // added and subtracted, it rounds half to even

// Add the rows that items, places at a turn, find for n pixels from x on.
const addRows = {
{%- for elements in kinds.rows %}
  {{ elements }}(memory, addresses, first, last, step, x, n, table, levels, packed) {
    for (let p = x * step, q = 0; q < n * {{ elements }}; p += step, q += {{ elements }}) {
{%- for e in range(elements) %}
      let v{{ e }} = packed[q + {{ e }}];
{%- endfor %}
      for (let item = first; item < last; item++) {
        const row = (item * levels + memory[addresses[item] + p]) * {{ elements }};
{%- for e in range(elements) %}
        v{{ e }} += table[row + {{ e }}];
{%- endfor %}
      }
{%- for e in range(elements) %}
      packed[q + {{ e }}] = v{{ e }};
{%- endfor %}
    }
  },
{%- endfor %}
};

// Add one value for each of n pixels: the sum of what so many taps find.
const MOST_TAPS = {{ most_taps }};
const addTaps = {
{%- for taps in kinds.taps %}
  {{ taps }}(memory, addresses, first, step, x, n, table, start, levels, sums, at, stride) {
{%- for k in range(taps) %}
    const p{{ k }} = addresses[first + {{ k }}] + x * step, t{{ k }} = start + {{ k }} * levels;
{%- endfor %}
    for (let p = 0; p < n * step; p += step, at += stride) {
      sums[at] +=
{%- for k in range(taps) %}
        {{ "+ " if k }}table[t{{ k }} + memory[p{{ k }} + p]]{{ ";" if loop.last }}
{%- endfor %}
    }
  },
{%- endfor %}
};
{%- set shift, mask = 22, 2 ** 22 - 1 %}
{%- macro place(part, bits) %}
{%- for tap in "abcd" %}
        k{{ tap }} = (({{ tap }} & {{ 2 ** part.interval - 1 }}) << {{ shift + bits - part.interval }}) | {{ part.strides[loop.index0] }};
{%- endfor %}
        row = {{ part.offset }}{% for tap in "abcd" %} + ({{ tap }} >> {{ part.interval }}) * {{ part.strides[loop.index0] }}{% endfor %};
{%- endmacro %}

// Interpolate between five rows for each of n pixels (docs/numerics.md, section 4). A key is the
// fraction of a tap in its cell, above the stride of its axis: sorting moves both.
const addSimplices = {
{%- for name, kind in kinds.simplices.items() %}
  "{{ name }}"(memory, pa, pb, pc, pd, sa, sb, sc, sd, n, table, start, packed) {
    for (let x = 0, q = 0; x < n; x++, q += {{ kind.elements }}) {
      const a = memory[pa + x * sa], b = memory[pb + x * sb];
      const c = memory[pc + x * sc], d = memory[pd + x * sd];
      let ka, kb, kc, kd, row;
{%- if kind.diagonal != kind.other %}
      if ({% for tap in "bcd" %}{{ " && " if not loop.first }}Math.abs(a - {{ tap }}) <= {{ kind.reach[loop.index0] }}{% endfor %}) {
{{- place(kind.diagonal, kind.bits) }}
      } else {
{{- place(kind.other, kind.bits) }}
      }
{%- else %}
      {
{{- place(kind.other, kind.bits) }}
      }
{%- endif %}
      let lower; // a sorting network without branches, the highest first
{%- for high, low in ("ab", "cd", "ac", "bd", "bc") %}
      lower = (k{{ high }} - k{{ low }}) & ((k{{ high }} - k{{ low }}) >> 31);
      k{{ high }} -= lower;
      k{{ low }} += lower;
{%- endfor %}
      const r0 = (start + row) * {{ kind.elements }}, r1 = r0 + (ka & {{ mask }}) * {{ kind.elements }};
      const r2 = r1 + (kb & {{ mask }}) * {{ kind.elements }}, r3 = r2 + (kc & {{ mask }}) * {{ kind.elements }};
      const r4 = r3 + (kd & {{ mask }}) * {{ kind.elements }}, w4 = kd >> {{ shift }};
      const w0 = {{ 2 ** kind.bits }} - (ka >> {{ shift }}), w1 = (ka >> {{ shift }}) - (kb >> {{ shift }});
      const w2 = (kb >> {{ shift }}) - (kc >> {{ shift }}), w3 = (kc >> {{ shift }}) - w4;
{%- for e in range(kind.elements) %}
      packed[q + {{ e }}] +=
{%- for k in range(5) %}
{%- if kind.packed %}
        {{ "+ " if k }}w{{ k }} * table[r{{ k }} + {{ e }}]{{ ";" if loop.last }}
{%- else %}
        {{ "+ " if k }}Math.imul(w{{ k }}, table[r{{ k }} + {{ e }}]){{ ";" if loop.last }}
{%- endif %}
{%- endfor %}
{%- endfor %}
    }
  },
{%- endfor %}
};

// Add the values of elements to sums, each to the place in its row that it belongs to.
const unpack = {
{%- for fields, bits in kinds.packings %}
  "{{ fields }}x{{ bits }}"(packed, n, elements, places, sums, stride) {
    for (let at = 0, q = 0; q < n * elements; at += stride) {
      for (let k = 0; k < stride; k += {{ fields }}, q++) {
        let rest = packed[q];
{%- for field in range(fields - 1, 0, -1) %}
        const v{{ field }} = rest / {{ 2 ** (bits * field) }} + HALF_EVEN - HALF_EVEN;
        rest -= v{{ field }} * {{ 2 ** (bits * field) }};
        sums[at + places[k + {{ field }}]] += v{{ field }};
{%- endfor %}
        sums[at + places[k]] += rest;
      }
    }
  },
{%- endfor %}
};

// Make levels of sums: clip(round((sum + bias) / divisor) + residuals + constant).
const finish = {
{%- for divisor, taps in kinds.finishes %}
  "{{ divisor }}_{{ taps }}"(sums, at, stride, n, x, run, memory, addresses, to) {
    const { count, bias, constant, highest, steps, advances } = run;
{%- for t in range(taps) %}
    const s{{ t }} = steps[{{ t }}], a{{ t }} = advances[{{ t }}];
    let r{{ t }} = addresses[{{ t }}] + x * s{{ t }};
{%- endfor %}
    for (const end = at + n * stride; at < end; at += stride, to += run.step) {
      for (let k = 0; k < count; k++) {
        const rounded = ((sums[at + k] + bias) / {{ divisor }} + HALF_EVEN - HALF_EVEN) | 0;
        const level = rounded + constant{% for t in range(taps) %} + memory[r{{ t }} + k * a{{ t }}]{% endfor %};
        memory[to + k] = level < 0 ? 0 : level > highest ? highest : level;
      }
{%- for t in range(taps) %}
      r{{ t }} += s{{ t }};
{%- endfor %}
    }
  },
{%- endfor %}
};
