/** What the kernel says of itself. */
import { version as typescriptVersion } from 'typescript/package.json';
import { version } from '../../package.json';
import { PROTOCOL_VERSION } from './message';

/** The content of a `kernel_info_reply`. */
export const kernelInformation = {
  status: 'ok',
  protocol_version: PROTOCOL_VERSION,
  implementation: 'typescript-kernel',
  implementation_version: version,
  banner: `TypeScript ${typescriptVersion} on Node.js ${process.versions.node}`,
  debugger: false,
  supported_features: [],
  language_info: {
    name: 'typescript',
    version: typescriptVersion,
    mimetype: 'text/typescript',
    file_extension: '.ts',
    pygments_lexer: 'typescript',
    codemirror_mode: { name: 'javascript', typescript: true, mode: 'text/typescript' },
    nbconvert_exporter: 'script',
  },
  help_links: [
    { text: 'TypeScript handbook', url: 'https://www.typescriptlang.org/docs/' },
    { text: 'Node.js API', url: 'https://nodejs.org/api/' },
    { text: 'MDN: JavaScript', url: 'https://developer.mozilla.org/docs/Web/JavaScript' },
  ],
};
