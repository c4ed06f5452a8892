import { dnsSubdomain, objectAt, objectsAt, pathSegment, textAt } from '@typekro/kit/kubernetes';
import { type KubeObject, jsonEquals } from '@typekro/kit/core';
import type { Field, Problems } from '../errors/field-problems.ts';
import type { Strategy } from './strategy.ts';
import { checkBinding, checkEscalation } from '../auth/escalation.ts';
import { ensureAt, fill } from '../types/parts.ts';
import { validateSelector } from './validate-selector.ts';

const GROUP = 'rbac.authorization.k8s.io';
function validateRules(object: Field, namespaced: boolean) {
  for (const rule of object.objects('rules')) {
    const [urls, groups, resources] = [rule.list('nonResourceURLs'), rule.list('apiGroups'), rule.list('resources')];
    rule.list('verbs').notEmpty('verbs must contain at least one value');
    if (urls.value.length === 0) {
      groups.notEmpty('resource rules must supply at least one api group');
      resources.notEmpty('resource rules must supply at least one resource');
      continue;
    }
    if (namespaced) urls.invalid('namespaced rules cannot apply to non-resource URLs');
    if (resources.value.length > 0 || groups.value.length > 0)
      urls.invalid('rules cannot apply to both regular resources and non-resource URLs');
  }
}

function validateAggregation(rule: Field) {
  rule.list('clusterRoleSelectors').notEmpty('at least one clusterRoleSelector required if aggregationRule is non-nil');
  for (const selector of rule.objects('clusterRoleSelectors')) {
    const before = rule.problems.length;
    validateSelector(selector);
    if (rule.problems.length > before) selector.invalid('invalid label selector.', null);
  }
}

/** The strategy of Roles and ClusterRoles. */
export function roleStrategy(namespaced: boolean): Partial<Strategy> {
  return {
    validateName: pathSegment,
    validate(object, problems) {
      const role = problems.field('', object);
      validateRules(role, namespaced);
      const aggregation = role.optional('aggregationRule');
      if (aggregation !== undefined) validateAggregation(aggregation);
    },
    admit: (object, old, context) => checkEscalation(object, old, context),
  };
}

/** The strategy of RoleBindings and ClusterRoleBindings. */
export function bindingStrategy(namespaced: boolean): Partial<Strategy> {
  const validate = (object: KubeObject, problems: Problems) => {
    const binding = problems.field('', object);
    const reference = binding.object('roleRef');
    reference.text('apiGroup').oneOf([GROUP]);
    reference.text('kind').oneOf(namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']);
    reference.text('name').name(pathSegment);
    const hasNamespace = namespaced && object.metadata.namespace !== undefined;
    for (const subject of binding.objects('subjects')) validateSubject(subject, hasNamespace);
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

function validateSubject(subject: Field, hasNamespace: boolean) {
  const [kind, name, group] = [subject.text('kind'), subject.text('name'), subject.text('apiGroup')];
  const isAccount = kind.value === 'ServiceAccount';
  name.name((text) => (isAccount ? dnsSubdomain(text) : []));
  if (SUBJECTS.includes(kind.value)) group.oneOf([isAccount ? '' : GROUP]);
  kind.oneOf(SUBJECTS);
  if (isAccount && !hasNamespace) subject.text('namespace').notEmpty();
}
