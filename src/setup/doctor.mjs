/** npm run doctor. What it does is in examine.mjs, which needs a Node that is new enough to be read. */
import { refuseUnsupportedNode } from './node-version.mjs';

refuseUnsupportedNode();
const [{ doctor }, { runMain }] = await Promise.all([import('./examine.mjs'), import('./project.mjs')]);
runMain(() => doctor(process.argv.slice(2)));
