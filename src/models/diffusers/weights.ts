/** The weights of a UNet2DModel. */
import type { Network } from '../../diffusion/network';
import type { NamedValues } from '../../engine/values';
import { loadSafetensors } from '../../store/safetensors';
import { parametersFromTorch } from '../torch-weights';

/** What the projections of attention were called until diffusers 0.14. */
const formerNames: Readonly<Record<string, string>> = {
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  proj_attn: 'to_out.0',
};

/**
 * The network's parameters from a diffusion_pytorch_model.safetensors.
 * @throws Error naming the file when it can't be read, or what in it does not fit the network
 */
export async function loadUNetWeights(file: string, network: Network): Promise<NamedValues> {
  const tensors = Object.entries(await loadSafetensors(file)).map(([name, tensor]) => [
    name.replace(/(?<=\.attentions\.\d+\.)(query|key|value|proj_attn)(?=\.)/, former => formerNames[former]),
    tensor,
  ]);
  return parametersFromTorch(Object.fromEntries(tensors) as NamedValues, network, file);
}
