import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { removeTemporaryFiles, requireWritable, writeFileAtomically } from '../../src/store/atomic';
import { withTemporaryFolder } from './temporary';

afterEach(() => vi.restoreAllMocks());

/** Opens files whose writing fails after some bytes have reached the disk, as on a full one. */
function failWritesWith(code: string): void {
  const open = fs.open.bind(fs);
  vi.spyOn(fs, 'open').mockImplementation(async (...given) => {
    const handle = await open(...given);
    const write = handle.writeFile.bind(handle);
    handle.writeFile = async () => {
      await write('half');
      throw Object.assign(new Error(code), { code });
    };
    return handle;
  });
}

test('a file is written whole, folders included, in pieces or as text', async () => {
  await withTemporaryFolder(async folder => {
    const file = path.join(folder, 'a/b/file');
    await writeFileAtomically(file, [Buffer.from('one '), Buffer.from('two')]);
    expect(await fs.readFile(file, 'utf8')).toBe('one two');
    await writeFileAtomically(file, 'three');
    expect(await fs.readFile(file, 'utf8')).toBe('three');
    expect(await fs.readdir(path.dirname(file))).toEqual(['file']);
  });
});

test('on a full disk the old file stays, nothing else is left, and the message says what to do', async () => {
  await withTemporaryFolder(async folder => {
    const file = path.join(folder, 'file');
    await writeFileAtomically(file, 'old');
    failWritesWith('ENOSPC');
    await expect(writeFileAtomically(file, 'new')).rejects.toThrow(
      /file: the disk is full\. Free some space/,
    );
    expect(await fs.readFile(file, 'utf8')).toBe('old');
    expect(await fs.readdir(folder)).toEqual(['file']);
  });
});

test.each([
  ['EACCES', /no permission/],
  ['EROFS', /read-only/],
])('a folder that refuses (%s) is named with the remedy', async (code, message) => {
  await withTemporaryFolder(async folder => {
    vi.spyOn(fs, 'open').mockRejectedValue(Object.assign(new Error(code), { code }));
    const file = path.join(folder, 'file');
    await expect(writeFileAtomically(file, 'new')).rejects.toThrow(message);
    await expect(writeFileAtomically(file, 'new')).rejects.toThrow(file);
  });
});

test('a path through a file is refused with the reason', async () => {
  await withTemporaryFolder(async folder => {
    await fs.writeFile(path.join(folder, 'file'), '');
    const inside = path.join(folder, 'file/run/weights');
    await expect(writeFileAtomically(inside, 'new')).rejects.toThrow(/a part of the path is a file/);
  });
});

test.runIf(existsSync('/proc/self'))(
  '/proc is refused as a place for files, in words and at once',
  async () => {
    const refusal =
      /^Could not write \/proc.*: nothing can be kept in this file system. Choose another folder/;
    await expect(requireWritable('/proc/runs/a')).rejects.toThrow(refusal);
    await expect(writeFileAtomically('/proc/runs/a/file', 'new')).rejects.toThrow(refusal);
  },
);

test('a folder is known to be writable before anything is made in it', async () => {
  await withTemporaryFolder(async folder => {
    await requireWritable(path.join(folder, 'a/b/c'));
    expect(await fs.readdir(folder)).toEqual([]);
    await fs.writeFile(path.join(folder, 'file'), '');
    await expect(requireWritable(path.join(folder, 'file/b'))).rejects.toThrow(
      /file: a part of the path is a file/,
    );
    vi.spyOn(fs, 'access').mockRejectedValue(Object.assign(new Error('EROFS'), { code: 'EROFS' }));
    await expect(requireWritable(path.join(folder, 'a/b'))).rejects.toThrow(
      `${folder}: the file system is read-only`,
    );
  });
});

test('what killed processes left is removed, in folders of the folder as well, and nothing that a living one is writing', async () => {
  await withTemporaryFolder(async folder => {
    const { pid: dead } = spawnSync('true');
    const living = `results/curve.json.${process.pid}-89abcdef.tmp`;
    const left = ['run.json', 'kept/5.safetensors', 'results/curve.json'];
    for (const name of ['kept/5.safetensors', living, ...left.map(name => `${name}.${dead}-01234567.tmp`)])
      await writeFileAtomically(path.join(folder, name), '');
    await removeTemporaryFiles(folder);
    const files = (await fs.readdir(folder, { recursive: true })).filter(name => path.extname(name) !== '');
    expect(files.sort()).toEqual(['kept/5.safetensors', living]);
  });
});
