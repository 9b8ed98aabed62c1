// Enlarges rows of pictures by bicubic interpolation (a = -0.5): to the bit what Pillow does.

const BITS = 22; // of the fraction of a weight
const REACH = 2; // pixels that it reads beyond a row, and so on all sides

function weighBicubic(distance) {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

// Find which four positions each of an enlarged side is made of, and their weights.
function findWeights(length, scale) {
  const positions = new Int32Array(length * scale * 4);
  const weights = new Int32Array(length * scale * 4);
  for (let k = 0; k < length * scale; k++) {
    const centre = (k + 0.5) * (1 / scale);
    const first = Math.max(0, Math.trunc(centre - REACH + 0.5));
    const end = Math.min(length, Math.trunc(centre + REACH + 0.5));
    const own = Array.from({ length: end - first }, (_, n) => weighBicubic(first + n - centre + 0.5));
    const sum = own.reduce((total, weight) => total + weight, 0);
    for (let n = 0; n < 4; n++) {
      const weight = ((own[n] ?? 0) / sum) * 2 ** BITS;
      weights[4 * k + n] = Math.trunc(weight + Math.sign(weight) * 0.5);
      positions[4 * k + n] = Math.min(first + n, end - 1);
    }
  }
  return { positions, weights };
}

// Mix four values that lie `step` apart, those that position `at` is made of; then the next ones.
function mixFour(pixels, offset, step, { positions, weights }, at, made, to, count) {
  const [a, b, c, d] = [0, 1, 2, 3].map((n) => offset + positions[4 * at + n] * step);
  const [wa, wb, wc, wd] = weights.subarray(4 * at, 4 * at + 4);
  for (let k = 0; k < count; k++) {
    const sum = pixels[a + k] * wa + pixels[b + k] * wb + pixels[c + k] * wc + pixels[d + k] * wd;
    made[to + k] = (sum + (1 << (BITS - 1))) >> BITS;
  }
}

// Enlarge the rows of a job for `Restorer`, all channels: first their width, then their height.
function enlarge({ pixels, first, width, height, channels, top, bottom }, scale) {
  const rows = pixels.length / (width * channels);
  const pitch = width * scale * channels;
  const wide = new Uint8ClampedArray(rows * pitch);
  const across = findWeights(width, scale);
  for (let row = 0; row < rows; row++) {
    for (let x = 0; x < width * scale; x++) {
      const offset = row * width * channels;
      mixFour(pixels, offset, channels, across, x, wide, row * pitch + x * channels, channels);
    }
  }
  const made = new Uint8ClampedArray((bottom - top) * scale * pitch);
  const down = findWeights(height, scale);
  for (let y = top * scale; y < bottom * scale; y++) {
    mixFour(wide, -first * pitch, pitch, down, y, made, (y - top * scale) * pitch, pitch);
  }
  return made;
}
