/** Versions and ranges of versions, as environment.yml and package.json write them. */

/** Compares dotted versions number by number; a missing part counts as 0 ("3.10" = "3.10.0"). */
export function compareVersions(a, b) {
  const [left, right] = [a, b].map(version => version.split('.').map(part => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

/** Whether a version such as "20.19.1" lies in a range such as ">=20.19 <25" or ">=3.10,<3.14". */
export function satisfies(version, range) {
  const bounds = range.split(/[\s,]+/).filter(Boolean);
  return bounds.every(bound => {
    const [, operator, limit] = /^(>=|<|==)(\d[\d.]*)$/.exec(bound) ?? [];
    if (!operator) throw new Error(`Expected bounds such as ">=3.10,<3.14", got "${range}".`);
    const order = compareVersions(version, limit);
    return operator === '>=' ? order >= 0 : operator === '<' ? order < 0 : order === 0;
  });
}
