/** npm run setup. What it does is in steps.mjs, which needs a Node that is new enough to be read. */
import { refuseUnsupportedNode } from './node-version.mjs';

refuseUnsupportedNode();
const [{ setUp }, { runMain }] = await Promise.all([import('./steps.mjs'), import('./project.mjs')]);
// Leaving through exit() releases the lock.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
runMain(() => setUp(process.argv.slice(2)));
