/** The definitions, Graphs and other objects of the controller's benchmark. */
import type { JsonObject, KubeObject } from '../../dist/core/index.js';

const GROUP = 'bench.test';

/** The apiVersion and kind of the instances of a definition. */
export const typeOf = (kind: string) => ({ apiVersion: `${GROUP}/v1`, kind });

/** A definition with five independent ConfigMaps. The template of one of them contains `fixed`. */
export function five(fixed: string): KubeObject {
  const resources = Array.from({ length: 5 }, (_, index) =>
    configMap(`m${index}`, `\${schema.metadata.name}-${index}`, {
      text: '${schema.spec.text}',
      ...(index === 0 ? { fixed } : {}),
    }),
  );
  return definition('loads', 'Load', { text: 'string' }, { text: '${m0.data.text}' }, resources);
}

/** A definition of a kind whose instances have `count` independent ConfigMaps each. */
export function independent(name: string, kind: string, count: number): KubeObject {
  const resources = Array.from({ length: count }, (_, index) =>
    configMap(`m${index}`, `\${schema.metadata.name}-${index}`, { text: '${schema.spec.text}' }),
  );
  return definition(name, kind, { text: 'string' }, { text: '${m0.data.text}' }, resources);
}

/** A definition with six ConfigMaps, each made from the previous one. */
export function chain(): KubeObject {
  const resources = Array.from({ length: 6 }, (_, index) =>
    configMap(`m${index}`, `\${schema.metadata.name}-${index}`, {
      text: index === 0 ? '${schema.spec.text}' : `\${m${index - 1}.data.text}`,
    }),
  );
  return definition('chains', 'Chain', { text: 'string' }, { text: '${m5.data.text}' }, resources);
}

/** A definition with one collection, which has the number of ConfigMaps that the instance specifies. */
export function collection(): KubeObject {
  const items = {
    ...configMap('maps', '${schema.metadata.name + "-" + string(i)}', { text: '${schema.spec.text}' }),
    forEach: [{ i: '${lists.range(schema.spec.count)}' }],
  };
  return definition('manies', 'Many', { text: 'string', count: 'integer' }, { made: '${size(maps)}' }, [items]);
}

/**
 * One of many definitions, each of which declares a different kind. It has a ConfigMap, and a second ConfigMap that
 * reads the first. With `isBad` it does not compile.
 */
export function numbered(index: number, isBad: boolean): KubeObject {
  const resources = [
    configMap('first', '${schema.metadata.name}-first', { text: '${schema.spec.text}' }),
    configMap('second', '${schema.metadata.name}-second', { text: `\${first.data.${isBad ? 'text +' : 'text'}}` }),
  ];
  return definition(`n${index}`, `N${index}`, { text: 'string' }, { text: '${second.data.text}' }, resources);
}

/** A Graph with the objects of an instance of `five`. */
export function graphOfFive(index: number): KubeObject {
  const nodes = Array.from({ length: 5 }, (_, number) =>
    configMap(`m${number}`, `g${index}-${number}`, { text: '${cfg.text}', ...(number === 0 ? { fixed: 'a' } : {}) }),
  );
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Graph',
    metadata: { name: `g${index}`, namespace: 'default' },
    spec: { nodes: [{ id: 'cfg', def: { text: 'a' } }, ...nodes] },
  };
}

/** RBAC objects that give the service account of the Graphs its rights on ConfigMaps. */
export function graphRights(): KubeObject[] {
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'graphs' };
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }];
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return [
    { apiVersion, kind: 'ClusterRole', metadata: { name: 'graphs' }, rules },
    { apiVersion, kind: 'ClusterRoleBinding', metadata: { name: 'graphs' }, roleRef, subjects },
  ];
}

function configMap(id: string, name: string, data: JsonObject): JsonObject {
  return { id, template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data } };
}

function definition(
  name: string,
  kind: string,
  spec: JsonObject,
  status: JsonObject,
  resources: JsonObject[],
): KubeObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name },
    spec: { schema: { apiVersion: 'v1', kind, group: GROUP, spec, status }, resources },
  };
}

/** A CRD of about 100 KB that no client uses. */
export function largeCrd(index: number): KubeObject {
  const fields = (depth: number): JsonObject =>
    Object.fromEntries(
      Array.from({ length: 9 }, (_, field) => [
        `field${field}`,
        {
          description: `What field ${field} at depth ${depth} is for, in as many words as authors of CRDs like to use.`,
          ...(depth === 0 ? { type: 'string' } : { type: 'object', properties: fields(depth - 1) }),
        },
      ]),
    );
  const plural = `large${index}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { plural, singular: `large${index}`, kind: `Large${index}`, listKind: `Large${index}List` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: fields(2) } } },
          },
        },
      ],
    },
  };
}
