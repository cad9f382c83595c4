/** Archives made for tests. */
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

/** A tar of the given files; a header in place of the content makes an entry of another kind. */
export async function tarOf(files: Record<string, Uint8Array | string | Partial<Header>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) {
    if (typeof content === 'string' || content instanceof Uint8Array) tar.entry({ name }, content);
    else tar.entry({ name, ...content });
  }
  tar.finalize();
  return buffer(tar);
}

/** The same, compressed. */
export async function tarGzOf(files: Parameters<typeof tarOf>[0]): Promise<Buffer> {
  return gzipSync(await tarOf(files));
}
