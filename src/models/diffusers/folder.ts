/** The files in folders that diffusers' `save_pretrained` wrote: of a whole pipeline, or of its network alone. */
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { explainFileError } from '../../store/atomic';

/** What a config.json of diffusers says. */
export type Settings = Readonly<Record<string, unknown>>;

/** Where the parts of a model are. */
export interface DiffusersFiles {
  /** The network's config.json. */
  readonly network: string;
  readonly weights: string;
  /** The noise schedule's scheduler_config.json, if there is one. */
  readonly scheduler?: string;
}

const weightNames = ['diffusion_pytorch_model.safetensors', 'diffusion_pytorch_model.fp16.safetensors'];

/** Whether a folder looks like one of diffusers. A run of this library has a config.json as well, but beside a run.json. */
export function isDiffusersFolder(folder: string): boolean {
  const has = (name: string) => existsSync(path.join(folder, name));
  return has('model_index.json') || has('unet/config.json') || (has('config.json') && !has('run.json'));
}

/**
 * The files of a pipeline's folder, with the network in `unet/` or in the folder itself, or of a network's folder, with the schedule
 * in it or in `scheduler/` beside it.
 * @throws Error when there is no network, or no weights as safetensors
 */
export function findFiles(folder: string): DiffusersFiles {
  const networkFolder = [path.join(folder, 'unet'), folder].find(place =>
    existsSync(path.join(place, 'config.json')),
  );
  if (networkFolder === undefined) {
    throw new Error(
      `${folder} holds no config.json, and no unet/config.json: name a folder that diffusers' save_pretrained wrote, of a UNet2DModel or of a pipeline with one.`,
    );
  }
  const weights = weightNames.map(name => path.join(networkFolder, name)).find(file => existsSync(file));
  if (weights === undefined) {
    throw new Error(
      `${networkFolder} holds no ${weightNames[0]}. Weights of another format become one in Python: UNet2DModel.from_pretrained(folder).save_pretrained(folder).`,
    );
  }
  const scheduler = ['.', 'scheduler', '../scheduler']
    .map(place => path.join(networkFolder, place, 'scheduler_config.json'))
    .find(file => existsSync(file));
  return { network: path.join(networkFolder, 'config.json'), weights, scheduler };
}

/** The settings in a JSON file. @throws Error naming the file when it can't be read or holds something else. */
export async function readSettings(file: string): Promise<Settings> {
  const text = await fs.readFile(file, 'utf8').catch((error: unknown) => {
    throw explainFileError(error, file, 'read');
  });
  const settings = parse(text);
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings))
    return settings as Settings;
  throw new Error(`${file} is damaged: it holds no JSON object. Copy it again.`);
}

/** JSON, and the infinite numbers that Python writes into it, as null. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/(?<=:\s*)(-?Infinity|NaN)\b/g, 'null'));
  } catch {
    return undefined;
  }
}
