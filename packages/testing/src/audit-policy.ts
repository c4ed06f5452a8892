import type { AuditLevel, AuditPolicy, AuditStage } from '@typekro/cluster';
import type { Diagnostic, JsonObject, JsonValue } from '@typekro/kit/core';
import { formatDiagnostic, hasErrors, isJsonObject, TypeKroError } from '@typekro/kit/core';
import { parseDefinitions, Path } from '@typekro/engine/graph';
import { dnsSubdomain } from '@typekro/kit/kubernetes';
import { type Report, type Shape, anyObject, flag, listShape, members, oneOf, textShape } from './value-shape.ts';

const CODE = 'cluster/audit-policy';

const LEVELS: readonly AuditLevel[] = ['None', 'Metadata', 'Request', 'RequestResponse'];
const STAGES: readonly AuditStage[] = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'];

const namesLike = (example: string) => listShape(textShape(example), `[${example}]`);
const stages = listShape(oneOf(...STAGES), '[RequestReceived]');

/** The shape of a string with an additional condition. `problem` returns the problem with a string, if any. */
const textThat =
  (
    example: string,
    problem: (value: string) => string | undefined,
    hint: (value: JsonValue) => string = () => `write ${example}`,
  ): Shape =>
  (value, path, report) => {
    textShape(example)(value, path, report);
    const found = typeof value === 'string' ? problem(value) : undefined;
    if (found !== undefined) report(path, found, hint(value));
  };

/** The remedy for a string that is not the name of a group. */
function groupRemedy(value: JsonValue): string {
  const [name = ''] = String(value).split('/');
  const isName = value !== name && name !== '' && dnsSubdomain(name).length === 0;
  return isName ? `write ${name}` : 'write a group such as apps, or "" for the core group';
}

const group = textThat(
  'apps',
  (value) => {
    if (value === '' || dnsSubdomain(value).length === 0) return undefined;
    const hint = value.includes('/') ? '; the name of a group does not include a version' : '';
    return `"${value}" is not an API group${hint}`;
  },
  (value) =>
    value === '*' ? 'name each group in its own entry; a rule without resources is for all groups' : groupRemedy(value),
);

const url = textThat('/healthz*', (value) => {
  if (value === '*') return undefined;
  if (!value.startsWith('/')) return `the path "${value}" does not begin with /`;
  return value.slice(0, -1).includes('*') ? `the path "${value}" has a * that is not its last character` : undefined;
});

/** A version of an API, such as `v1` or `v1beta1`. */
const VERSION = /^v[1-9]\d*(?:(?:alpha|beta)[1-9]\d*)?$/;

const resources: Shape = (value, path, report) => {
  members({ group, resources: namesLike('configmaps'), resourceNames: namesLike('settings') })(value, path, report);
  const name = isJsonObject(value) ? value['group'] : undefined;
  if (typeof name === 'string' && VERSION.test(name)) {
    // A warning, because kube-apiserver accepts the policy. No request matches the entry.
    report([...path, 'group'], `"${name}" is a version, not an API group`, groupRemedy(name), true);
  }
  if (isFilled(value, 'resourceNames') && !isFilled(value, 'resources')) {
    report(
      [...path, 'resourceNames'],
      'resourceNames needs resources in the same entry',
      'add resources: [configmaps]',
    );
  }
};

const isFilled = (value: JsonValue, member: string): boolean => {
  const list = isJsonObject(value) ? value[member] : undefined;
  return Array.isArray(list) && list.length > 0;
};

const rule: Shape = (value, path, report) => {
  members(
    {
      level: oneOf(...LEVELS),
      users: namesLike('jane'),
      userGroups: namesLike('system:authenticated'),
      verbs: namesLike('get'),
      resources: listShape(resources, '[{resources: [pods]}]'),
      namespaces: namesLike('default'),
      nonResourceURLs: listShape(url, '[/healthz*]'),
      omitStages: stages,
      omitManagedFields: flag,
    },
    ['level'],
  )(value, path, report);
  if (isFilled(value, 'nonResourceURLs') && (isFilled(value, 'resources') || isFilled(value, 'namespaces'))) {
    const place = [...path, 'nonResourceURLs'];
    report(place, 'a rule with nonResourceURLs cannot have resources or namespaces', 'write two rules');
  }
};

const policy: Shape = (value, path, report) => {
  members(
    {
      apiVersion: oneOf('audit.k8s.io/v1'),
      kind: oneOf('Policy'),
      metadata: anyObject('{name: policy}'),
      rules: listShape(rule, '[{level: Metadata}]'),
      omitStages: stages,
      omitManagedFields: flag,
    },
    ['apiVersion', 'kind', 'rules'],
  )(value, path, report);
  const rules = isJsonObject(value) ? value['rules'] : undefined;
  if (Array.isArray(rules) && rules.length === 0) {
    report(['rules'], 'a policy without rules records nothing', 'write rules: [{level: Metadata}]');
  }
};

/** The policy in a file, and the problems of the file. As in kube-apiserver, unknown fields are warnings. */
export interface ReadAuditPolicy {
  /** `undefined` if there are errors. */
  readonly policy: AuditPolicy | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads an audit policy from YAML or JSON. `file` is the name of the file in the diagnostics. */
export function readAuditPolicy(source: string, file: string): ReadAuditPolicy {
  const parsed = parseDefinitions(source, file);
  const diagnostics: Diagnostic[] = [...parsed.diagnostics];
  const [document, second] = parsed.documents;
  const add = (message: string, hint: string, where: Diagnostic['source']) =>
    diagnostics.push({
      code: CODE,
      severity: 'error',
      message,
      hint,
      ...(where === undefined ? {} : { source: where }),
    });
  if (document === undefined) {
    if (!hasErrors(diagnostics))
      add('the file has no policy', 'write a Policy of audit.k8s.io/v1', { file, line: 1, column: 1 });
    return { policy: undefined, diagnostics };
  }
  if (second !== undefined) add('an audit log has one policy', 'remove this document', second.position([]));
  const value = document.value ?? null;
  check(value, (path, message, hint, key = false) =>
    diagnostics.push({
      code: CODE,
      severity: key ? 'warning' : 'error',
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(path.length === 0 ? {} : { path: Path.format(path) }),
      source: key ? document.keyPosition(path) : document.position(path),
    }),
  );
  return { policy: hasErrors(diagnostics) ? undefined : (value as unknown as AuditPolicy), diagnostics };
}

const check = (value: JsonValue, report: Report): void => policy(value, [], report);

/**
 * Validates the policy that a test passes as an object, or as the content of a policy file.
 *
 * @throws TypeKroError `cluster/audit-policy` with all problems.
 */
export function requireAuditPolicy(given: AuditPolicy | string): AuditPolicy {
  const typed = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy' };
  const source =
    typeof given === 'string' ? given : JSON.stringify({ ...typed, ...given } satisfies JsonObject | object, null, 2);
  const { policy: read, diagnostics } = readAuditPolicy(source, 'audit policy');
  if (read !== undefined) return read;
  throw auditPolicyError('audit policy', diagnostics, source);
}

/** The error for a policy with problems. */
export function auditPolicyError(file: string, diagnostics: readonly Diagnostic[], source: string): TypeKroError {
  const texts = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, source));
  return new TypeKroError(`${file} is not an audit policy:\n${texts.join('\n')}`, { code: CODE });
}
