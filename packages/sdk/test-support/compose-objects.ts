import { createCompositionApi } from '@typekro/sdk/compose';
import type { JsonObject } from '@typekro/kit/core';

/** Compositions for tests that do not deploy. */
export const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('these tests deploy nothing')),
});

const spec = {
  type: 'object',
  properties: { name: { type: 'string' }, count: { type: 'integer' } },
  required: ['name', 'count'],
} as const;

/**
 * The first object of each resource of a composition for the spec `{name: 'x', count: 2}`, keyed by id. Also returns
 * the definition as YAML.
 */
export function composed(compose: (spec: { name: string; count: number }) => void): {
  readonly objects: Readonly<Record<string, JsonObject | undefined>>;
  readonly yaml: string;
} {
  const composition = kubernetesComposition({ name: 'all', kind: 'All', spec }, (input) => {
    compose(input as { name: string; count: number });
    return {};
  });
  const { resources } = composition.evaluate({ name: 'x', count: 2 });
  return {
    objects: Object.fromEntries(resources.map(({ id, objects }) => [id, objects[0]])),
    yaml: composition.toYaml(),
  };
}
