import { expect, test } from 'vitest';
import { LazyRules } from './rules-server.ts';

const type = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const target = (namespace: string) => ({ type, namespace, name: 'a' });
const map = (namespace: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace } });

test('a server that replaces an earlier server also has the namespaces of the objects that were requested before', async () => {
  const rules = new LazyRules(() => []);
  try {
    await rules.apiFor([target('one')]);
    await rules.apiFor([target('two')]);
    const again = await rules.apiFor([target('one')]);
    for (const namespace of ['one', 'two']) {
      expect((await again.create(map(namespace), { dryRun: true })).metadata).toMatchObject({ name: 'a', namespace });
    }
  } finally {
    await rules.close();
  }
});
