/** Values on the command line: texts that must be numbers or lists of them. */
import { InvalidArgumentError } from 'commander';

/** A number. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) {
    throw new InvalidArgumentError(`"${text}" is not a number.`);
  }
  return value;
}

/** A whole number of at least 1. */
export function count(text: string): number {
  const value = number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError(`"${text}" is not a whole number of at least 1.`);
  }
  return value;
}

/** A seed: a whole number from 0. */
export function seed(text: string): number {
  const value = number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError(`"${text}" is not a whole number from 0.`);
  }
  return value;
}

/** Numbers separated by commas. */
export function list(text: string): number[] {
  return text.split(',').map(number);
}

/** Collects the values of an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
