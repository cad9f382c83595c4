/** The protocol counts positions in code points, TypeScript in UTF-16 units. */

/** The UTF-16 offset of a code point position. */
export function toOffset(code: string, codePoints: number): number {
  return Array.from(code).slice(0, codePoints).join('').length;
}

/** The code point position of a UTF-16 offset. */
export function toCodePoints(code: string, offset: number): number {
  return Array.from(code.slice(0, offset)).length;
}
