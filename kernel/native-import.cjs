/** Node's own `import()`: in the kernel's TypeScript files, which are compiled to CommonJS, it would become `require`. */
'use strict';

module.exports = { nativeImport: url => import(url) };
