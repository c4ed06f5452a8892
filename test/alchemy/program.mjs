/**
 * An Alchemy program as users write it. The environment variable `STORY` determines its declarations, which differ by
 * test.
 */
import alchemy from 'alchemy';
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { KroResource } from 'typekro/alchemy';
import { ConfigMap } from 'typekro/simple';

const { phase = 'up', kind = 'Notes', extra, declare = [], caught = false } = JSON.parse(process.env.STORY);

const notes = kubernetesComposition(
  {
    name: 'notes',
    kind,
    spec: type({ name: 'string', text: 'string', 'where?': 'string' }),
    status: type({ text: 'string', second: 'string' }),
  },
  (spec) => {
    const first = ConfigMap({ id: 'first', name: `${spec.name}-first`, data: { text: spec.text } });
    const second = ConfigMap({
      id: 'second',
      name: `${spec.name}-second`,
      namespace: spec.where ?? 'default',
      data: { text: first.data.text, of: first.metadata.name, ...(extra === undefined ? {} : { extra }) },
    });
    return { text: second.data.text, second: second.metadata.name };
  },
);

const app = await alchemy('story', {
  phase,
  stage: 'test',
  quiet: true,
  noTrack: true,
  password: 'a test has no secrets',
  rootDir: process.cwd(),
});
for (const { id = 'notes', secret, spec, ...props } of declare) {
  try {
    const resource = await KroResource(id, {
      composition: notes,
      kubeConfig: 'kubeconfig.yaml',
      ...props,
      spec: secret === undefined ? spec : { ...spec, text: alchemy.secret(secret) },
    });
    console.log(JSON.stringify(resource));
  } catch (error) {
    if (!caught) throw error;
    console.log(JSON.stringify({ caught: error.code }));
  }
}
await app.finalize();
