/** What the paths of image files say: the class of each, and whether it is for training or for testing. */

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
  const placed = paths.map(path => ({ path, parts: path.split('/') }));
  const files = withoutOuterFolder(placed.sort(byParts));
  const folders = namesOf(files.filter(({ parts }) => parts.length > 1));
  const isDivided = folders.length > 0 && folders.every(name => name === 'train' || testNames.includes(name));
  if (!isDivided) return sorted(files, location, requireClasses(files, location));
  const testName = testNames.find(name => folders.includes(name));
  if (!folders.includes('train') || !testName) {
    throw new Error(
      `${location} holds the parts ${folders.join(', ')}: with train there must be test (or val), and the other way round. Name the folder of the part to read that one alone.`,
    );
  }
  const part = (name: string) => files.filter(file => file.parts[0] === name).map(inner);
  const [train, test] = [part('train'), part(testName)];
  const classNames = requireClasses(train, `${location}/train`);
  const ofTrain = sorted(train, `${location}/train`, classNames);
  const ofTest = sorted(test, `${location}/${testName}`, classNames);
  return { classNames, images: [...ofTrain.images, ...ofTest.images], trainCount: ofTrain.images.length };
}

interface PlacedFile {
  readonly path: string;
  /** Folders and file name. */
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

function requireClasses(files: readonly PlacedFile[], location: string): string[] {
  const classNames = namesOf(files.filter(({ parts }) => parts.length > 1));
  if (classNames.length >= 2) return classNames;
  const loose = files.filter(({ parts }) => parts.length === 1 && imageName.test(parts[0])).length;
  const found =
    classNames.length === 1 ? `the one folder "${classNames[0]}"` : `${loose} images and no folders`;
  throw new Error(
    `${location} needs a folder of images for each of at least two classes, but it has ${found}. Sort the images into folders named after their classes.`,
  );
}

function sorted(files: readonly PlacedFile[], location: string, classNames: readonly string[]): ClassFolders {
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
  return {
    classNames,
    images: images.map(({ path, parts }) => ({ path, label: classNames.indexOf(parts[0]) })),
  };
}
