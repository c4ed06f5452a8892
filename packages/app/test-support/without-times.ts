/** Replaces ages (`4m12s`) and times (RFC 3339) in lines, because the duration of a test varies. */
export function withoutTimes(lines: readonly string[]): string[] {
  return lines.map((line) =>
    line
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      .replaceAll(/(?<=^| )\d+(?:y|d|h|m|s)(?:\d+[dhms])?(?= |$)/g, 'AGE'),
  );
}
