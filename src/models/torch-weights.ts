/** Weights as PyTorch stores them, brought into the library's layouts. */
import type { Network } from '../diffusion/network';
import { float32, type NamedValues, type TensorValue } from '../engine/values';

/** A weight in PyTorch's layout: convolution [out, in, height, width] -> [height, width, in, out], linear [out, in] -> [in, out]. */
function fromTorch({ values, shape }: TensorValue): TensorValue {
  if (shape.length < 2) return float32(values, shape);
  const [outputs, inputs, ...pixels] = shape;
  const size = pixels.reduce((product, length) => product * length, 1);
  const moved = new Float32Array(values.length);
  let from = 0;
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let p = 0; p < size; p++) moved[(p * inputs + i) * outputs + o] = values[from++];
  return float32(moved, [...pixels, inputs, outputs]);
}

/**
 * A network's parameters from tensors in PyTorch's layout under the same names.
 * @param source names the file in errors
 * @throws Error naming parameters that are missing, have another shape, or that the network does not have.
 */
export function parametersFromTorch(tensors: NamedValues, network: Network, source: string): NamedValues {
  const names = new Set(network.parameters.map(spec => spec.name));
  const unknown = Object.keys(tensors).filter(name => !names.has(name));
  if (unknown.length > 0) throw misfit(source, `it holds ${some(unknown)}, which the network does not have`);
  const missing = [...names].filter(name => !Object.hasOwn(tensors, name));
  if (missing.length > 0) throw misfit(source, `it lacks ${some(missing)}`);
  return Object.fromEntries(
    network.parameters.map(({ name, shape }) => {
      const converted = fromTorch(tensors[name]);
      if (converted.shape.join() === shape.join()) return [name, converted];
      throw misfit(
        source,
        `${name} is [${converted.shape.join(', ')}] in the library's layout, the network's is [${shape.join(', ')}]`,
      );
    }),
  );
}

function misfit(source: string, problem: string): Error {
  return new Error(
    `The weights in ${source} are of another network: ${problem}. Compare the configurations.`,
  );
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
