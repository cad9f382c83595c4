import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/engine/compile';
import { tf } from '../../src/engine/tensorflow';
import type { NamedValues } from '../../src/engine/values';
import { float32, int32 } from '../../src/engine/values';
import type { Variables } from '../../src/engine/variables';
import { createVariables } from '../../src/engine/variables';
import { wave } from '../reference/wave';

/** What the calls below compute with; all of it is fed, so that nothing is folded into a constant. */
interface Given {
  x: tf.Tensor2D;
  y: tf.Tensor2D;
  square: tf.Tensor2D;
  image: tf.Tensor4D;
  volume: tf.Tensor5D;
  filter: tf.Tensor4D;
  filter3d: tf.Tensor5D;
  depthwise: tf.Tensor4D;
  whole: tf.Tensor1D;
  flags: tf.Tensor2D;
  otherFlags: tf.Tensor2D;
  boxes: tf.Tensor2D;
}
type Call = (given: Given) => tf.Tensor | tf.Tensor[];

const given: NamedValues = {
  x: float32([0.5, -0.25, 0.75, 1.5, -2, 0.1], [2, 3]),
  y: float32([0.5, 1, -1, 2, 0.3, 0.2], [2, 3]),
  square: wave([3, 3], 1.3, 0.2),
  image: wave([2, 4, 4, 2], 0.7, 0.1),
  volume: wave([1, 4, 4, 4, 2], 0.9, 0.3),
  filter: wave([3, 3, 2, 3], 1.1, 0.4),
  filter3d: wave([2, 2, 2, 2, 3], 1.7, 0.4),
  depthwise: wave([3, 3, 2, 2], 1.9, 0.5),
  whole: int32([2, 0, 1]),
  flags: { dtype: 'bool', shape: [2, 3], values: Uint8Array.of(1, 0, 1, 1, 0, 0) },
  otherFlags: { dtype: 'bool', shape: [2, 3], values: Uint8Array.of(1, 1, 0, 1, 0, 1) },
  boxes: float32([0, 0, 1, 1, 0.25, 0.1, 0.75, 0.8], [2, 4]),
};

const complex = ({ x, y }: Given) => tf.complex(x, y);
const parts = (z: tf.Tensor) => [tf.real(z), tf.imag(z)];
const gradient =
  <T extends tf.Tensor>(input: (given: Given) => T, f: (x: T, given: Given) => tf.Tensor): Call =>
  given =>
    tf.grad((x: tf.Tensor) =>
      f(x as T, given)
        .square()
        .sum(),
    )(input(given));
const image = ({ image }: Given) => image;
const volume = ({ volume }: Given) => volume;

