/**
 * The entry point of the kernel's process (`node launch.cjs CONNECTION_FILE`) and of its worker threads, which name
 * their own module in `workerData.entry`. Plain JavaScript, so that a clone needs no build step.
 */
'use strict';

const { workerData } = require('node:worker_threads');

require('./typescript-hook.cjs').register();
require(workerData?.entry ?? './main');
