import type { JsonObject, KubeObject } from '@typekro/kit/core';

function map(name: string, data: JsonObject): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

/**
 * A definition with a chain of nodes, a collection, a conditional node, and a node that waits for a status that another
 * controller writes.
 */
export function rigDefinition(fixed: string): KubeObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'rigs', annotations: { 'kro.run/allow-breaking-changes': 'true' } },
    spec: {
      schema: {
        apiVersion: 'v1',
        kind: 'Rig',
        group: 'sim.test',
        spec: { text: 'string', names: '[]string', extra: 'boolean | default=false' },
        status: { text: '${mid.data.text}', healthy: '${gate.status.currentHealthy}' },
      },
      resources: [
        { id: 'base', template: map('${schema.metadata.name}-base', { text: '${schema.spec.text}', fixed }) },
        { id: 'mid', template: map('${schema.metadata.name}-mid', { text: '${base.data.text}' }) },
        {
          id: 'parts',
          forEach: [{ name: '${schema.spec.names}' }],
          template: map('${schema.metadata.name}-item-${name}', { text: '${mid.data.text}' }),
        },
        {
          id: 'extra',
          includeWhen: ['${schema.spec.extra}'],
          // The API server stores these quantities in another form.
          template: {
            apiVersion: 'v1',
            kind: 'LimitRange',
            metadata: { name: '${schema.metadata.name}-extra', annotations: { text: '${mid.data.text}' } },
            spec: { limits: [{ type: 'Container', default: { cpu: '0.5' }, defaultRequest: { cpu: '0.25' } }] },
          },
        },
        {
          id: 'gate',
          readyWhen: ['${gate.status.currentHealthy > 0}'],
          template: {
            apiVersion: 'policy/v1',
            kind: 'PodDisruptionBudget',
            metadata: { name: '${schema.metadata.name}-gate' },
            spec: { minAvailable: 1, selector: { matchLabels: { text: '${base.data.text}' } } },
          },
        },
        {
          id: 'after',
          // This expression has a value as soon as the dependency exists. Therefore only the dependency's `readyWhen`
          // delays this node.
          template: map('${schema.metadata.name}-after', {
            healthy: '${string(gate.?status.?currentHealthy.orValue(0))}',
          }),
        },
      ],
    },
  };
}

/** The definition of `rigDefinition` with a collection whose retired objects stay in the cluster. */
export function keepingDefinition(fixed: string): KubeObject {
  const definition = rigDefinition(fixed);
  const resources = definition.spec?.['resources'] as JsonObject[];
  const kept = resources.map((each) => (each['id'] === 'parts' ? { ...each, deletionPolicy: 'Orphaned' } : each));
  return { ...definition, spec: { ...definition.spec, resources: kept } };
}

/** While the node `mid` of `holdingDefinition` has this text, no item of the collection `parts` is written. */
export const HELD_TEXT = 'held';

/**
 * The definition of `rigDefinition` with a `propagateWhen`. While the node `mid` has `HELD_TEXT`, no item of the
 * collection `parts` is created or changed.
 */
export function holdingDefinition(fixed: string): KubeObject {
  const definition = rigDefinition(fixed);
  const resources = definition.spec?.['resources'] as JsonObject[];
  const propagateWhen = [`\${mid.data.text != '${HELD_TEXT}'}`, '${exponentiallyReady(name, parts)}'];
  const held = resources.map((each) => (each['id'] === 'parts' ? { ...each, propagateWhen } : each));
  return { ...definition, spec: { ...definition.spec, resources: held } };
}

/**
 * The definition of `rigDefinition` with one resource instead of all others. The expression of this resource does not
 * compile.
 */
export function brokenDefinition(): KubeObject {
  const definition = rigDefinition('broken');
  const resources = [{ id: 'base', template: map('${schema.metadata.name}-base', { text: '${schema.spec.nothing}' }) }];
  return { ...definition, spec: { ...definition.spec, resources } };
}

/** The definition of `rigDefinition` with an additional field in the schema. The field changes the CRD. */
export function widenedDefinition(fixed: string): KubeObject {
  const definition = rigDefinition(fixed);
  const schema = definition.spec?.['schema'] as JsonObject;
  const spec = { ...(schema['spec'] as JsonObject), note: 'string | default="none"' };
  return { ...definition, spec: { ...definition.spec, schema: { ...schema, spec } } };
}
