// What a worker does: it gets a LUT first, and then strips of pictures.

let restorer;

// What is slow once, laying tables out and compiling loops, is done before the first picture.
function prepare(lut) {
  restorer = new Restorer(lut);
  const [width, height, channels] = [64, 32, 3];
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, k) => k * k);
  restorer.restore({ pixels, first: 0, width, height, channels, top: 0, bottom: height });
}

// Make what a canvas takes, pixels of four channels, of 1 (grey), 3 or 4.
function makeOpaque(pixels, channels) {
  if (channels === 4) return pixels;
  const made = new Uint8ClampedArray((pixels.length / channels) * 4).fill(255);
  for (let from = 0, to = 0; from < pixels.length; from += channels, to += 4) {
    made[to] = pixels[from];
    made[to + 1] = pixels[from + (channels > 1)];
    made[to + 2] = pixels[from + 2 * (channels > 1)];
  }
  return made;
}

// Restore a strip, and enlarge it for comparison; its transparency is that of the latter.
function restoreStrip(job) {
  const { scale } = restorer.lut;
  const made = restorer.restore(job, (rows) => postMessage({ rows }));
  const restored = makeOpaque(made, job.channels);
  const enlarged = makeOpaque(enlarge(job, scale), job.channels);
  for (let k = 3; k < restored.length; k += 4) restored[k] = enlarged[k];
  postMessage({ top: job.top, restored, enlarged }, [restored.buffer, enlarged.buffer]);
}

globalThis.onmessage = ({ data }) => (data.lut ? prepare(data.lut) : restoreStrip(data.job));
