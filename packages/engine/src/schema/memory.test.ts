import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { type JsonObject, type KubeObject, stringifyJson } from '@typekro/kit/core';
import { crdSource } from './index.ts';
import { crdOf } from '@typekro/kit/test-support/crd';

const COUNT = 200;
const MIB = 1024 * 1024;

/** A schema of about 300 KB including descriptions, typical of operators with many options. */
function largeSchema(seed: number, depth = 0): JsonObject {
  const properties: JsonObject = {};
  for (let index = 0; index < (depth === 0 ? 8 : 6); index += 1) {
    const name = `field${seed}${'abcdefgh'.charAt(index)}`;
    const description = `${name} tells the controller of kind ${seed} at level ${depth} how to do the thing number ${index} well.`;
    if (depth < 3) properties[name] = { ...largeSchema(seed, depth + 1), description };
    else properties[name] = { type: 'string', description, pattern: '^[a-z0-9]+$', maxLength: 63 + index };
  }
  return { type: 'object', properties, required: Object.keys(properties).slice(0, 2) };
}

function* largeCrds(): Iterable<KubeObject> {
  for (let index = 0; index < COUNT; index += 1) yield crdOf(`Kind${index}`, largeSchema(index));
}

test('a packed source of 200 large CRDs takes less than 60 MiB', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => {
    collect();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return heapUsed + external + arrayBuffers;
  };
  expect(stringifyJson(largeSchema(1)).length).toBeGreaterThan(250_000);
  const before = used();
  const source = crdSource(largeCrds(), { pack: true });
  const idle = used() - before;
  const schema = source.schemaOf({ group: 'example.com', version: 'v1', kind: 'Kind7' });
  expect(schema?.properties?.['field7a']?.properties?.['field7b']?.required).toEqual(['field7a', 'field7b']);
  expect([...source.kinds()]).toHaveLength(COUNT);
  expect(idle, `${(idle / MIB).toFixed(1)} MiB`).toBeLessThan(60 * MIB);
});
