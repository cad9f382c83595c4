/** Errors of TensorFlow in words that say what to do. */

/** TensorFlow's code of exhausted memory (tensorflow/c/tf_status.h). */
const resourceExhausted = '8';

/**
 * The message for an error of TensorFlow.
 * @param what was run: "the compiled function", or an op
 * @param code of TensorFlow
 * @param message of TensorFlow; it may name the node that failed
 */
export function describeFailure(what: string, code: string | undefined, message: string): string {
  const [reason] = message.split('\n');
  const node = /{{node ([^}]+)}}/.exec(message)?.[1];
  const place = node ? ` (in ${node})` : '';
  if (code === resourceExhausted) {
    return `The device ran out of memory in ${what}${place}: ${reason}. Lower the batch size (training.accumulation splits a training batch), the number of channels or the image size.`;
  }
  return `TensorFlow could not run ${what}: ${reason}${place}`;
}
