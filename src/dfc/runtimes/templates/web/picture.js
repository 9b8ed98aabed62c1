"use strict";

// Take the pixels of a picture, of 1 channel where it is grey, of 3, or of 4 where some are
// transparent: upright, as browsers show it.
function takePixels(bitmap) {
  const { width, height } = bitmap;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const channels = countChannels(data);
  if (channels === 4) fillHidden(data, width, height);
  return { width, height, channels, pixels: channels === 4 ? data : dropChannels(data, channels) };
}

function countChannels(pixels) {
  let grey = true;
  for (let k = 0; k < pixels.length; k += 4) {
    if (pixels[k + 3] < 255) return 4;
    grey &&= pixels[k] === pixels[k + 1] && pixels[k] === pixels[k + 2];
  }
  return grey ? 1 : 3;
}

function dropChannels(pixels, channels) {
  const made = new Uint8Array((pixels.length / 4) * channels);
  for (let from = 0, to = 0; from < pixels.length; from += 4) {
    for (let c = 0; c < channels; c++) made[to++] = pixels[from + c];
  }
  return made;
}

// Fill colours where nothing is seen with those of visible neighbours, so that no fringe appears:
// means of visible pixels over ever larger squares, until every square has one.
function fillHidden(pixels, width, height) {
  const sums = new Float32Array(pixels.length);
  for (let k = 0; k < pixels.length; k += 4) {
    if (!pixels[k + 3]) continue;
    for (let c = 0; c < 3; c++) sums[k + c] = pixels[k + c] * pixels[k + 3];
    sums[k + 3] = pixels[k + 3];
  }
  averageVisible(sums, width, height);
  for (let k = 0; k < pixels.length; k += 4) {
    if (pixels[k + 3]) continue;
    for (let c = 0; c < 3; c++) pixels[k + c] = Math.round(sums[k + c]);
  }
}

// Turn sums of colours, and of weights, into means.
function averageVisible(sums, width, height) {
  let hidden = false;
  for (let k = 3; k < sums.length && !hidden; k += 4) hidden = sums[k] === 0;
  const [wide, high] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const coarse = new Float32Array(hidden && wide * high < width * height ? wide * high * 4 : 0);
  const find = (k) => (Math.floor(Math.floor(k / width) / 2) * wide + Math.floor((k % width) / 2)) * 4;
  if (coarse.length) {
    for (let k = 0; k < width * height; k++) {
      for (let c = 0; c < 4; c++) coarse[find(k) + c] += sums[4 * k + c];
    }
    averageVisible(coarse, wide, high);
  }
  for (let k = 0; k < width * height; k++) {
    const weight = sums[4 * k + 3];
    for (let c = 0; c < 3; c++) {
      sums[4 * k + c] = weight ? sums[4 * k + c] / weight : coarse[find(k) + c] ?? 0;
    }
  }
}
