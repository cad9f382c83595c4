/** Text in red, as terminals and front ends show it (`util.styleText` asks first whether stdout is a terminal). */
export const red = (text: string): string => `\x1b[31m${text}\x1b[39m`;
