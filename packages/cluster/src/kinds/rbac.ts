import { dnsSubdomain, listAt, objectAt, objectsAt, optionalAt, pathSegment, textAt } from '@typekro/kit/kubernetes';
import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import type { Problems } from '../errors/field-problems.ts';
import type { Strategy } from './strategy.ts';
import { checkBinding, checkEscalation } from '../auth/escalation.ts';
import { ensureAt, fill } from '../types/parts.ts';
import { validateSelector } from './validate-selector.ts';

const GROUP = 'rbac.authorization.k8s.io';
function validateRules(object: KubeObject, namespaced: boolean, problems: Problems) {
  for (const [index, rule] of objectsAt(object, 'rules').entries()) {
    const at = `rules[${index}]`;
    if (listAt(rule, 'verbs').length === 0) problems.required(`${at}.verbs`, 'verbs must contain at least one value');
    const urls = listAt(rule, 'nonResourceURLs');
    if (urls.length > 0) {
      if (namespaced)
        problems.invalid(`${at}.nonResourceURLs`, urls, 'namespaced rules cannot apply to non-resource URLs');
      if (listAt(rule, 'resources').length > 0 || listAt(rule, 'apiGroups').length > 0) {
        problems.invalid(
          `${at}.nonResourceURLs`,
          urls,
          'rules cannot apply to both regular resources and non-resource URLs',
        );
      }
      continue;
    }
    if (listAt(rule, 'apiGroups').length === 0)
      problems.required(`${at}.apiGroups`, 'resource rules must supply at least one api group');
    if (listAt(rule, 'resources').length === 0)
      problems.required(`${at}.resources`, 'resource rules must supply at least one resource');
  }
}

function validateAggregation(rule: JsonObject | undefined, problems: Problems) {
  if (rule === undefined) return;
  const at = 'aggregationRule.clusterRoleSelectors';
  const selectors = objectsAt(rule, 'clusterRoleSelectors');
  if (selectors.length === 0)
    problems.required(at, 'at least one clusterRoleSelector required if aggregationRule is non-nil');
  for (const [index, selector] of selectors.entries()) {
    const before = problems.length;
    validateSelector(selector, `${at}[${index}]`, problems);
    if (problems.length > before) problems.invalid(`${at}[${index}]`, null, 'invalid label selector.');
  }
}

/** The strategy of Roles and ClusterRoles. */
export function roleStrategy(namespaced: boolean): Partial<Strategy> {
  return {
    validateName: pathSegment,
    validate(object, problems) {
      validateRules(object, namespaced, problems);
      validateAggregation(optionalAt(object, 'aggregationRule'), problems);
    },
    admit: (object, old, context) => checkEscalation(object, old, context),
  };
}

/** The strategy of RoleBindings and ClusterRoleBindings. */
export function bindingStrategy(namespaced: boolean): Partial<Strategy> {
  const validate = (object: KubeObject, problems: Problems) => {
    const reference = objectAt(object, 'roleRef');
    const group = textAt(reference, 'apiGroup');
    if (group !== GROUP) problems.notSupported('roleRef.apiGroup', group, [GROUP]);
    const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
    const kind = textAt(reference, 'kind');
    problems.requireOneOf('roleRef.kind', kind, kinds);
    const name = textAt(reference, 'name');
    problems.requireName('roleRef.name', name, pathSegment);
    for (const [index, subject] of objectsAt(object, 'subjects').entries())
      validateSubject(subject, `subjects[${index}]`, object, namespaced, problems);
  };
  return {
    validateName: pathSegment,
    defaults(object) {
      const reference = ensureAt(object, 'roleRef');
      fill(reference, { apiGroup: GROUP });
      for (const subject of objectsAt(object, 'subjects')) {
        const kind = textAt(subject, 'kind');
        if (kind === 'User' || kind === 'Group') fill(subject, { apiGroup: GROUP });
      }
    },
    validate,
    validateUpdate(object, old, problems) {
      validate(object, problems);
      const reference = objectAt(object, 'roleRef');
      if (jsonEquals(reference, old['roleRef'])) return;
      const shown = {
        APIGroup: textAt(reference, 'apiGroup'),
        Kind: textAt(reference, 'kind'),
        Name: textAt(reference, 'name'),
      };
      problems.invalid('roleRef', shown, 'cannot change roleRef');
    },
    admit: (object, old, context) => checkBinding(object, old, context),
  };
}

const SUBJECTS = ['ServiceAccount', 'User', 'Group'];

function validateSubject(subject: JsonObject, at: string, object: KubeObject, namespaced: boolean, problems: Problems) {
  const kind = textAt(subject, 'kind');
  const [name, group] = [textAt(subject, 'name'), textAt(subject, 'apiGroup')];
  if (name === '') problems.required(`${at}.name`);
  else if (kind === 'ServiceAccount') problems.invalidFor(`${at}.name`, name, dnsSubdomain(name));
  const own = kind === 'ServiceAccount' ? '' : GROUP;
  if (SUBJECTS.includes(kind) && group !== own) problems.notSupported(`${at}.apiGroup`, group, [own]);
  problems.requireOneOf(`${at}.kind`, kind, SUBJECTS);
  if (
    kind === 'ServiceAccount' &&
    textAt(subject, 'namespace') === '' &&
    !(namespaced && object.metadata.namespace !== undefined)
  ) {
    problems.required(`${at}.namespace`);
  }
}