/** One call or more of every kernel that can be recorded. */
const recordable: Record<string, Call> = {
  Abs: ({ x, whole }) => [x.abs(), whole.sub(tf.scalar(1, 'int32')).abs()],
  Acos: ({ x }) => x.acos(),
  Acosh: ({ x }) => x.acosh(),
  Add: ({ x, y, whole }) => [x.add(y), whole.add(whole), x.add(1), tf.add(x, whole)],
  AddN: ({ x, y }) => [tf.addN([x, y, x]), tf.addN([x])],
  All: ({ flags }) => [flags.all(), flags.all(1, true)],
  Any: ({ flags }) => [flags.any(), flags.any(0)],
  ArgMax: ({ x }) => [x.argMax(1), x.argMax()],
  ArgMin: ({ x }) => x.argMin(0),
  Asin: ({ x }) => x.asin(),
  Asinh: ({ x }) => x.asinh(),
  Atan: ({ x }) => x.atan(),
  Atan2: ({ x, y }) => tf.atan2(x, y),
  Atanh: ({ x }) => x.atanh(),
  AvgPool: ({ image }) => [tf.avgPool(image, 2, 2, 'valid'), tf.avgPool(image, [3, 2], 1, 'same')],
  AvgPool3D: ({ volume }) => tf.avgPool3d(volume, 2, 2, 'valid'),
  AvgPool3DGrad: gradient(volume, x => tf.avgPool3d(x, 2, 2, 'valid')),
  AvgPoolGrad: gradient(image, x => tf.avgPool(x, 2, 2, 'same')),
  BatchMatMul: ({ volume }) => tf.matMul(volume.reshape([2, 2, 32]), volume.reshape([2, 2, 32]), false, true),
  BatchToSpaceND: ({ image }) =>
    tf.batchToSpaceND(
      image.reshape([4, 2, 4, 2]),
      [2, 2],
      [
        [0, 0],
        [1, 0],
      ],
    ),
  Bincount: ({ whole }) => [tf.bincount(whole, [], 4), tf.bincount(whole, tf.tensor1d([1, 2, 3]), 3)],
  BroadcastArgs: ({ whole }) =>
    tf.broadcastArgs(whole.mul(tf.scalar(0, 'int32')).add(tf.scalar(1, 'int32')), [3, 1, 2]),
  Cast: ({ x, whole, flags }) => [x.toInt(), whole.toFloat(), flags.toFloat(), x.toBool(), flags.toInt()],
  Ceil: ({ x }) => x.ceil(),
  ClipByValue: ({ x }) => x.clipByValue(-0.5, 0.6),
  Complex: given => parts(complex(given)),
  ComplexAbs: given => complex(given).abs(),
  Concat: ({ x, y, whole, flags }) => [
    tf.concat([x, y], 1),
    tf.concat([x, y, x], 0),
    tf.concat([whole, whole], 0),
    tf.concat([flags, flags], -1),
  ],
  Conv2D: ({ image, filter }) => [
    tf.conv2d(image, filter, 1, 'same'),
    tf.conv2d(image, filter, [2, 1], 'valid'),
    tf.conv2d(image, filter, 1, [
      [0, 0],
      [1, 2],
      [0, 1],
      [0, 0],
    ]),
    tf.conv2d(image, filter, 1, 'same', 'NHWC', 2),
  ],
  Conv2DBackpropFilter: ({ image, filter }) =>
    tf.grad((f: tf.Tensor) =>
      tf
        .conv2d(image, f as tf.Tensor4D, 1, 'same')
        .square()
        .sum(),
    )(filter),
  Conv2DBackpropInput: gradient(image, (x, { filter }) => tf.conv2d(x, filter, 2, 'same')),
  Conv3D: ({ volume, filter3d }) => tf.conv3d(volume, filter3d, 1, 'same'),
  Conv3DBackpropFilterV2: ({ volume, filter3d }) =>
    tf.grad((f: tf.Tensor) =>
      tf
        .conv3d(volume, f as tf.Tensor5D, 1, 'valid')
        .square()
        .sum(),
    )(filter3d),
  Conv3DBackpropInputV2: gradient(volume, (x, { filter3d }) => tf.conv3d(x, filter3d, 1, 'same')),
  Cos: ({ x }) => x.cos(),
  Cosh: ({ x }) => x.cosh(),
  CropAndResize: ({ image, boxes, whole }) => [
    tf.image.cropAndResize(image, boxes, whole.slice(1, 2), [3, 3], 'bilinear'),
    tf.image.cropAndResize(image, boxes, whole.slice(1, 2), [2, 5], 'nearest', -1),
  ],
  Cumprod: ({ x }) => tf.cumprod(x, 1, true),
  Cumsum: ({ x, whole }) => [x.cumsum(1), x.cumsum(0, true, true), whole.cumsum()],
  DepthToSpace: ({ volume }) => tf.depthToSpace(volume.reshape<tf.Tensor4D>([1, 4, 4, 8]), 2, 'NHWC'),
  DepthwiseConv2dNative: ({ image, depthwise }) => tf.depthwiseConv2d(image, depthwise, 1, 'same'),
  DepthwiseConv2dNativeBackpropFilter: ({ image, depthwise }) =>
    tf.grad((f: tf.Tensor) =>
      tf
        .depthwiseConv2d(image, f as tf.Tensor4D, 1, 'same')
        .square()
        .sum(),
    )(depthwise),
  DepthwiseConv2dNativeBackpropInput: gradient(image, (x, { depthwise }) =>
    tf.depthwiseConv2d(x, depthwise, 1, 'valid'),
  ),
  Diag: ({ whole, x }) => [tf.diag(x.flatten()), tf.diag(whole.toFloat())],
  Dilation2D: ({ image, filter }) =>
    tf.dilation2d(image, filter.slice([0, 0, 0, 0], [3, 3, 2, 1]).reshape<tf.Tensor3D>([3, 3, 2]), 1, 'same'),
  Dilation2DBackpropFilter: ({ image, filter }) =>
    tf.grad((f: tf.Tensor) =>
      tf
        .dilation2d(image, f as tf.Tensor3D, 1, 'same')
        .square()
        .sum(),
    )(filter.slice([0, 0, 0, 0], [3, 3, 2, 1]).reshape<tf.Tensor3D>([3, 3, 2])),
  Dilation2DBackpropInput: gradient(image, (x, { filter }) =>
    tf.dilation2d(x, filter.slice([0, 0, 0, 0], [3, 3, 2, 1]).reshape<tf.Tensor3D>([3, 3, 2]), 1, 'same'),
  ),
  Einsum: ({ x, y, square }) => [
    tf.einsum('ij,jk->ik', x, square),
    tf.einsum('ij,ij->i', x, y),
    tf.einsum('ij->ji', x),
  ],
  Elu: ({ x }) => x.elu(),
  EluGrad: gradient(
    ({ x }) => x,
    x => x.elu(),
  ),
  Equal: ({ x, y, whole, flags, otherFlags }) => [
    x.equal(y),
    whole.equal(whole.reverse()),
    tf.equal(flags, otherFlags),
  ],
  Erf: ({ x }) => x.erf(),
  Exp: ({ x }) => x.exp(),
  ExpandDims: ({ x, flags }) => [x.expandDims(1), x.expandDims(-1), flags.expandDims(0)],
  Expm1: ({ x }) => x.expm1(),
  FFT: given => parts(tf.fft(complex(given))),
  Fill: ({ x }) => [tf.fill([2, 3], 0.5).add(x), tf.fill([2], 3, 'int32'), tf.fill([], 1)],
  FlipLeftRight: ({ image }) => tf.image.flipLeftRight(image),
  Floor: ({ x }) => x.floor(),
  FloorDiv: ({ whole }) => tf.floorDiv(whole, tf.scalar(2, 'int32')),
  FusedBatchNorm: ({ image }) => [
    tf.batchNorm4d(image, [0.1, -0.2], [0.9, 1.2], [0.3, 0.2], [1.1, 0.7], 1e-3),
    tf.batchNorm(image, tf.tensor1d([0.1, -0.2]), tf.tensor1d([0.9, 1.2])),
  ],
  FusedConv2D: ({ image, filter }) =>
    tf.fused.conv2d({
      x: image,
      filter,
      strides: 1,
      pad: 'same',
      bias: tf.tensor1d([0.1, 0.2, 0.3]),
      activation: 'relu',
    }),
  FusedDepthwiseConv2D: ({ image, depthwise }) =>
    tf.fused.depthwiseConv2d({ x: image, filter: depthwise, strides: 1, pad: 'same', activation: 'relu6' }),
  GatherNd: ({ x, whole }) => tf.gatherND(x, tf.stack([whole.clipByValue(0, 1), whole], 1).toInt()),
  GatherV2: ({ x }) => [tf.gather(x, tf.tensor1d([2, 0, 2], 'int32'), 1), tf.gather(x, [1])],
  Greater: ({ x, y }) => x.greater(y),
  GreaterEqual: ({ x, y, whole }) => [x.greaterEqual(y), whole.greaterEqual(tf.scalar(1, 'int32'))],
  IFFT: given => parts(tf.ifft(complex(given))),
  Identity: ({ x, whole }) => [x.clone(), whole.clone().add(whole)],
  Imag: given => tf.imag(complex(given)),
  IsFinite: ({ x }) => x.div(0).isFinite(),
  IsInf: ({ x }) => x.div(0).isInf(),
  IsNan: ({ x }) => x.log().isNaN(),
  LRN: ({ image }) => tf.localResponseNormalization(image, 1, 1, 0.5, 0.7),
  LRNGrad: gradient(image, x => tf.localResponseNormalization(x, 1, 1, 0.5, 0.7)),
  LeakyRelu: ({ x }) => tf.leakyRelu(x, 0.3),
  Less: ({ x, y }) => x.less(y),
  LessEqual: ({ x, y }) => x.lessEqual(y),
  LinSpace: ({ whole }) => tf.linspace(-1, 1, 3).add(whole),
  Log: ({ x }) => x.log(),
  Log1p: ({ x }) => x.log1p(),
  LogicalAnd: ({ flags, otherFlags }) => flags.logicalAnd(otherFlags),
  LogicalNot: ({ flags }) => flags.logicalNot(),
  LogicalOr: ({ flags, otherFlags }) => flags.logicalOr(otherFlags),
  Max: ({ x }) => [x.max(), x.max(1, true), x.max([0])],
  MaxPool: ({ image }) => tf.maxPool(image, 2, 1, 'same'),
  MaxPool3D: ({ volume }) => tf.maxPool3d(volume, 2, 2, 'same'),
  MaxPool3DGrad: gradient(volume, x => tf.maxPool3d(x, 2, 2, 'same')),
  MaxPoolGrad: gradient(image, x => tf.maxPool(x, 2, 2, 'same')),
  Maximum: ({ x, y }) => tf.maximum(x, y),
  Mean: ({ x }) => [x.mean(), x.mean(1, true), x.mean([0, 1])],
  Min: ({ x }) => [x.min(), x.min(-1)],
  Minimum: ({ x, y, whole }) => [tf.minimum(x, y), tf.minimum(whole, tf.scalar(1, 'int32'))],
  MirrorPad: ({ x }) => [
    tf.mirrorPad(
      x,
      [
        [1, 0],
        [1, 1],
      ],
      'reflect',
    ),
    tf.mirrorPad(
      x,
      [
        [0, 1],
        [2, 0],
      ],
      'symmetric',
    ),
  ],
  Mod: ({ x, y }) => tf.mod(x, y),
  Multiply: ({ x, y, whole }) => [x.mul(y), x.mul(2), whole.mul(whole)],
  Neg: ({ x, whole }) => [x.neg(), whole.neg()],
  NotEqual: ({ x, y, flags, otherFlags }) => [x.notEqual(y), tf.notEqual(flags, otherFlags)],
  OneHot: ({ whole }) => [
    tf.oneHot(whole, 4),
    tf.oneHot(whole, 3, 5, -1),
    tf.oneHot(whole, 2, 1, 0, 'float32'),
  ],
  OnesLike: ({ x, whole, flags }) => [tf.onesLike(x), tf.onesLike(whole), tf.onesLike(flags)],
  Pack: ({ x, y }) => [tf.stack([x, y]), tf.stack([x, y, x], 2), tf.stack([x])],
  PadV2: ({ x, whole }) => [
    tf.pad(
      x,
      [
        [1, 0],
        [0, 2],
      ],
      0.5,
    ),
    tf.pad(whole, [[1, 1]]),
  ],
  Pow: ({ x, y, whole }) => [x.abs().pow(y), x.pow(2), whole.pow(tf.scalar(3, 'int32'))],
  Prelu: ({ x, y }) => tf.prelu(x, y),
  Prod: ({ x }) => [x.prod(), x.prod(1, true)],
  Range: ({ whole }) => [tf.range(0, 3, 1, 'int32').add(whole), tf.range(3, 0, -1)],
  Real: given => tf.real(complex(given)),
  RealDiv: ({ x, y }) => x.div(y),
  Reciprocal: ({ x }) => x.reciprocal(),
  Relu: ({ x }) => x.relu(),
  Relu6: ({ x }) => x.mul(5).relu6(),
  Reshape: ({ x, whole, flags }) => [
    x.reshape([3, 2]),
    x.flatten(),
    whole.reshape([3, 1]),
    flags.reshape([6]),
  ],
  ResizeBilinear: ({ image }) => [
    tf.image.resizeBilinear(image, [3, 7]),
    tf.image.resizeBilinear(image, [8, 8], true),
    tf.image.resizeBilinear(image, [8, 8], false, true),
  ],
  ResizeBilinearGrad: gradient(image, x => tf.image.resizeBilinear(x, [6, 7])),
  ResizeNearestNeighbor: ({ image }) => [
    tf.image.resizeNearestNeighbor(image, [8, 6]),
    tf.image.resizeNearestNeighbor(image, [3, 3], false, true),
  ],
  ResizeNearestNeighborGrad: gradient(image, x => tf.image.resizeNearestNeighbor(x, [8, 8])),
  Reverse: ({ x }) => [x.reverse(), x.reverse(1), x.reverse([0])],
  Round: ({ x }) => x.round(),
  Rsqrt: ({ x }) => x.abs().rsqrt(),
  ScatterNd: ({ whole, square }) => tf.scatterND(whole.expandDims(1), square, [4, 3]),
  Select: ({ x, y, flags }) => [tf.where(flags, x, y), tf.where(flags, x.toInt(), y.toInt())],
  Selu: ({ x }) => x.selu(),
  Sigmoid: ({ x }) => x.sigmoid(),
  Sign: ({ x }) => x.sign(),
  Sin: ({ x }) => x.sin(),
  Sinh: ({ x }) => x.sinh(),
  Slice: ({ x, whole, flags }) => [
    x.slice([0, 1], [2, 2]),
    x.slice([1], [1]),
    whole.slice(1),
    flags.slice([0, 0], [1, 3]),
    x.slice([0, 0], [0, 3]),
  ],
  Softmax: ({ x }) => [x.softmax(), tf.softmax(x.flatten())],
  Softplus: ({ x }) => x.softplus(),
  SpaceToBatchND: ({ image }) =>
    tf.spaceToBatchND(
      image,
      [2, 2],
      [
        [0, 0],
        [1, 1],
      ],
    ),
  SparseToDense: ({ whole, y }) => [
    tf.sparseToDense(tf.tensor1d([0, 2, 3], 'int32'), y.flatten().slice(0, 3), [5], tf.scalar(-1)),
    tf.sparseToDense(
      whole.mul(tf.scalar(0, 'int32')).add(tf.tensor1d([0, 1, 2], 'int32')),
      tf.tensor1d([1, 2, 3]),
      [4],
      tf.scalar(0),
    ),
  ],
  SplitV: ({ x, image }) => [...tf.split(x, 3, 1), ...tf.split(image, [1, 3], 2), ...tf.split(x, [2], 0)],
  Sqrt: ({ x }) => x.abs().sqrt(),
  Square: ({ x, whole }) => [x.square(), whole.square()],
  SquaredDifference: ({ x, y }) => x.squaredDifference(y),
  Step: ({ x }) => [x.step(), x.step(0.5)],
  StridedSlice: ({ image, x }) => [
    tf.stridedSlice(image, [0, 1, 0, 0], [2, 4, 4, 1], [1, 2, 2, 1]),
    tf.stridedSlice(x, [0, -1], [2, -3], [1, -1]),
    tf.stridedSlice(x, [0, 0], [0, 2], [1, 1], 0, 1, 0, 0, 0),
    tf.stridedSlice(x, [1, 0], [2, 3], [1, 1], 0, 0, 0, 0, 1),
  ],
  Sub: ({ x, y, whole }) => [x.sub(y), whole.sub(whole.reverse())],
  Sum: ({ x, whole, flags }) => [x.sum(), x.sum(0), x.sum([0, 1], true), whole.sum(), flags.sum()],
  Tan: ({ x }) => x.tan(),
  Tanh: ({ x }) => x.tanh(),
  TensorScatterUpdate: ({ whole, square, image }) =>
    tf.tensorScatterUpdate(
      image.reshape<tf.Tensor2D>([16, 4]).slice([0, 0], [5, 3]),
      whole.expandDims(1),
      square,
    ),
  Tile: ({ x, whole, flags }) => [x.tile([1, 2]), whole.tile([3]), flags.tile([2, 1])],
  TopK: ({ x }) => {
    const { values, indices } = tf.topk(x, 2);
    return [values, indices];
  },
  Transpose: ({ x, image, whole }) => [
    x.transpose(),
    image.transpose([0, 3, 1, 2]),
    whole.transpose(),
    x.transpose([0, 1]),
  ],
  Unpack: ({ x }) => [...tf.unstack(x), ...tf.unstack(x, 1), ...tf.unstack(x.slice([0, 0], [1, 3]))],
  UnsortedSegmentSum: ({ square, whole }) => tf.unsortedSegmentSum(square, whole, 4),
  ZerosLike: ({ x, whole, flags }) => [tf.zerosLike(x), tf.zerosLike(whole), tf.zerosLike(flags)],
  _FusedMatMul: ({ x, square }) =>
    tf.fused.matMul({ a: x, b: square, bias: tf.tensor1d([0.1, 0.2, 0.3]), activation: 'relu' }),
};

