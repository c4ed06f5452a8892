import { describe, expect, it } from 'vitest';
import { objectsAt, valueAt } from '@typekro/kit/kubernetes';
import { controllerManifests } from './manifests.ts';

describe('the roles for users', () => {
  const roles = controllerManifests({ image: 'typekro:1' }).filter(
    ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name?.startsWith('typekro-') === true,
  );
  const definitions = ['resourcegraphdefinitions', 'resourcegraphdefinitions/status'];

  it.each([
    ['typekro-edit', definitions, true],
    ['typekro-graph-edit', ['graphs'], true],
    ['typekro-view', definitions, false],
  ])('%s has only the kinds of its purpose, and only an edit role may write', (name, resources, writes) => {
    const role = roles.find(({ metadata }) => metadata.name === name);
    const verbs: unknown = writes ? expect.arrayContaining(['create', 'patch', 'delete']) : ['get', 'list', 'watch'];
    expect(role?.['rules']).toEqual([{ apiGroups: ['kro.run'], resources, verbs }]);
  });

  it('are the edit role, the edit role for Graphs and the view role', () => {
    expect(roles).toHaveLength(3);
  });
});

describe('the probes', () => {
  const deployment = controllerManifests({ image: 'typekro:1' }).find(({ kind }) => kind === 'Deployment');
  const [container] = objectsAt(deployment?.spec, 'template', 'spec', 'containers');
  const numberOf = (probe: string, field: string) => Number(valueAt(container, probe, field));

  it('give a process enough time to start with the smallest documented CPU request', () => {
    const [startCpuSeconds, cpu] = [0.5, 0.05];
    const limit = numberOf('startupProbe', 'periodSeconds') * numberOf('startupProbe', 'failureThreshold');
    expect(limit).toBeGreaterThanOrEqual((5 * startCpuSeconds) / cpu);
  });

  it.each(['startupProbe', 'livenessProbe', 'readinessProbe'])(
    '%s has a timeout of several times the longest measured delay of the event loop',
    (probe) => {
      const longestDelaySeconds = 1.3;
      expect(numberOf(probe, 'timeoutSeconds')).toBeGreaterThanOrEqual(5 * longestDelaySeconds);
      // A pause before the first probe would only delay a pod that is ready.
      expect(valueAt(container, probe, 'initialDelaySeconds')).toBeUndefined();
    },
  );
});
