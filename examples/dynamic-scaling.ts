// Numbers that depend on the spec, and an autoscaler that sets the replicas of another resource.
//
// With autoScalingStack: { name: shop, image: shop:1, environment: production, scaling: { minReplicas: 2, maxReplicas: 4 } }
// Gives: { currentReplicas: 2, maxReplicas: 4, scalingActive: false }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment, Hpa, Service } from 'typekro/simple';

export const autoScalingStack = kubernetesComposition(
  {
    name: 'autoscaling-stack',
    spec: type({
      name: 'string',
      image: 'string',
      environment: 'string',
      scaling: { minReplicas: 'number', maxReplicas: 'number' },
    }),
    status: type({ currentReplicas: 'number', maxReplicas: 'number', scalingActive: 'boolean' }),
  },
  (spec) => {
    const production = spec.environment === 'production';
    // The autoscaler decides how many pods run, so the Deployment has no number of replicas.
    const app = Deployment({ id: 'app', name: spec.name, image: spec.image });
    Service({
      id: 'service',
      name: `${spec.name}-service`,
      selector: { app: spec.name },
      ports: [{ port: 80, targetPort: 3000 }],
    });
    const hpa = Hpa({
      id: 'hpa',
      name: `${spec.name}-hpa`,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: app.metadata.name },
      minReplicas: spec.scaling.minReplicas,
      maxReplicas: spec.scaling.maxReplicas,
      targetCPUUtilizationPercentage: production ? 70 : 90,
    });
    return {
      currentReplicas: app.status.readyReplicas,
      maxReplicas: hpa.spec.maxReplicas,
      // Without metrics, the autoscaler only keeps the number of replicas within its bounds.
      scalingActive: hpa.status.conditions.some(
        (condition) => condition.type === 'ScalingActive' && condition.status === 'True',
      ),
    };
  },
);
