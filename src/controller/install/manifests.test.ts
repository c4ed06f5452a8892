import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../core/index.ts';
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
    const rules = roles.find(({ metadata }) => metadata.name === name)?.rules as JsonObject[];
    expect(rules.map((rule) => [rule['apiGroups'], rule['resources']])).toEqual([[['kro.run'], resources]]);
    expect((rules[0]?.['verbs'] as string[]).includes('patch')).toBe(writes);
  });

  it('are no others', () => {
    expect(roles).toHaveLength(3);
  });
});
