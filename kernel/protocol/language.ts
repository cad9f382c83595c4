/** The front's side of the language thread: questions and their answers. */
import type { MessagePort } from 'node:worker_threads';
import type { LanguageAnswer, LanguageOperations } from '../threads';

export class LanguageClient {
  private readonly waiting = new Map<
    number,
    { resolve(answer: unknown): void; reject(error: Error): void }
  >();
  private last = 0;

  constructor(private readonly port: MessagePort) {
    port.on('message', (message: LanguageAnswer) => this.settle(message));
  }

  /** Asks, and resolves with the answer; rejects when the compiler itself failed. */
  ask<Name extends keyof LanguageOperations>(
    operation: Name,
    ask: LanguageOperations[Name]['ask'],
  ): Promise<LanguageOperations[Name]['answer']> {
    const id = ++this.last;
    this.port.postMessage({ id, operation, ask });
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve, reject });
    });
  }

  private settle(message: LanguageAnswer): void {
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ('failure' in message) waiting?.reject(new Error(message.failure));
    else waiting?.resolve(message.answer);
  }
}
