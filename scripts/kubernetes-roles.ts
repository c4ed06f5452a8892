/** Reads the default roles and bindings of an API server from the sources of Kubernetes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonObject, isJsonObject } from '@typekro/kit/core';

const FOLDER = 'plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata';

/** The names of the source files with the objects of a kind, by the plural of the kind. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  clusterroles: ['cluster-roles', 'controller-roles'],
  clusterrolebindings: ['cluster-role-bindings', 'controller-role-bindings'],
  roles: ['namespace-roles'],
  rolebindings: ['namespace-role-bindings'],
};

interface Role extends JsonObject {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: JsonObject };
}

/** The members of an object, without `kind`, in the order of the data files. */
const ORDER = ['metadata', 'subjects', 'roleRef', 'rules', 'aggregationRule'];
const RULE_ORDER = ['verbs', 'apiGroups', 'resources', 'resourceNames', 'nonResourceURLs'];

/**
 * The default roles and bindings, keyed by the plural of their kind and then by `NAMESPACE/NAME`. An aggregated role
 * has the rules of the roles that it selects.
 */
export function defaultRolesOf(folder: string, parseYaml: (text: string) => unknown): JsonObject {
  const lists: JsonObject = {};
  for (const [plural, files] of Object.entries(FILES)) {
    const objects = files
      .flatMap((file) => (parseYaml(readFileSync(join(folder, FOLDER, `${file}.yaml`), 'utf8')) as ListDocument).items)
      .flatMap((item) => ('items' in item ? (item['items'] as Role[]) : [item as Role]));
    const complete = objects.map((object) => ordered(plural === 'clusterroles' ? aggregated(object, objects) : object));
    lists[plural] = Object.fromEntries(complete.map((object) => [keyOf(object), object]));
  }
  return lists;
}

interface ListDocument {
  readonly items: readonly JsonObject[];
}

const keyOf = ({ metadata: { namespace = '', name } }: Role): string => `${namespace}/${name}`;

/**
 * The role with the rules of the roles that its aggregation rule selects. The rules are in the order of the names of
 * the selected roles, and equal rules occur once. A selected role may have its own aggregation rule.
 */
function aggregated(role: Role, all: readonly Role[]): Role {
  const selectors = (role['aggregationRule'] as { clusterRoleSelectors?: { matchLabels?: JsonObject }[] } | undefined)
    ?.clusterRoleSelectors;
  if (selectors === undefined) return role;
  const rules = new Map<string, JsonObject>();
  for (const { matchLabels = {} } of selectors) {
    const selected = all.filter(({ metadata: { labels = {} } }) =>
      Object.entries(matchLabels).every(([name, value]) => labels[name] === value),
    );
    for (const part of selected.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)))
      for (const rule of (aggregated(part, all)['rules'] ?? []) as JsonObject[])
        rules.set(JSON.stringify(inOrder(rule, RULE_ORDER)), rule);
  }
  return { ...role, rules: [...rules.values()] };
}

const inOrder = (object: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name) => (object[name] === undefined ? [] : [[name, object[name]]])));

/**
 * Returns the object in the format of the data files: the known members in the order of `ORDER`, and no other members.
 */
function ordered(role: Role): Role {
  const object = inOrder(role, ORDER);
  const { name, namespace, labels, annotations } = role.metadata as JsonObject;
  const metadata = inOrder({ name, namespace, labels, annotations }, ['name', 'namespace', 'labels', 'annotations']);
  const rules = object['rules'];
  const withRules = Array.isArray(rules)
    ? { rules: rules.filter(isJsonObject).map((rule) => inOrder(rule, RULE_ORDER)) }
    : {};
  return { ...object, ...withRules, metadata } as Role;
}
