/** Updates stored default roles and bindings, like an API server at its start. */
import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { objectAt, objectsAt } from '@typekro/kit/kubernetes';
import { rightsOf } from './escalation.ts';
import { rightsIn, wantedOf } from './held-rights.ts';

/** The annotation that controls updates. With the value `false`, a server does not update the role or binding. */
const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

const isProtected = ({ metadata }: KubeObject): boolean => metadata.annotations?.[AUTO_UPDATE] === 'false';

/**
 * Adds the missing rights, labels, annotations and selectors of the default role to the stored role. Keeps additional
 * rights. Returns the stored role itself when it is complete or must not be changed.
 */
export function reconciledRole(stored: KubeObject, expected: KubeObject): KubeObject {
  if (isProtected(stored)) return stored;
  const selectors = objectsAt(objectAt(expected, 'aggregationRule'), 'clusterRoleSelectors');
  const ownSelectors = objectsAt(objectAt(stored, 'aggregationRule'), 'clusterRoleSelectors');
  const added = selectors.filter((selector) => !ownSelectors.some((own) => jsonEquals(own, selector)));
  const rules = objectsAt(stored, 'rules');
  // A controller sets the rules of an aggregated role, so this function adds none to it.
  const missing = selectors.length > 0 ? [] : missingRules(rules, objectsAt(expected, 'rules'));
  const { aggregationRule, ...rest } = withMetadata(stored, expected) as KubeObject & { aggregationRule?: JsonObject };
  return unlessEqual(stored, {
    ...rest,
    ...(selectors.length === 0
      ? {}
      : { aggregationRule: { ...aggregationRule, clusterRoleSelectors: [...ownSelectors, ...added] } }),
    ...(missing.length === 0 ? {} : { rules: [...rules, ...missing] }),
  });
}

/** Returns each right that the rules lack, as a separate rule. */
function missingRules(rules: readonly JsonObject[], expected: readonly JsonObject[]): JsonObject[] {
  if (jsonEquals([...rules], [...expected])) return [];
  const held = rightsIn(rules);
  return expected.flatMap((rule) =>
    [...rightsOf(rule)]
      .filter(({ attributes }) => !held.covers(wantedOf(attributes)))
      .map(({ attributes: { verb, group, resource, subresource, name, path } }): JsonObject =>
        path === undefined
          ? {
              verbs: [verb],
              apiGroups: [group],
              resources: [subresource === '' ? resource : `${resource}/${subresource}`],
              ...(name === '' ? {} : { resourceNames: [name] }),
            }
          : { verbs: [verb], nonResourceURLs: [path] },
      ),
  );
}

/**
 * Adds the missing subjects of the default binding to the stored binding. Replaces a binding to another role, because
 * the role of a binding is immutable. Returns the stored binding itself when it is complete or must not be changed.
 */
export function reconciledBinding(stored: KubeObject, expected: KubeObject): KubeObject {
  if (isProtected(stored)) return stored;
  if (!jsonEquals(objectAt(stored, 'roleRef'), objectAt(expected, 'roleRef'))) return expected;
  const subjects = objectsAt(stored, 'subjects');
  const missing = objectsAt(expected, 'subjects').filter(
    (subject) => !subjects.some((own) => jsonEquals(own, subject)),
  );
  return unlessEqual(stored, {
    ...withMetadata(stored, expected),
    ...(missing.length === 0 ? {} : { subjects: [...subjects, ...missing] }),
  });
}

const unlessEqual = (stored: KubeObject, next: KubeObject): KubeObject => (jsonEquals(stored, next) ? stored : next);

/**
 * Adds the labels and annotations of the default object to the stored object. Values of the stored object take
 * precedence.
 */
function withMetadata(stored: KubeObject, { metadata }: KubeObject): KubeObject {
  const labels = { ...metadata.labels, ...stored.metadata.labels };
  const annotations = { ...metadata.annotations, ...stored.metadata.annotations };
  return {
    ...stored,
    metadata: {
      ...stored.metadata,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
  };
}
