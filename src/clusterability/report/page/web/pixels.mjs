// Input units that are the pixels of images.

import {DATA} from "./data.mjs";

// How many images, side by side, the inputs of a layer are: one or two, or 0 where they are no pixels.
export function imagesOf(layer) {
  const images = layer.n / DATA.pixels;
  return images === 1 || images === 2 ? images : 0;
}
// Pixels in a row of these images.
export const pixelsAcross = layer => imagesOf(layer) * Math.sqrt(DATA.pixels);
// Every pixel as a square in a colour; `colourOf` takes its number.
export function paintPixels(canvas, layer, cell, colourOf) {
  const width = pixelsAcross(layer), context = canvas.getContext("2d");
  canvas.width = width * cell;
  canvas.height = layer.n / width * cell;
  for (let pixel = 0; pixel < layer.n; pixel++) {
    context.fillStyle = colourOf(pixel);
    context.fillRect(pixel % width * cell, Math.floor(pixel / width) * cell, cell, cell);
  }
}
