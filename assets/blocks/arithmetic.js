// The arithmetic of a convolution, in double precision: where kernels fit, one patch, one sum, one map.

// ⌊(side + before + after − kernel) / stride⌋ + 1; 0 or less: the kernel does not fit.
export function outputSide(side, { size, stride, before, after }) {
  return Math.floor((side + before + after - size) / stride) + 1;
}

// Rows and columns at the end that no kernel reaches.
export function unseen(side, { size, stride, before, after }) {
  return (side + before + after - size) % stride;
}

// The size × size numbers under a kernel at (row, column) of the output; outside of the input they are 0.
// `input`: an array with its shape [channels, rows, columns].
export function patch(input, channel, row, column, { size, stride, before }) {
  const [, rows, columns] = input.shape;
  const numbers = new Array(size * size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) {
      const [y, x] = [row * stride - before + i, column * stride - before + j];
      const inside = y >= 0 && y < rows && x >= 0 && x < columns;
      numbers[i * size + j] = inside ? input[(channel * rows + y) * columns + x] : 0;
    }
  }
  return numbers;
}

// One kernel of a layer: its weights for each input channel that it reads, the first of which is `first`.
// `layer`: {weights (O, I, k, k), bias, scale, shift (O) or null, groups}.
export function learned(layer, map) {
  const [maps, reads, size] = layer.weights.shape;
  const length = size * size;
  const channels = Array.from({ length: reads }, (_, i) => layer.weights.subarray((map * reads + i) * length, (map * reads + i + 1) * length));
  const first = Math.floor(map / (maps / layer.groups)) * reads;
  return { size, channels, first, bias: layer.bias?.[map] ?? 0, scale: layer.scale?.[map] ?? null, shift: layer.shift?.[map] ?? null };
}

// What an activation makes of z, by a table of its values from −end to end; beyond it lines go on.
export function activated({ values, end }, z) {
  const last = values.length - 1;
  const at = ((z + end) / (2 * end)) * last;
  const below = Math.min(Math.max(Math.floor(at), 0), last - 1);
  return values[below] + (at - below) * (values[below + 1] - values[below]);
}

// One unit: the sum of each channel, all of them with the bias, normalized where something normalizes, activated.
export function unit(input, kernel, places, row, column, activation) {
  const sums = kernel.channels.map((weights, i) => {
    const numbers = patch(input, kernel.first + i, row, column, { ...places, size: kernel.size });
    return numbers.reduce((sum, number, k) => sum + number * weights[k], 0);
  });
  const z = sums.reduce((sum, each) => sum + each, 0) + kernel.bias;
  const normalized = kernel.scale === null ? null : kernel.scale * z + kernel.shift;
  return { sums, z, normalized, value: activated(activation, normalized ?? z) };
}

// The whole feature map of a kernel, with its shape [rows, columns]; null where the kernel does not fit.
export function featureMap(input, kernel, places, activation) {
  const sides = input.shape.slice(1).map((side) => outputSide(side, { ...places, size: kernel.size }));
  if (Math.min(...sides) < 1) return null;
  const [rows, columns] = sides;
  const map = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) map[row * columns + column] = unit(input, kernel, places, row, column, activation).value;
  }
  map.shape = sides;
  return map;
}
