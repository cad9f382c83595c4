/** Refuses an unsupported Node with a sentence. Written so that even Node 14 can read it: nothing newer may be imported here. */
import { readFileSync } from 'fs';
import { satisfies } from './versions.mjs';

/** What is wrong with this version of Node, or undefined when package.json's `engines` allows it. */
export function problemOfNode(version) {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (satisfies(version, engines.node)) return undefined;
  return (
    `Node ${version} is not supported: the project needs Node ${engines.node}. ` +
    'Install Node 20, 22 or 24 (for example with nvm, conda or from nodejs.org) and run it again with that one.'
  );
}

/** Ends the process with that sentence where this Node is not supported. */
export function refuseUnsupportedNode() {
  const problem = problemOfNode(process.versions.node);
  if (problem === undefined) return;
  console.error(`\n${problem}`);
  process.exit(1);
}
