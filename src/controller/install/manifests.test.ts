import { describe, expect, it } from 'vitest';
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
  ])('%s names only its own kinds', (name, resources, writes) => {
    const role = roles.find(({ metadata }) => metadata.name === name);
    const verbs: unknown = writes ? expect.arrayContaining(['create', 'patch', 'delete']) : ['get', 'list', 'watch'];
    expect(role?.['rules']).toEqual([{ apiGroups: ['kro.run'], resources, verbs }]);
  });

  it('are these three only', () => {
    expect(roles).toHaveLength(3);
  });
});
