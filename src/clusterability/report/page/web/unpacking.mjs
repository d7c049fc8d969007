// Packed arrays: gzip and base64, in the order of a layout. packing.py writes them.

const BYTES = {int8: 1, uint8: 1, int16: 2, uint16: 2, float32: 4};
export async function unpacked(text, layout) {
  const raw = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const found = {};
  let start = 0;
  for (const [name, kind, count] of layout) {
    const length = kind === "nibbles" ? (count + 1) >> 1 : count * BYTES[kind];
    found[name] = numbersOf(bytes.subarray(start, start + length), kind, count);
    start += length;
  }
  return found;
}
export function numbersOf(bytes, kind, count) {
  if (kind === "nibbles") {
    const found = new Uint8Array(count);
    for (let i = 0; i < count; i++) found[i] = i % 2 ? bytes[i >> 1] >> 4 : bytes[i >> 1] & 15;
    return found;
  }
  if (kind === "uint8") return bytes;
  if (kind === "int8") return Int8Array.from(bytes, byte => byte << 24 >> 24);
  // The highest bytes of all numbers come first, then the next ones.
  const width = BYTES[kind], buffer = new ArrayBuffer(4), view = new DataView(buffer);
  const found = kind === "float32" ? new Float32Array(count) : new Int32Array(count);
  for (let i = 0; i < count; i++) {
    for (let b = 0; b < width; b++) view.setUint8(b, bytes[b * count + i]);
    found[i] = kind === "float32" ? view.getFloat32(0) : kind === "int16" ? view.getInt16(0) : view.getUint16(0);
  }
  return found;
}
