/** Weights of networks trained with EDM's code (https://github.com/NVlabs/edm). */
import type { Network } from '../diffusion/network';
import type { NamedValues, TensorValue } from '../engine/values';
import { loadSafetensors } from '../store/safetensors';
import { parametersFromTorch } from './torch-weights';

/**
 * The weights of an EDM "SongUNet" (DDPM++), saved as safetensors from the `state_dict()` of the network or of its preconditioning:
 *
 *     save_file({k: v.float().contiguous() for k, v in net.state_dict().items()}, 'edm.safetensors')  # Python
 *
 * The layer of augmentation labels is left out: EDM gives none outside training.
 * @param network of the design 'ddpm++' and the sizes that the weights were trained with
 * @throws Error naming the file when it cannot be read, or what in it does not fit: class labels, another resampling filter than
 *   [1, 1], parameters of another shape, missing or unknown ones.
 */
export async function loadEdmWeights(file: string, network: Network): Promise<NamedValues> {
  const tensors: NamedValues = {};
  for (const [key, tensor] of Object.entries(await loadSafetensors(file))) {
    const name = key.replace(/^model\./, ''); // the preconditioning's name of its network
    if (name.startsWith('map_label.')) {
      throw new Error(`The network in ${file} takes class labels (${key}), which is not supported.`);
    }
    if (name.endsWith('.resample_filter')) requireBoxFilter(tensor, `${key} in ${file}`);
    else if (name !== 'map_augment.weight') tensors[name] = tensor;
  }
  return parametersFromTorch(tensors, network, file);
}

/** EDM stores the filter's outer product with itself, of sum 1: a quarter each for [1, 1]. */
function requireBoxFilter({ values, shape }: TensorValue, place: string): void {
  if (shape.join() === '1,1,2,2' && values.every(value => value === 0.25)) return;
  throw new Error(
    `${place} is not the resampling filter [1, 1], the only one supported: this is NCSN++, not DDPM++.`,
  );
}
