/**
 * TensorFlow, loaded once for the whole process: quietly, with memory growth on a GPU, and on every supported Node.
 * Everything else in the library takes `tf` from here.
 */
import './environment';

export * as tf from '@tensorflow/tfjs-node-gpu';