/** Kernels that cannot be recorded: a call, and what its error says. */
const refused: Record<string, [call: Call, reason: RegExp]> = {
  GatherV2: [({ x, whole }) => tf.gather(x, whole, 1), /GatherV2 reads.*gatherRows/],
  Multinomial: [({ x }) => tf.multinomial(x, 3, 1), /Multinomial.*side effects/],
  NonMaxSuppressionV3: [
    ({ boxes }) => tf.image.nonMaxSuppression(boxes, [0.9, 0.8], 2),
    /NonMaxSuppressionV3.*depends on values/,
  ],
  NonMaxSuppressionV4: [
    ({ boxes }) => tf.image.nonMaxSuppressionPadded(boxes, [0.9, 0.8], 2).selectedIndices,
    /NonMaxSuppressionV4.*depends on values/,
  ],
  NonMaxSuppressionV5: [
    ({ boxes }) => tf.image.nonMaxSuppressionWithScore(boxes, [0.9, 0.8], 2).selectedIndices,
    /NonMaxSuppressionV5.*depends on values/,
  ],
  StaticRegexReplace: [
    () => tf.string.staticRegexReplace(tf.tensor1d(['memorized']), 'm', 'n'),
    /StaticRegexReplace.*strings/,
  ],
  Unique: [({ whole }) => tf.unique(whole).values, /UniqueV2.*depends on values/],
};

