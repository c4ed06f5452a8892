/** Parses a list of numbers and ranges, such as `0-2,5`. */
export function indexesIn(text: string): Set<number> {
  const found = new Set<number>();
  for (const part of text.split(',').filter((entry) => entry !== '')) {
    const [first = 0, last = first] = part.split('-').map(Number);
    for (let index = first; index <= last; index += 1) found.add(index);
  }
  return found;
}

/** Formats indexes as in the status of a Job. Three or more consecutive indexes become a range. */
export function textOfIndexes(indexes: ReadonlySet<number>): string {
  const parts: { first: number; last: number }[] = [];
  for (const index of [...indexes].toSorted((a, b) => a - b)) {
    const open = parts.at(-1);
    if (open !== undefined && open.last === index - 1) open.last = index;
    else parts.push({ first: index, last: index });
  }
  const texts = parts.map(({ first, last }) => {
    if (first === last) return `${first}`;
    return last === first + 1 ? `${first},${last}` : `${first}-${last}`;
  });
  return texts.join(',');
}
