/**
 * The MoLRG DAE as a function of tensors (paper section 3): x_theta = U h, h = D(x_t, t) U' x_t. Its only parameter is
 * U = [U_1 .. U_K], [n, R].
 *
 * For classes that are not orthogonal the gain of class l is the exact one, with P_l = U_l U_l' as the class's own projector and
 * the span of all other learned U_m as its noise space. By Woodbury, with y = U' x_t and the Gram matrix M = U' U,
 *   Sigma_l (Sigma_l + s^2 I)^-1 x_t = U A_l^-1 y,   A_l = s^2 D_l^-1 + M,   D_l^-1 = I on class l, M / delta^2 on the others.
 * For orthonormal U this is Proposition 1: A_l^-1 is zeta on class l and xi on the others.
 *
 * Letters: B batch, n ambient dimension, R sum of the ranks, K classes; G groups of M samples of one noise level.
 */
import { booleanAttribute, executeOp, typeAttribute } from '../engine/backend';
import { tf } from '../engine/tensorflow';

/** What the network is told besides U. */
export interface DaeSettings {
  readonly ranks: readonly number[];
  readonly delta: number;
  /** log pi_k in the class weights; zeros for a network that is not told how frequent classes are. */
  readonly logPrior: readonly number[];
}

/** [K, R]: 1 where column r of U belongs to class k. */
export function classIndicator(ranks: readonly number[]): tf.Tensor2D {
  return tf.tensor2d(
    ranks.map((_, k) => ranks.flatMap((rank, l) => new Array<number>(rank).fill(k === l ? 1 : 0))),
  );
}

/**
 * The network for orthogonal classes.
 * @param bases U, [n, R]
 * @param noisy x_t, [B, n]
 * @param sigma [B, 1]
 * @returns x_theta, [B, n]
 */
export function orthogonalDae(
  bases: tf.Tensor2D,
  noisy: tf.Tensor2D,
  sigma: tf.Tensor2D,
  settings: DaeSettings,
) {
  const indicator = classIndicator(settings.ranks);
  const variance = sigma.square(); // [B, 1]
  const zeta = tf.onesLike(variance).div(variance.add(1));
  const xi = tf.mul(settings.delta ** 2, tf.onesLike(variance)).div(variance.add(settings.delta ** 2));
  const y = noisy.matMul(bases); // [B, R]
  const own = y.square().matMul(indicator, false, true); // [B, K]: |U_l' x|^2
  const total = own.sum(1, true);
  // g_l = log pi_l + (zeta |U_l' x|^2 + xi |Ut_l' x|^2) / (2 s^2)
  const logits = zeta
    .sub(xi)
    .mul(own)
    .add(xi.mul(total))
    .div(variance.mul(2))
    .add(tf.tensor1d([...settings.logPrior]));
  const beta = xi.add(zeta.sub(xi).mul(tf.softmax(logits))); // [B, K]
  return y.mul<tf.Tensor2D>(beta.matMul(indicator)).matMul(bases, false, true); // [B, n]
}

/**
 * The network for classes at any angle.
 * @param bases U, [n, R]
 * @param noisy x_t, [G, M, n]
 * @param sigma one noise level a group, [G]
 * @returns x_theta, [G, M, n]
 */
export function obliqueDae(
  bases: tf.Tensor2D,
  noisy: tf.Tensor3D,
  sigma: tf.Tensor1D,
  settings: DaeSettings,
) {
  const [groups, size, ambient] = noisy.shape;
  const width = bases.shape[1];
  const gram = bases.matMul(bases, true);
  const indicator = classIndicator(settings.ranks);
  const variance = sigma.square().reshape([groups, 1, 1]);
  const y = noisy
    .reshape([groups * size, ambient])
    .matMul(bases)
    .reshape([groups, size, width]);
  const perClass = settings.ranks.map((_, l) => {
    const member = indicator.slice([l, 0], [1, width]).reshape([width]);
    const other = tf.onesLike(member).sub(member);
    const own = member.reshape([width, 1]).mul(tf.eye(width));
    const noise = gram
      .mul(other.reshape([width, 1]))
      .mul(other.reshape([1, width]))
      .div(settings.delta ** 2);
    const matrix = variance
      .mul(own.add(noise).reshape([1, width, width]))
      .add(gram.reshape([1, width, width]));
    const shrunk = tf.matMul<tf.Tensor3D>(y, matrixInverse(matrix as tf.Tensor3D)); // [G, M, R]
    const logit = y.mul(shrunk).sum(2, true).div(variance.mul(2)).add(settings.logPrior[l]); // [G, M, 1]
    return { shrunk, logit };
  });
  const weights = tf.softmax(
    tf.concat(
      perClass.map(({ logit }) => logit),
      2,
    ),
  ); // [G, M, K]
  const mixed = perClass
    .map(({ shrunk }, l) => shrunk.mul(weights.slice([0, 0, l], [groups, size, 1])))
    .reduce((sum, part) => sum.add(part));
  const flat = mixed.reshape([groups * size, width]).matMul(bases, false, true);
  return flat.reshape<tf.Tensor3D>([groups, size, ambient]);
}

/** Inverses of a batch of symmetric matrices, [G, R, R]; d(A^-1) = -A^-1 dA A^-1. */
function matrixInverse(matrices: tf.Tensor3D): tf.Tensor3D {
  const run = tf.customGrad((x, save) => {
    const attributes = [typeAttribute('T', 'float32'), booleanAttribute('adjoint', false)];
    const [value] = executeOp('MatrixInverse', attributes, [x as tf.Tensor], 1);
    (save as tf.GradSaveFunc)([value]);
    const gradFunc = (dy: tf.Tensor, [inverse]: tf.Tensor[]) =>
      tf
        .matMul(
          tf.matMul(inverse as tf.Tensor3D, dy as tf.Tensor3D, true),
          inverse as tf.Tensor3D,
          false,
          true,
        )
        .neg();
    return { value, gradFunc };
  });
  return run(matrices) as tf.Tensor3D;
}

/**
 * Brings U back to orthonormal columns: the polar factor U (U'U)^-1/2 by Newton and Schulz's iteration, which squares the error
 * each time. After one Adam step U is off by about 1e-3, so that three iterations reach float32's precision.
 * @param mask which inner products are to vanish, [R, R]: all of them, or those within a class
 */
export function retract(bases: tf.Tensor2D, mask: tf.Tensor2D): tf.Tensor2D {
  let current = bases;
  for (let i = 0; i < 3; i++) {
    const gram = current.matMul(current, true).mul(mask);
    current = current.mul(1.5).sub(current.matMul(gram).mul(0.5)) as unknown as tf.Tensor2D;
  }
  return current;
}

/** The part of a gradient that is tangent to the manifold: G - U sym(U'G). */
export function tangent(bases: tf.Tensor2D, gradient: tf.Tensor2D, mask: tf.Tensor2D): tf.Tensor2D {
  const product = bases.matMul(gradient, true);
  const symmetric = product.add(product.transpose()).mul(0.5).mul(mask);
  return gradient.sub(bases.matMul(symmetric as tf.Tensor2D)) as unknown as tf.Tensor2D;
}
