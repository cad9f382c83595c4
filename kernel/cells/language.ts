/** The language thread: compiles cells, completes and explains code, also while a cell runs. */
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import type { LanguageAnswer, LanguageData, LanguageOperations, LanguageRequest } from '../threads';
import { CellCompiler } from './compile';
import { complete } from './complete';
import { inspect } from './inspect';
import { isComplete } from './completeness';
import { prepareModules } from './prepare';
import { CellService } from './service';

// eslint-disable-next-line @typescript-eslint/no-require-imports -- plain JavaScript without types
const { pruneCache } = require('../typescript-hook.cjs') as { pruneCache: () => void };

type Operations = {
  [Name in keyof LanguageOperations]: (
    ask: LanguageOperations[Name]['ask'],
  ) => LanguageOperations[Name]['answer'];
};

function operations(compiler: CellCompiler): Operations {
  return {
    compile({ cell, code, label }) {
      const result = compiler.compile(cell, code, label);
      if ('compiled' in result) prepareModules(compiler.service.projectFiles);
      return result;
    },
    commit({ cell, declared }) {
      compiler.commit(cell, declared);
      return null;
    },
    complete: position => complete(compiler, position),
    inspect: ({ detail, ...position }) => inspect(compiler, position, detail),
    isComplete: ({ code }) => isComplete(code),
  };
}

function start({ folder, front }: LanguageData): void {
  const compiler = new CellCompiler(new CellService(folder, path.join(__dirname, '..')));
  const handlers = operations(compiler);
  front.on('message', ({ id, operation, ask }: LanguageRequest) => {
    let answer: LanguageAnswer;
    try {
      answer = { id, answer: (handlers[operation] as (ask: unknown) => unknown)(ask) };
    } catch (error) {
      answer = { id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    front.postMessage(answer);
  });
  // The first check reads the libraries: done now, so that the first cell doesn't wait for all of it.
  compiler.compile(0, '1', '');
  pruneCache();
}

start(workerData as LanguageData);
