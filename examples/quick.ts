// The shortest composition: one resource, one status field.
//
// With webApp: { name: quick, image: nginx:1.27 }
// Gives: { ready: true }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment } from 'typekro/simple';

export const webApp = kubernetesComposition(
  {
    name: 'web-app',
    apiVersion: 'example.com/v1alpha1',
    kind: 'QuickApp',
    spec: type({ name: 'string', image: 'string' }),
    status: type({ ready: 'boolean' }),
  },
  (spec) => {
    const deploy = Deployment({ id: 'app', name: spec.name, image: spec.image });
    return { ready: deploy.status.readyReplicas > 0 };
  },
);
