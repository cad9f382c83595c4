/** The library that the notebooks call: everything public, by part. */
export { tf } from './engine/tensorflow';
