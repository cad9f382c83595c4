/** Data by name or by path: the one place that knows all kinds of sources. */
import { loadCanvases } from './canvases';
import { cifar10, cifar100, cifarFormatOf, loadCifar, loadCifarFiles } from './cifar';
import type { Dataset } from './dataset';
import { loadDigits } from './digits';
import type { DownloadOptions } from './download';
import { filesIn } from './files';
import { loadImageFiles } from './folder';
import { loadNumpy } from './numpy';
import { preprocess, type Preprocessing, requirePreprocessing } from './preprocess';
import { isSegmented, loadSegmentedFiles } from './segmented';

/** Sources that are names; all others are paths. */
export const namedSources: readonly string[] = ['digits', 'canvases', 'cifar10', 'cifar100'];

/** How data are loaded. */
export interface LoadDatasetOptions extends Preprocessing, DownloadOptions {}

/**
 * Loads a data set.
 * @param source 'digits' or 'canvases' (embedded), 'cifar10' or 'cifar100' (downloaded once), or a path: of a folder or tar with
 *   a folder of images for each class or with `images/` and `masks/` (also under `train/` and `test/`), of CIFAR's binary
 *   archive or folder, of a .npz or .npy
 * @throws Error that says what is wrong with the source; RangeError for preprocessing that is none, before any work, or that does not
 *   fit the images
 */
export async function loadDataset(source: string, options: LoadDatasetOptions = {}): Promise<Dataset> {
  requirePreprocessing(options);
  if (source === 'digits') return preprocess(loadDigits(), options);
  if (source === 'canvases') return preprocess(loadCanvases(), options);
  if (source === 'cifar10') return preprocess(await loadCifar(cifar10, options), options);
  if (source === 'cifar100') return preprocess(await loadCifar(cifar100, options), options);
  if (/\.np[yz]$/i.test(source)) return preprocess(await loadNumpy(source), options);
  const files = filesIn(source);
  const format = await cifarFormatOf(files);
  if (format) return preprocess(await loadCifarFiles(format, files, options), options);
  const load = isSegmented(await files.list()) ? loadSegmentedFiles : loadImageFiles;
  return preprocess(await load(files, options), options);
}