const kernels = tf.getKernelsForBackend('tensorflow').map(each => each.kernelName);
let compiled: Variables;
let eager: Variables;
beforeAll(() => {
  compiled = createVariables({}, { threads: 1 });
  eager = createVariables({}, { compile: false });
});
afterAll(() => {
  compiled.dispose();
  eager.dispose();
});

const named = (call: Call) => (inputs: Record<string, tf.Tensor>) => {
  const results = call(inputs as unknown as Given);
  return Object.fromEntries((Array.isArray(results) ? results : [results]).map((each, i) => [`${i}`, each]));
};

test('every kernel of the TensorFlow backend is recorded below or refused below', () => {
  const known = new Set([...Object.keys(recordable), ...Object.keys(refused)]);
  expect(kernels.filter(name => !known.has(name))).toEqual([]);
  expect([...known].filter(name => !kernels.includes(name))).toEqual([]);
});

describe('recorded, with the values of eager execution', () => {
  test.each(Object.entries(recordable))('%s', async (name, call) => {
    const { kernelNames } = await tf.profile(() => {
      const tensors = Object.entries(given).map(
        ([key, { values, shape, dtype }]) => [key, tf.tensor(values, [...shape], dtype)] as const,
      );
      return call(Object.fromEntries(tensors) as unknown as Given);
    });
    expect(kernelNames, 'the call runs the kernel').toContain(name);
    const expected = await compile(named(call), { variables: eager })(given);
    const computed = await compile(named(call), { variables: compiled })(given);
    expect(Object.keys(computed)).toEqual(Object.keys(expected));
    for (const [output, { dtype, shape, values }] of Object.entries(expected)) {
      expect([computed[output].dtype, ...computed[output].shape]).toEqual([dtype, ...shape]);
      // Both run TensorFlow's float32 kernels; a session may fuse neighbours, which moves the last digits.
      values.forEach((value, i) => {
        const got = computed[output].values[i];
        if (!Object.is(got, value))
          expect(Math.abs(got - value)).toBeLessThanOrEqual(1e-5 * Math.abs(value) + 1e-6);
      });
    }
  });
});

describe('refused by name', () => {
  test.each(Object.entries(refused))('%s', (_, [call, reason]) => {
    expect(() => compile(named(call), { variables: compiled, example: given })).toThrow(reason);
    expect(() => compile(named(call), { variables: compiled, example: given })).toThrow(
      /kernels\.test\.ts:\d+/,
    );
  });
});
