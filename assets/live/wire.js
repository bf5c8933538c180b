// Arrays of the wire: {"dtype", "shape", "data": base64 of little-endian bytes}. NaN and ±Infinity survive.

const ARRAYS = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array };

export function unpacked(packed) {
  const text = atob(packed.data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  const array = new ARRAYS[packed.dtype](bytes.buffer);
  array.shape = packed.shape;
  return array;
}

// A picture's payload with every packed array in it unpacked.
export function decoded(value) {
  if (Array.isArray(value)) return value.map(decoded);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.dtype === "string" && typeof value.data === "string") return unpacked(value);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, decoded(part)]));
}

// The rows of a two-dimensional array.
export function rowsOf(array) {
  const [height, width] = array.shape;
  return Array.from({ length: height }, (_, row) => Array.from(array.subarray(row * width, (row + 1) * width)));
}
