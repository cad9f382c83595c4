import { expect, test } from 'vitest';
import { decodeJson, encodeJson } from '../../src/store/typed-json';

test('typed arrays and special numbers come back exactly', () => {
  const value = {
    floats: Float32Array.of(1 / 3, NaN, -0, Infinity),
    doubles: Float64Array.of(Math.PI, 5e-324),
    part: new Int32Array([1, 2, 3, 4]).subarray(1, 3),
    bytes: Uint8Array.of(0, 255),
    empty: new Float32Array(),
    numbers: [NaN, -Infinity, -0, 0.1, 1e300],
    text: '"$array"',
    nested: [{ none: null, yes: true }],
  };
  expect(decodeJson(encodeJson(value))).toStrictEqual(value);
});

class Point {
  constructor(readonly x: number) {}
}

test('what would not come back is refused', () => {
  expect(() => encodeJson({ peak: new Point(1) })).toThrow(/can't hold a Point/);
  expect(() => encodeJson({ f: () => 1 })).toThrow(/can't hold a function/);
  expect(() => encodeJson(new BigInt64Array(1))).toThrow(/can't hold a BigInt64Array/);
  expect(() => encodeJson(new Map())).toThrow(/can't hold a Map/);
  expect(() => encodeJson({ at: new Date(0) })).toThrow(/can't hold a Date/);
  expect(() => encodeJson([1, undefined])).toThrow(/a list with undefined in it: use null/);
  expect(() => decodeJson('{"$array":"Float128Array","base64":""}')).toThrow(
    /Unknown array type "Float128Array"/,
  );
});
