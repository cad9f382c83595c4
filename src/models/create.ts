/** Networks by configuration. */
import type { Network } from '../diffusion/network';
import { createDit, type DitConfig } from './dit';
import { createResidualMlp, type ResidualMlpConfig } from './residual-mlp';
import { createUNet, type UNetConfig } from './unet';

/** What determines a network, besides the shape of its images. */
export type NetworkConfig =
  | ({ readonly kind: 'unet' } & Omit<UNetConfig, 'imageShape'>)
  | ({ readonly kind: 'dit' } & Omit<DitConfig, 'imageShape'>)
  | ({ readonly kind: 'residual-mlp' } & Omit<ResidualMlpConfig, 'imageShape'>);

/**
 * The network of a configuration, for images of the given height, width and channels.
 * @throws RangeError when there is no such kind, or the configuration is impossible.
 */
export function createNetwork(config: NetworkConfig, imageShape: Network['imageShape']): Network {
  switch (config.kind) {
    case 'unet':
      return createUNet({ ...config, imageShape });
    case 'dit':
      return createDit({ ...config, imageShape });
    case 'residual-mlp':
      return createResidualMlp({ ...config, imageShape });
    default:
      throw new RangeError(
        `There is no network of kind ${JSON.stringify((config as NetworkConfig).kind)}. The kinds are: unet, dit, residual-mlp.`,
      );
  }
}
