import { expect, test } from 'vitest';
import { canonicalJson, keyOf, sha256 } from '../../src/store/keys';

test('the order of settings and undefined ones do not matter, everything else does', () => {
  const key = keyOf({ a: 1, b: { c: [1, 2], d: null } });
  expect(keyOf({ b: { d: null, c: [1, 2], e: undefined }, a: 1 })).toBe(key);
  expect(keyOf({ a: 1, b: { c: [2, 1], d: null } })).not.toBe(key);
  expect(keyOf({ a: '1', b: { c: [1, 2], d: null } })).not.toBe(key);
  expect(key).toMatch(/^[0-9a-f]{12}$/);
});

test('the hash is SHA-256 (the test vector of FIPS 180-2)', () => {
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test.each([
  [{ rate: NaN }, /value\.rate is NaN/],
  [{ list: [1, () => 1] }, /value\.list\[1\] is a function/],
  [{ data: new Float32Array(1) }, /value\.data is a Float32Array/],
])('what has no canonical form is refused with its place (%#)', (value, message) => {
  expect(() => canonicalJson(value)).toThrow(message);
});
