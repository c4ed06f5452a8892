import type { DefinitionPlan, InstancePlan, ObjectPlan, Plan } from '@typekro/controller/inspect';
import { summaryOf } from '../src/plan/summary-of-plan.ts';

/** A planned write of a ConfigMap by one node. `members` replaces defaults. */
export function writePlan(members: Partial<ObjectPlan> = {}): ObjectPlan {
  return {
    node: 'map',
    object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team', name: 'shop' },
    action: 'change',
    fields: [],
    checked: 'server',
    wave: 1,
    ...members,
  };
}

/** The plan of a changed definition. By default, it lists no changed part. `members` replaces defaults. */
export function definitionPlan(members: Partial<DefinitionPlan> = {}): DefinitionPlan {
  return {
    name: 'pots',
    kind: 'Pot',
    place: 'pots.yaml:1',
    action: 'change',
    revision: { from: 1, to: 2 },
    schema: [],
    nodes: [],
    other: [],
    notes: [],
    ...members,
  };
}

/** The plan of the instance `namespace/name`. `members` replaces defaults. */
export function instancePlan(instance: string, members: Partial<InstancePlan> = {}): InstancePlan {
  const [namespace = '', name = ''] = instance.split('/');
  return {
    instance: { apiVersion: 'acme.test/v1', kind: 'Pot', namespace, name },
    definition: 'pots',
    state: 'changed',
    action: 'none',
    fields: [],
    writes: [],
    later: [],
    blocked: [],
    ...members,
  };
}

/** A plan of these parts, with its summary. */
export function planOf(parts: Partial<Pick<Plan, 'definitions' | 'objects' | 'instances' | 'limits'>>): Plan {
  const { definitions = [], objects = [], instances = [], limits = [] } = parts;
  return {
    schemaVersion: 1,
    operation: 'apply',
    source: { kind: 'cluster', name: 'test', readAt: '2026-01-01T00:00:00Z' },
    definitions,
    objects,
    instances,
    summary: summaryOf({ definitions, objects, instances }),
    limits,
  };
}
