import type { PathStep } from '@typekro/engine/graph';

const OBJECT = ['apiVersion', 'kind', 'metadata', 'spec', '*', 'status'];
const METADATA = ['name', 'generateName', 'namespace', 'labels', 'annotations', '*'];

/**
 * The order of the keys of a map, by the path of the map. In a path, `#` matches an index. A path in a subgraph counts
 * as the same path in the Graph. In an order, `*` stands for all other keys, in their present order.
 */
const ORDERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['', OBJECT],
  ['metadata', METADATA],
  ['spec', ['serviceAccountName', 'schema', 'propagateWhen', 'resources', 'nodes', '*']],
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
  [
    'spec.resources.#',
    ['id', 'forEach', 'includeWhen', 'readyWhen', 'propagateWhen', 'deletionPolicy', '*', 'externalRef', 'template'],
  ],
  ['spec.resources.#.template', OBJECT],
  ['spec.resources.#.template.metadata', METADATA],
  ['spec.resources.#.externalRef', OBJECT],
  ['spec.resources.#.externalRef.metadata', METADATA],
  ['spec.nodes.#', ['id', 'forEach', 'includeWhen', 'readyWhen', '*', 'def', 'ref', 'patch', 'template', 'graph']],
  ...['template', 'ref', 'patch'].flatMap((payload): [string, readonly string[]][] => [
    [`spec.nodes.#.${payload}`, OBJECT],
    [`spec.nodes.#.${payload}.metadata`, METADATA],
  ]),
]);

/**
 * Returns the keys of a map in the usual order. Returns `undefined` when there is no usual order for the map, when a
 * key occurs twice, or when the keys are already in order.
 */
export function orderedKeys(path: readonly PathStep[], keys: readonly string[]): readonly string[] | undefined {
  const place = path.map((step) => (typeof step === 'number' ? '#' : step)).join('.');
  const order = ORDERS.get(place.replace(/^spec(?:\.nodes\.#\.graph)+(?=\.)/, 'spec'));
  if (order === undefined || new Set(keys).size !== keys.length) return undefined;
  const rest = order.indexOf('*');
  const rank = (key: string): number => {
    const index = order.indexOf(key);
    return index < 0 || key === '*' ? rest : index;
  };
  const sorted = keys.toSorted((a, b) => rank(a) - rank(b));
  return sorted.every((key, index) => key === keys[index]) ? undefined : sorted;
}
