const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

function rank(version: string): readonly [number, number, number] {
  const match = VERSION.exec(version);
  if (match === null) return [0, 0, 0];
  const stage = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
  return [stage, Number(match[1]), Number(match[3] ?? 0)];
}

/**
 * Sorts versions by Kubernetes' priority. Stable versions precede beta versions, which precede alpha versions. Higher
 * version numbers precede lower version numbers. Other names follow in alphabetical order.
 */
export function sortVersions(versions: readonly string[]): string[] {
  return versions.toSorted((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    for (const index of [0, 1, 2] as const) if (left[index] !== right[index]) return right[index] - left[index];
    return a < b ? -1 : 1;
  });
}
