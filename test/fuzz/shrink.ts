/**
 * Shortens an input for which `holds` is true. Tries to remove parts, from large to small, and keeps a removal if
 * `holds` is also true for the remaining bytes. Calls `holds` at most `maxTries` times.
 */
export async function shrink(
  input: Buffer,
  holds: (candidate: Buffer) => boolean | Promise<boolean>,
  maxTries: number,
): Promise<Buffer> {
  let best = input;
  let tries = 0;
  for (let size = Math.max(1, best.length >> 1); tries < maxTries; size >>= 1) {
    for (let at = 0; at < best.length && tries < maxTries;) {
      const candidate = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      tries += 1;
      if (await holds(candidate)) best = candidate;
      else at += size;
    }
    if (size <= 1) break;
  }
  return best;
}
