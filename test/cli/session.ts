/** Started as a process of its own by command-line.ts: runs command lines one after the other, so that TensorFlow loads once. */
import { main } from '../../src/cli/main';

const written = { stdout: '', stderr: '' };
for (const stream of ['stdout', 'stderr'] as const) {
  process[stream].write = (text: string | Uint8Array) => {
    written[stream] += String(text);
    return true;
  };
}

process.on('message', (argv: string[]) => {
  Object.assign(written, { stdout: '', stderr: '' });
  void main(['node', 'unimodal', ...argv]).then(() => {
    const loadedTensorFlow = Object.keys(require.cache).some(file => file.includes('tfjs-node'));
    process.send?.({ status: process.exitCode, ...written, loadedTensorFlow });
  });
});
