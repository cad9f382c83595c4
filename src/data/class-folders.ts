/** What the paths of image files say: whether each is for training or for testing, and its class. */

/** Labelled image files in the order of a data set: by part, class and name. */
export interface ClassFolders {
  readonly classNames: readonly string[];
  readonly images: readonly { readonly path: string; readonly label: number }[];
  /** How many of the images, the first ones, are under `train`; undefined when there are no parts. */
  readonly trainCount?: number;
}

/** Names of image files. */
export const imageName = /\.(png|jpe?g)$/i;
/** Folders that are no classes but parts; `val` stands for `test` where there is no `test`, and is left out where there is. */
const testNames = ['test', 'val', 'validation'];

/**
 * Reads `<class>/<image>`, also under `train/` and `test/`, also inside one folder around everything.
 * @param paths of all files
 * @param location the folder or archive, for messages
 * @throws Error when there are fewer than two classes, a class without images, test images of a class that has none to
 *   train on, images at another depth, or parts without `train`
 */
export function classFolders(paths: readonly string[], location: string): ClassFolders {
  const [train, test] = dataParts(paths, location);
  const classNames = requireClasses(train);
  const images = labelled(train, classNames);
  if (!test) return { classNames, images };
  return { classNames, images: [...images, ...labelled(test, classNames)], trainCount: images.length };
}

/** All files of a data set, or those for training or for testing, in the order of their folders and names. */
export interface DataPart {
  /** The folder, for messages. */
  readonly location: string;
  readonly files: readonly PlacedFile[];
}

/**
 * The files inside the folders `train` and `test`, or all where there are no such parts; also inside one folder around everything.
 * @returns the files for training and those for testing, or one part of all files
 * @throws Error when there are parts, but not both
 */
export function dataParts(
  paths: readonly string[],
  location: string,
): readonly [all: DataPart] | readonly [train: DataPart, test: DataPart] {
  const placed = paths.map(path => ({ path, parts: path.split('/') }));
  const files = withoutOuterFolder(placed.sort(byParts));
  const folders = namesOf(files.filter(({ parts }) => parts.length > 1));
  const isDivided = folders.length > 0 && folders.every(name => name === 'train' || testNames.includes(name));
  if (!isDivided) return [{ location, files }];
  const testName = testNames.find(name => folders.includes(name));
  if (!folders.includes('train') || !testName) {
    throw new Error(
      `${location} holds the parts ${folders.join(', ')}: with train there must be test (or val), and the other way round. Name the folder of the part to read that one alone.`,
    );
  }
  const part = (name: string): DataPart => ({
    location: `${location}/${name}`,
    files: files.filter(({ parts }) => parts[0] === name).map(inner),
  });
  return [part('train'), part(testName)];
}

/** A file of a part of a data set. */
export interface PlacedFile {
  readonly path: string;
  /** Folders inside the part, and the file's name. */
  readonly parts: readonly string[];
}

/** Folder by folder, so that the class "a" comes before "a-b" although "a-b/1.png" is less than "a/1.png". */
function byParts(a: PlacedFile, b: PlacedFile): number {
  const at = a.parts.findIndex((part, i) => part !== b.parts[i]);
  return at >= 0 && a.parts[at] < b.parts[at] ? -1 : 1;
}

const inner = ({ path, parts }: PlacedFile): PlacedFile => ({ path, parts: parts.slice(1) });
const namesOf = (files: readonly PlacedFile[]) => [...new Set(files.map(({ parts }) => parts[0]))];

/** Archives often hold one folder of the archive's name. It is no class: folders follow inside. */
function withoutOuterFolder(files: readonly PlacedFile[]): readonly PlacedFile[] {
  const nested = files.filter(({ parts }) => parts.length > 1);
  const isAround = namesOf(nested).length === 1 && nested.some(({ parts }) => parts.length > 2);
  return isAround ? withoutOuterFolder(nested.map(inner)) : files;
}

function requireClasses({ files, location }: DataPart): string[] {
  const classNames = namesOf(files.filter(({ parts }) => parts.length > 1));
  if (classNames.length >= 2) return classNames;
  const loose = files.filter(({ parts }) => parts.length === 1 && imageName.test(parts[0])).length;
  const found =
    classNames.length === 1 ? `the one folder "${classNames[0]}"` : `${loose} images and no folders`;
  throw new Error(
    `${location} needs a folder of images for each of at least two classes, but it has ${found}. Sort the images into folders named after their classes.`,
  );
}

function labelled({ files, location }: DataPart, classNames: readonly string[]): ClassFolders['images'] {
  const images = files.filter(({ parts }) => parts.length > 1 && imageName.test(parts[parts.length - 1]));
  const deep = images.find(({ parts }) => parts.length > 2);
  if (deep) {
    throw new Error(
      `${deep.path} in ${location} lies deeper than <class>/<image>. Put a class's images into its folder itself.`,
    );
  }
  const classes = namesOf(files.filter(({ parts }) => parts.length > 1));
  const unknown = classes.find(name => !classNames.includes(name));
  if (unknown !== undefined) {
    throw new Error(`${location} has the class "${unknown}", of which there are no images to train on.`);
  }
  const empty = classes.find(name => !images.some(({ parts }) => parts[0] === name));
  if (empty !== undefined) {
    throw new Error(
      `The class folder ${location}/${empty} has no .png, .jpg or .jpeg files. Add images, or remove the folder.`,
    );
  }
  return images.map(({ path, parts }) => ({ path, label: classNames.indexOf(parts[0]) }));
}
