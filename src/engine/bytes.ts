/**
 * Bytes on the device: four in the bits of each float32. tfjs has no tensors of 8 bits, and TensorFlow keeps int32 variables
 * in the memory of the host, so float32 is the type whose bits stay where the arithmetic is.
 */
import { executeOp, typeAttribute } from './backend';
import type { tf } from './tensorflow';
import { float32, type TensorValue } from './values';

/**
 * Rows of bytes as a float32 value [rows, words], each row filled up with zeros to whole words. Shares memory with `bytes`
 * where nothing has to be filled up.
 */
export function packBytes(bytes: Uint8Array, rows: number): TensorValue {
  const width = bytes.length / rows;
  const words = Math.ceil(width / 4);
  const isWhole = width % 4 === 0 && bytes.byteOffset % 4 === 0;
  const padded = isWhole ? bytes : new Uint8Array(rows * words * 4);
  if (!isWhole) {
    for (let i = 0; i < rows; i++) padded.set(bytes.subarray(i * width, (i + 1) * width), i * words * 4);
  }
  return float32(new Float32Array(padded.buffer, padded.byteOffset, rows * words), [rows, words]);
}

/** The bytes of packed rows [B, words], without the fill: int32 [B, width] in 0..255. No gradient. */
export function unpackBytes(packed: tf.Tensor2D, width: number): tf.Tensor2D {
  const [rows, words] = packed.shape;
  const attributes = [typeAttribute('T', 'float32'), typeAttribute('type', 'uint8')];
  const [bytes] = executeOp('Bitcast', attributes, [packed], 1); // uint8 [B, words, 4]
  const cast = [typeAttribute('SrcT', 'uint8'), typeAttribute('DstT', 'int32')];
  const [numbers] = executeOp('Cast', cast, [bytes], 1);
  return numbers.reshape<tf.Tensor2D>([rows, 4 * words]).slice([0, 0], [rows, width]);
}
