import { type Coverage, type CoverageItem, coveredPercent } from '@typekro/testing';

/** Formats the coverage of a file as one line. With `isListed`, one line follows per item that is not covered. */
export function coverageLines(file: string, { nodes, conditions, branches }: Coverage, isListed: boolean): string[] {
  const all = [...nodes, ...conditions, ...branches];
  const parts = [counted('nodes', nodes), counted('conditions', conditions), counted('branches', branches)];
  const head = ` coverage  ${file}  ${parts.join(', ')}  ${Math.floor(coveredPercent(all))} %`;
  return isListed ? [head, ...all.filter(({ covered }) => !covered).map((item) => `     ${missing(item)}`)] : [head];
}

/** The items of several coverages in one list. */
export function allItems(coverages: readonly Coverage[]): CoverageItem[] {
  return coverages.flatMap(({ nodes, conditions, branches }) => [...nodes, ...conditions, ...branches]);
}

function counted(noun: string, items: readonly CoverageItem[]): string {
  return `${noun} ${items.filter(({ covered }) => covered).length}/${items.length}`;
}

function missing({ node, what, outcome }: CoverageItem): string {
  if (outcome === undefined) return `${node}  never has an object`;
  const words = {
    true: 'is never true',
    false: 'is never false',
    value: 'never has a value',
    none: 'always has a value',
  };
  return `${node}  ${what}  ${words[outcome]}`;
}
