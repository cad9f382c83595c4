/** What graphs of others may do: compute. A graph is code, so every op that is not listed is refused. */

/** Ops of image networks that compute numbers from numbers. */
const computing = `
  Abs Add AddN AddV2 All Any ArgMax ArgMin AvgPool BatchMatMul BatchMatMulV2 BatchMatMulV3 BatchNormWithGlobalNormalization
  BatchToSpaceND BiasAdd BroadcastTo Cast Ceil ClipByValue Concat ConcatV2 Const Conv2D Cos DepthToSpace DepthwiseConv2dNative Div
  DivNoNan Einsum Elu Equal Erf Exp ExpandDims Expm1 Fill Floor FloorDiv FloorMod FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3
  Gather GatherNd GatherV2 Greater GreaterEqual Identity IdentityN InvertPermutation L2Loss LRN LeakyRelu Less LessEqual LinSpace Log
  Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr MatMul Max MaxPool MaxPoolV2 Maximum Mean Min Minimum MirrorPad Mod Mul MulNoNan
  Neg NoOp NotEqual OneHot OnesLike Pack Pad PadV2 PartitionedCall Placeholder PlaceholderWithDefault Pow PreventGradient Prod Range
  Rank RealDiv Reciprocal Relu Relu6 Reshape ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor ReverseV2 Round Rsqrt
  Select SelectV2 Selu Shape ShapeN Sigmoid Sign Sin Size Slice Softmax Softplus Softsign SpaceToBatchND SpaceToDepth Split SplitV
  Sqrt Square SquaredDifference Squeeze StatefulPartitionedCall StopGradient StridedSlice Sub Sum Tanh Tile TopKV2 Transpose
  TruncateDiv Unpack Where ZerosLike
`;

const words = (text: string) => text.trim().split(/\s+/);

/** Ops of a frozen graph. */
export const computingOps: ReadonlySet<string> = new Set(words(computing));

/** Ops of a graph with variables: those of a frozen one, and what restores them. */
export const restoringOps: ReadonlySet<string> = new Set([
  ...computingOps,
  ...['AssignVariableOp', 'ReadVariableOp', 'RestoreV2', 'VarHandleOp'],
]);
