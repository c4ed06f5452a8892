import { type KubeObject, count, jsonEquals } from '@typekro/kit/core';
import { type FieldError, KUBERNETES_MINOR, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { Problems } from '../../errors/field-problems.ts';
import { type GroupResource, forbidden, invalid } from '../../errors/api-error.ts';
import type { ObjectLookup } from '../../types/lookup.ts';
import { type CheckedPod, type Violation, SECCOMP_ANNOTATION, violationsOf } from './pod-security-standards.ts';

const PREFIX = 'pod-security.kubernetes.io/';

/** The audit annotation that contains the enforced policy. */
const ENFORCED_POLICY = `${PREFIX}enforce-policy`;

const LEVELS = ['privileged', 'baseline', 'restricted'] as const;
type Level = (typeof LEVELS)[number];

/** The maximum number of existing pods that are checked when the policy of their namespace changes. */
const MAX_CHECKED_PODS = 3000;

/** A level and its version, e.g. `baseline` and `latest`. */
interface Rule {
  readonly level: Level;
  readonly version: string;
}

interface Policy {
  readonly enforce: Rule;
  readonly audit: Rule;
  readonly warn: Rule;
}

/** A write that Pod Security may refuse or warn about. */
export interface PodSecurityRequest {
  readonly resource: GroupResource;
  readonly subresource: string;
  readonly object: KubeObject;
  /** The stored object; `undefined` for a create. */
  readonly old: KubeObject | undefined;
  readonly warn: (text: string) => void;
  /** Adds an annotation to the audit events of the request. */
  readonly annotate: (key: string, value: string) => void;
}

/** Maps a resource to the path of the pod template in its objects. */
const TEMPLATES = new Map<string, readonly string[]>([
  ['/podtemplates', ['template']],
  ['/replicationcontrollers', ['spec', 'template']],
  ['apps/daemonsets', ['spec', 'template']],
  ['apps/deployments', ['spec', 'template']],
  ['apps/replicasets', ['spec', 'template']],
  ['apps/statefulsets', ['spec', 'template']],
  ['batch/cronjobs', ['spec', 'jobTemplate', 'spec', 'template']],
  ['batch/jobs', ['spec', 'template']],
]);

const UNCHECKED_SUBRESOURCES = new Set([
  'attach',
  'binding',
  'eviction',
  'exec',
  'log',
  'portforward',
  'proxy',
  'status',
]);

/**
 * Applies the Pod Security labels of the namespace. Throws 403 for a pod that violates the enforced level, and 422 for
 * a namespace with invalid labels. Warns about pods and pod templates that violate the warning level.
 */
export function admitPodSecurity(store: ObjectLookup, request: PodSecurityRequest): void {
  const { resource, subresource, object, old } = request;
  const key = `${resource.group}/${resource.plural}`;
  if (key === '/namespaces') {
    if (subresource === '') admitNamespace(store, request);
    return;
  }
  const isPod = key === '/pods';
  const place = TEMPLATES.get(key);
  if (isPod ? UNCHECKED_SUBRESOURCES.has(subresource) : place === undefined || subresource !== '') return;
  const labels = store.collection('', 'namespaces').get(object.metadata.namespace ?? '')?.object.metadata.labels;
  if (!hasPolicy(labels)) {
    if (isPod) request.annotate(ENFORCED_POLICY, 'privileged:latest');
    return;
  }
  const { policy } = policyOf(labels);
  if (isPod) {
    if (old !== undefined && !changesContainers(object, old)) return;
    const pod = { spec: object.spec ?? {}, annotations: object.metadata.annotations ?? {} };
    const violations = evaluate(policy.enforce, pod);
    request.annotate(ENFORCED_POLICY, `${policy.enforce.level}:${policy.enforce.version}`);
    auditViolations(policy.audit, pod, request);
    if (violations.length > 0)
      throw forbidden(
        resource,
        object.metadata.name ?? '',
        `violates PodSecurity ${shown(policy.enforce)}: ${details(violations)}`,
      );
    warnAbout(policy.warn, pod, request);
    return;
  }
  const template = optionalAt(object, ...(place ?? []));
  if (template === undefined) return;
  const annotations = objectAt(objectAt(template, 'metadata'), 'annotations') as Record<string, string>;
  const pod = { spec: objectAt(template, 'spec'), annotations };
  auditViolations(policy.audit, pod, request);
  warnAbout(policy.warn, pod, request);
}

function warnAbout(rule: Rule, pod: CheckedPod, request: PodSecurityRequest): void {
  const violations = evaluate(rule, pod);
  if (violations.length > 0) request.warn(`would violate PodSecurity ${shown(rule)}: ${details(violations)}`);
}

function auditViolations(rule: Rule, pod: CheckedPod, { annotate }: PodSecurityRequest): void {
  const violations = evaluate(rule, pod);
  if (violations.length > 0) {
    annotate(`${PREFIX}audit-violations`, `would violate PodSecurity ${shown(rule)}: ${details(violations)}`);
  }
}

type Labels = Readonly<Record<string, string>>;

function hasPolicy(labels: Labels | undefined): labels is Labels {
  for (const key in labels) if (key.startsWith(PREFIX)) return true;
  return false;
}

/**
 * The policy of a namespace. An invalid label counts as `restricted` for the enforced level, and as `privileged` for
 * the warning and audit levels.
 */
function policyOf(labels: Labels): { readonly policy: Policy; readonly problems: Problems } {
  const problems = new Problems();
  const levelIn = (mode: string, otherwise: Level): Level => {
    const level = labels[`${PREFIX}${mode}`];
    if (level === undefined) return 'privileged';
    const known = LEVELS.find((one) => one === level);
    if (known !== undefined) return known;
    refuse(mode, level, `must be one of ${LEVELS.join(', ')}`);
    return otherwise;
  };
  const versionIn = (mode: string): string => {
    const version = labels[`${PREFIX}${mode}-version`];
    if (version === undefined || version === 'latest') return 'latest';
    if (/^v1\.(?:0|[1-9]\d*)$/.test(version)) return version;
    refuse(`${mode}-version`, version, 'must be "latest" or "v1.x"');
    return 'latest';
  };
  const refuse = (name: string, value: string, text: string) =>
    problems.invalid(`metadata.labels[${PREFIX}${name}]`, value, text);
  const enforce = { level: levelIn('enforce', 'restricted'), version: versionIn('enforce') };
  const audit = { level: levelIn('audit', 'privileged'), version: versionIn('audit') };
  const own = { level: levelIn('warn', 'privileged'), version: versionIn('warn') };
  // If no warning level is set, templates that violate the enforced level cause warnings.
  const isWrong = !LEVELS.some((level) => level === (labels[`${PREFIX}enforce`] ?? 'privileged'));
  const followsEnforce = labels[`${PREFIX}warn`] === undefined && !isWrong && enforce.level !== 'privileged';
  const version = labels[`${PREFIX}warn-version`] === undefined ? enforce.version : own.version;
  return { policy: { enforce, audit, warn: followsEnforce ? { level: enforce.level, version } : own }, problems };
}

const shown = ({ level, version }: Rule): string => `"${level}:${version}"`;

const details = (violations: readonly Violation[]): string =>
  violations.map(([reason, detail]) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');

function evaluate({ level, version }: Rule, pod: CheckedPod): Violation[] {
  if (level === 'privileged') return [];
  return violationsOf(pod, level, version === 'latest' ? KUBERNETES_MINOR : Number(version.slice('v1.'.length)));
}

/**
 * Does an update change the number of containers, their images or their seccomp annotations? Only such updates of a pod
 * are checked again.
 */
function changesContainers(object: KubeObject, old: KubeObject): boolean {
  const profileOf = ({ metadata }: KubeObject, name: string) => metadata.annotations?.[`${SECCOMP_ANNOTATION}${name}`];
  return ['containers', 'initContainers', 'ephemeralContainers'].some((key) => {
    const [next, before] = [objectsAt(object.spec, key), objectsAt(old.spec, key)];
    if (next.length !== before.length) return true;
    return next.some((container, index) => {
      const name = textAt(container, 'name');
      return container['image'] !== before[index]?.['image'] || profileOf(object, name) !== profileOf(old, name);
    });
  });
}

function admitNamespace(store: ObjectLookup, { object, old, warn }: PodSecurityRequest): void {
  const { labels = {}, name = '' } = object.metadata;
  if (!hasPolicy(labels)) return;
  const { policy, problems } = policyOf(labels);
  const before = policyOf(old?.metadata.labels ?? {});
  const isKnown = old !== undefined && jsonEquals(messagesOf(problems), messagesOf(before.problems));
  if (problems.length > 0 && !isKnown) throw invalid('', 'Namespace', name, problems);
  const { level, version } = policy.enforce;
  const previous = before.policy.enforce;
  const isRelaxed = version === previous.version && LEVELS.indexOf(level) <= LEVELS.indexOf(previous.level);
  if (old === undefined || level === 'privileged' || isRelaxed) return;
  warnAboutPods(store, name, policy.enforce, warn);
}

const messagesOf = (problems: readonly FieldError[]): string[] =>
  problems.map(({ field, message }) => `${field}: ${message}`);

/** Warns about existing pods that violate the new level of their namespace. */
function warnAboutPods(store: ObjectLookup, namespace: string, rule: Rule, warn: (text: string) => void): void {
  const pods = store.collection('', 'pods').inNamespace(namespace);
  const found = new Map<string, string[]>();
  for (const { object } of pods.slice(0, MAX_CHECKED_PODS)) {
    const pod = { spec: object.spec ?? {}, annotations: object.metadata.annotations ?? {} };
    const reasons = evaluate(rule, pod).map(([reason]) => reason);
    if (reasons.length === 0) continue;
    const names = found.get(reasons.join(', ')) ?? [];
    found.set(reasons.join(', '), [...names, object.metadata.name ?? '']);
  }
  if (pods.length > MAX_CHECKED_PODS)
    warn(
      `new PodSecurity enforce level only checked against the first ${MAX_CHECKED_PODS} of ${pods.length} existing pods`,
    );
  if (found.size === 0) return;
  warn(`existing pods in namespace "${namespace}" violate the new PodSecurity enforce level ${shown(rule)}`);
  const texts = [...found].map(([reasons, names]) => {
    const [first = '', ...others] = names.toSorted();
    const more = others.length === 0 ? '' : ` (and ${count(others.length, 'other pod')})`;
    return `${first}${more}: ${reasons}`;
  });
  for (const text of texts.toSorted()) warn(text);
}
