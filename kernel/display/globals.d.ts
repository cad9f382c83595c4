/** What every cell can use without an import, besides Node's globals. */

/** Asks the user for a line of text and waits for it. */
declare function prompt(message?: string): string;
