import { describe, expect, it } from 'vitest';
import { loadCanvases } from '../../src/data/canvases';
import { imagesOf, take } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import { fitLatents } from '../../src/data/latents';
import { relativeError } from '../reference/compare';
import recorded from '../reference/recorded/latents.json';

describe('latents of patches', () => {
  const digits = loadDigits();

  it("keep the variance that scikit-learn's PCA keeps", () => {
    [1, 2, 3].forEach(channels => {
      expect(fitLatents(digits, { patch: 2, channels }).kept).toBeCloseTo(recorded.kept[channels - 1], 7);
    });
  });

  it("are decoded to PCA's reconstruction", () => {
    const space = fitLatents(digits, { patch: 2, channels: 3 });
    const latents = space.encode(take(digits, 2));
    expect(latents).toMatchObject({ name: 'digits-latents', imageShape: [4, 4, 3], count: 2 });
    const { shape, values } = space.decode(imagesOf(latents));
    expect(shape).toEqual([2, 8, 8, 1]);
    expect(relativeError(values.subarray(0, 64), recorded.reconstructed)).toBeLessThan(1e-6); // float32 latents
  });

  it('fill [-1, 1] and lose nothing with all components, whatever the shape of patch and image', () => {
    for (const [images, patch] of [
      [digits, 4],
      [loadCanvases(), 2],
    ] as const) {
      const space = fitLatents(images, { patch, channels: patch * patch });
      const latents = imagesOf(space.encode(images));
      expect(latents.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBe(1);
      const few = take(images, 100);
      const decoded = space.decode(imagesOf(space.encode(few)));
      expect(relativeError(decoded.values, imagesOf(few).values)).toBeLessThan(1e-6);
      expect(space.kept).toBeCloseTo(1, 12);
    }
  });

  it('refuse patches that do not fit, too many components, and images and latents of another shape', () => {
    expect(() => fitLatents(digits, { patch: 3, channels: 1 })).toThrow(/no whole patches of 3 x 3/);
    expect(() => fitLatents(digits, { patch: 2, channels: 5 })).toThrow(/1 to 4 components, not 5/);
    const space = fitLatents(digits, { patch: 2, channels: 1 });
    expect(() => space.encode(loadCanvases())).toThrow(/8 x 8 x 1, not 16 x 16 x 1/);
    expect(() => space.decode(imagesOf(digits))).toThrow(/are \[N, 4, 4, 1\], not \[1797, 8, 8, 1\]/);
  });
});
