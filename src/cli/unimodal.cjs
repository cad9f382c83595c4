#!/usr/bin/env node
/** Starts the command line: an installed package's JavaScript, a clone's TypeScript sources through tsx. */
'use strict';
const path = require('node:path');

if (__dirname.split(path.sep).includes('node_modules')) {
  require('../../dist/cli/main.js').main(process.argv);
} else {
  require('tsx/cjs');
  require('./main.ts').main(process.argv);
}
