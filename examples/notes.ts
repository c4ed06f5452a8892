// A graph that contains the definition of another graph. An instance adds an API for notes to the cluster.
//
// With noteApi: { name: notes, greeting: hello }
// Gives: { served: true }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { resourceGraphDefinition } from 'typekro/kro';
import { ConfigMap } from 'typekro/simple';

export const noteApi = kubernetesComposition(
  {
    name: 'note-api',
    kind: 'NoteApi',
    spec: type({ name: 'string', greeting: 'string' }),
    status: type({ served: 'boolean' }),
  },
  ({ name, greeting }) => {
    const api = resourceGraphDefinition({
      id: 'api',
      name,
      waitForReady: true,
      spec: {
        schema: { apiVersion: 'v1alpha1', kind: 'Note', spec: { text: 'string' } },
        resources: [
          {
            id: 'config',
            template: {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name: '${schema.metadata.name}' },
              data: { text: '${schema.spec.text}' },
            },
          },
        ],
      },
    });
    ConfigMap({ id: 'summary', name: `${name}-summary`, data: { greeting, api: api.metadata.name } });
    return { served: api.status.state === 'Active' };
  },
);
