import type { PathStep } from '../../graph/index.ts';

const OBJECT = ['apiVersion', 'kind', 'metadata', 'spec', '*', 'status'];
const METADATA = ['name', 'generateName', 'namespace', 'labels', 'annotations', '*'];

/** Order of the keys by the place of their map; `#` stands for an index. `*` stands for all other keys, as they are. */
const ORDERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['', OBJECT],
  ['metadata', METADATA],
  ['spec', ['schema', 'resources', '*']],
  [
    'spec.schema',
    [
      'group',
      'apiVersion',
      'kind',
      'scope',
      'shortNames',
      'metadata',
      'types',
      'spec',
      '*',
      'status',
      'additionalPrinterColumns',
    ],
  ],
  ['spec.resources.#', ['id', 'forEach', 'includeWhen', 'readyWhen', '*', 'externalRef', 'template']],
  ['spec.resources.#.template', OBJECT],
  ['spec.resources.#.template.metadata', METADATA],
  ['spec.resources.#.externalRef', OBJECT],
  ['spec.resources.#.externalRef.metadata', METADATA],
]);

/** The order in which the keys of a map of a definition stand; undefined where the author's order stays. */
export function orderedKeys(path: readonly PathStep[], keys: readonly string[]): readonly string[] | undefined {
  const order = ORDERS.get(path.map((step) => (typeof step === 'number' ? '#' : step)).join('.'));
  if (order === undefined || new Set(keys).size !== keys.length) return undefined;
  const rest = order.indexOf('*');
  const rank = (key: string): number => {
    const place = order.indexOf(key);
    return place < 0 || key === '*' ? rest : place;
  };
  const sorted = keys.toSorted((a, b) => rank(a) - rank(b));
  return sorted.every((key, index) => key === keys[index]) ? undefined : sorted;
}
