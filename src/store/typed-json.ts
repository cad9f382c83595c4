/** JSON that brings typed arrays and every number back exactly as they were. */
import { describe, isPlainObject } from './keys';

const arrayTypes = { Float32Array, Float64Array, Int32Array, Uint8Array } as const;
type ArrayTypeName = keyof typeof arrayTypes;
type TypedArray = InstanceType<(typeof arrayTypes)[ArrayTypeName]>;

/** Where a typed array or a special number stands: the only key of its object. */
const arrayMark = '$array';
const numberMark = '$number';

/**
 * A value as JSON text. Typed arrays become `{"$array": type, "base64": bytes}` (little-endian), NaN and the infinities
 * `{"$number": text}`.
 * @throws TypeError for values that would not come back: functions, class instances, other binary types, undefined in a list.
 */
export function encodeJson(value: unknown): string {
  return JSON.stringify(encode(value));
}

/** The value that {@link encodeJson} wrote. @throws SyntaxError when the text is not such JSON. */
export function decodeJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => revive(value));
}

function encode(value: unknown): unknown {
  if (typeof value === 'number') {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { [numberMark]: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean')
    return value;
  if (Array.isArray(value)) return Array.from(value, encodeItem);
  if (ArrayBuffer.isView(value)) return encodeArray(value);
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item)]));
  }
  throw new TypeError(
    `A saved result can't hold ${describe(value)}: use numbers, texts, lists, tables and typed arrays.`,
  );
}

/** JSON has no undefined: in a list it would come back as null. */
function encodeItem(item: unknown): unknown {
  if (item === undefined)
    throw new TypeError("A saved result can't hold a list with undefined in it: use null.");
  return encode(item);
}

function encodeArray(array: ArrayBufferView): unknown {
  const type = Object.prototype.toString.call(array).slice('[object '.length, -1);
  if (!Object.hasOwn(arrayTypes, type)) {
    throw new TypeError(
      `A saved result can't hold a ${type}: use one of ${Object.keys(arrayTypes).join(', ')}.`,
    );
  }
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return { [arrayMark]: type, base64: bytes.toString('base64') };
}

function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (numberMark in value) return Number(value[numberMark]);
  if (!(arrayMark in value)) return value;
  const { [arrayMark]: type, base64 } = value as { [arrayMark]: string; base64?: unknown };
  if (!Object.hasOwn(arrayTypes, type) || typeof base64 !== 'string') {
    throw new SyntaxError(`Unknown array type ${JSON.stringify(type)} in a saved result.`);
  }
  return decodeArray(type as ArrayTypeName, base64);
}

function decodeArray(type: ArrayTypeName, base64: string): TypedArray {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return new arrayTypes[type](bytes.buffer);
}
