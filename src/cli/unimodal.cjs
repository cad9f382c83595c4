#!/usr/bin/env node
/** Starts the command line: the compiled library where there is one, otherwise the TypeScript sources through tsx. */
'use strict';
const { existsSync } = require('node:fs');
const path = require('node:path');

const compiled = path.join(__dirname, '../../dist/cli/main.js');
if (existsSync(compiled)) {
  require(compiled).main(process.argv);
} else {
  require('tsx/cjs');
  require('./main.ts').main(process.argv);
}
