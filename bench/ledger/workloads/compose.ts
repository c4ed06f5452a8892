/** Processor time of the first composition of a process: 1,000 ConfigMaps, traced and written as YAML. */
import { kubernetesComposition } from '@typekro/sdk';
import { ConfigMap } from '../../../packages/sdk/src/factories/simple/index.ts';
import { printTime } from './figures.ts';

const text = { type: 'string' };
const spec = { type: 'object', properties: { name: text, on: { type: 'boolean' } }, required: ['name', 'on'] };
const numbers = Array.from({ length: 1000 }, (_, index) => index);
await printTime(() => {
  const composition = kubernetesComposition({ name: 'app', spec }, (schema: Record<string, unknown>) => {
    for (const i of numbers) {
      const data = { owner: String(schema['name']), when: schema['on'] ? 'yes' : 'no' };
      ConfigMap({ id: `c${i}`, name: `${String(schema['name'])}-${i}`, data });
    }
  });
  composition.toYaml();
});
