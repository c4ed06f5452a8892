import type { JsonObject, KubeObject } from '@typekro/kit/core';
import {
  labelSelectorMatcher,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
} from '@typekro/kit/kubernetes';
import type { GroupResource } from '../../errors/api-error.ts';
import { qosClass } from '../pods/pod-defaults.ts';

/** A condition that an object must meet so that a quota counts the object. */
export interface ScopeCondition {
  readonly scope: string;
  readonly operator: string;
  readonly values: readonly unknown[];
}

/** The conditions of a quota, from `scopes` and `scopeSelector`. A counted object must meet all of them. */
export function quotaScopes(quota: KubeObject): ScopeCondition[] {
  const scopes = [...new Set(listAt(quota.spec, 'scopes'))];
  const plain = scopes.map((scope) => ({ scope: String(scope), operator: 'Exists', values: [] }));
  const expressions = objectsAt(objectAt(quota.spec, 'scopeSelector'), 'matchExpressions');
  const selected = expressions.map((each) => {
    const [scope, operator] = [textAt(each, 'scopeName'), textAt(each, 'operator')];
    return { scope, operator, values: listAt(each, 'values') };
  });
  return [...plain, ...selected];
}

/** Does an object meet all conditions of a quota? Only pods and claims can meet a condition. */
export function inScopes(quota: KubeObject, resource: GroupResource, object: KubeObject): boolean {
  return quotaScopes(quota).every((condition) => meets(condition, resource, object));
}

function meets(condition: ScopeCondition, { group, plural }: GroupResource, object: KubeObject): boolean {
  if (group !== '') return false;
  if (plural === 'pods') return podMeets(condition, object);
  return plural === 'persistentvolumeclaims' && claimMeets(condition, object);
}

function podMeets(condition: ScopeCondition, pod: KubeObject): boolean {
  const { spec = {} } = pod;
  switch (condition.scope) {
    case 'Terminating':
      return (numberAt(spec, 'activeDeadlineSeconds') ?? -1) >= 0;
    case 'NotTerminating':
      return (numberAt(spec, 'activeDeadlineSeconds') ?? -1) < 0;
    case 'BestEffort':
      return classOf(pod) === 'BestEffort';
    case 'NotBestEffort':
      return classOf(pod) !== 'BestEffort';
    case 'PriorityClass':
      return matchesValue(condition, textAt(spec, 'priorityClassName'));
    case 'CrossNamespacePodAffinity':
      return concernsOtherNamespaces(spec);
    default:
      return false;
  }
}

/**
 * Does a claim meet the condition? A claim counts for the VolumeAttributesClass that it requests, for the current class
 * of its volume, and for the target class of a change that is not complete.
 */
function claimMeets(condition: ScopeCondition, { spec, status }: KubeObject): boolean {
  if (condition.scope !== 'VolumeAttributesClass') return false;
  const modifying = textAt(objectAt(status, 'modifyVolumeStatus'), 'targetVolumeAttributesClassName');
  const set = [textAt(spec, 'volumeAttributesClassName'), textAt(status, 'currentVolumeAttributesClassName')];
  const classes = [...set, modifying].filter((name) => name !== '');
  if (classes.length === 0) return matchesValue(condition, '');
  return classes.some((name) => matchesValue(condition, name));
}

const classOf = (pod: KubeObject): string => textAt(pod.status, 'qosClass') || qosClass(pod.spec ?? {});

/** Does the name of an object's class meet the condition? For an object without a class, the name is empty. */
function matchesValue({ scope, operator, values }: ScopeCondition, name: string): boolean {
  const labels: JsonObject = name === '' ? {} : { [scope]: name };
  const expression = { key: scope, operator, values: [...values] as string[] };
  return labelSelectorMatcher({ matchExpressions: [expression] })(labels);
}

function concernsOtherNamespaces(spec: JsonObject): boolean {
  const affinity = objectAt(spec, 'affinity');
  return ['podAffinity', 'podAntiAffinity'].some((kind) => {
    const rules = objectAt(affinity, kind);
    const required = objectsAt(rules, 'requiredDuringSchedulingIgnoredDuringExecution');
    const preferred = objectsAt(rules, 'preferredDuringSchedulingIgnoredDuringExecution');
    const terms = [...required, ...preferred.map((entry) => objectAt(entry, 'podAffinityTerm'))];
    return terms.some(
      (term) => listAt(term, 'namespaces').length > 0 || optionalAt(term, 'namespaceSelector') !== undefined,
    );
  });
}
