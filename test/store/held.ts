import { withFolderLock } from '../../src/store/lock';

/** Runs `work` while another part of this process holds `folder`, which `work` knows nothing of. */
export async function whileHeld(folder: string, work: () => Promise<void>): Promise<void> {
  let release!: () => void;
  const released = new Promise<void>(resolve => (release = resolve));
  let holding!: Promise<void>;
  await new Promise<void>(resolve => {
    holding = withFolderLock(folder, () => {
      resolve();
      return released;
    });
  });
  try {
    await work();
  } finally {
    release();
    await holding;
  }
}
