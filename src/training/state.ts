/**
 * Everything that changes while training, as named values: weights (`raw`), their moving average (`ema`) and Adam's
 * moments (`adam.m`, `adam.v`), each packed into one vector. Together with the step's index it determines all that follows.
 */
import { float32, type NamedValues } from '../engine/values';
import type { Weights } from '../store/weights';
import { type Layout, pack, unpack } from './packing';

/** Where a training stands. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  /** Loss of each step done. */
  readonly losses: readonly number[];
  /** Weights, average and moments [P], by name. */
  readonly values: NamedValues;
}

/** The state before the first step: the average starts at the weights, the moments at zero. */
export function initialState(weights: NamedValues, layout: Layout): TrainingState {
  const packed = pack(weights, layout);
  const zeros = float32(new Float32Array(packed.values.length));
  return { step: 0, losses: [], values: { raw: packed, ema: packed, 'adam.m': zeros, 'adam.v': zeros } };
}

/** The trained weights of a state. */
export function weightsOf({ values }: TrainingState, layout: Layout): Weights {
  return { raw: unpack(values.raw, layout), average: unpack(values.ema, layout) };
}
