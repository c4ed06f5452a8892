import type { JsonObject } from '@typekro/kit/core';
import {
  dnsLabel,
  dnsSubdomain,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
} from '@typekro/kit/kubernetes';
import { type Problems, repeatedIndexes } from '../../errors/field-problems.ts';
import { type Place, validateContainers, validateEphemeral } from './container-validation.ts';
import { addressProblem } from '../network/ip-addresses.ts';
import { validateLabels } from '../metadata.ts';
import { validateFileVolumes } from './pod-env.ts';
import { validateOverhead, validatePodResources } from './pod-resources.ts';
import { validateScheduling } from './pod-scheduling.ts';
import { validatePodSecurity } from './pod-security.ts';
import { validateVolumes } from './pod-volumes.ts';
import { checkLabelName } from '../validate-selector.ts';

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never'];
const MAX_DEADLINE_SECONDS = 2_147_483_647;
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCHES_LENGTH = 2048;

/** Checks the specification of a pod, or of the template of pods, at `path`. */
export function validatePodSpec(spec: JsonObject, path: string, problems: Problems, isTemplate = false): void {
  const volumes = validateVolumes(spec, `${path}.volumes`, problems);
  const names = new Set<string>();
  if (listAt(spec, 'containers').length === 0) problems.required(`${path}.containers`);
  const place: Place = { spec, isTemplate, names, volumes };
  for (const list of ['containers', 'initContainers'] as const) validateContainers(place, list, path, problems);
  validateEphemeral(place, path, problems);
  validateHostPorts(spec, path, problems);
  const policy = textAt(spec, 'restartPolicy');
  problems.requireOneOf(`${path}.restartPolicy`, policy, RESTART_POLICIES);
  validateDns(spec, path, problems);
  validateLabels(objectAt(spec, 'nodeSelector') as Record<string, string>, `${path}.nodeSelector`, problems);
  for (const [key, check] of NAMES) {
    const name = textAt(spec, key);
    if (name !== '') problems.invalidFor(`${path}.${key}`, name, check(name));
  }
  for (const [index, alias] of objectsAt(spec, 'hostAliases').entries()) {
    const at = `${path}.hostAliases[${index}]`;
    checkAddress(textAt(alias, 'ip'), `${at}.ip`, problems);
    for (const [position, name] of listAt(alias, 'hostnames').entries())
      problems.invalidFor(`${at}.hostnames[${position}]`, name, dnsSubdomain(String(name)));
  }
  for (const [index, gate] of objectsAt(spec, 'readinessGates').entries())
    checkLabelName(textAt(gate, 'conditionType'), `${path}.readinessGates[${index}].conditionType`, problems);
  validateScheduling(spec, path, problems);
  validatePodSecurity(spec, path, problems);
  validatePodResources(spec, `${path}.resources`, problems);
  validateOverhead(objectAt(spec, 'overhead'), `${path}.overhead`, problems);
  validateClaims(objectsAt(spec, 'resourceClaims'), `${path}.resourceClaims`, problems);
  const deadline = numberAt(spec, 'activeDeadlineSeconds');
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_DEADLINE_SECONDS)) {
    problems.invalid(
      `${path}.activeDeadlineSeconds`,
      spec['activeDeadlineSeconds'],
      `must be between 1 and ${MAX_DEADLINE_SECONDS}, inclusive`,
    );
  }
  const preemption = textAt(spec, 'preemptionPolicy');
  if (preemption !== '' && !PREEMPTION_POLICIES.includes(preemption))
    problems.notSupported(`${path}.preemptionPolicy`, preemption, PREEMPTION_POLICIES);
  validateFileVolumes(spec, path, problems);
}

const dnsLabelOrDots = (text: string) => (text.includes('.') ? ['must not contain dots'] : dnsLabel(text));

/** The members whose values are names, each with the check for its names. */
const NAMES: readonly (readonly [string, (name: string) => string[]])[] = [
  ['serviceAccountName', dnsSubdomain],
  ['nodeName', dnsSubdomain],
  ['hostname', dnsLabel],
  ['subdomain', dnsLabelOrDots],
  ['priorityClassName', dnsSubdomain],
  ['runtimeClassName', dnsSubdomain],
];

function checkAddress(value: string, path: string, problems: Problems) {
  const text = addressProblem(value);
  if (text !== undefined) problems.invalid(path, value, text);
}

function validateDns(spec: JsonObject, path: string, problems: Problems) {
  const policy = textAt(spec, 'dnsPolicy');
  problems.requireOneOf(`${path}.dnsPolicy`, policy, DNS_POLICIES);
  const config = optionalAt(spec, 'dnsConfig');
  const at = `${path}.dnsConfig`;
  if (policy === 'None') {
    if (config === undefined) problems.required(at, 'must provide `dnsConfig` when `dnsPolicy` is None');
    else if (listAt(config, 'nameservers').length === 0)
      problems.required(`${at}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None');
  }
  const servers = listAt(config, 'nameservers');
  if (servers.length > MAX_NAMESERVERS)
    problems.invalid(`${at}.nameservers`, servers, `must not have more than ${MAX_NAMESERVERS} nameservers`);
  for (const [index, server] of servers.entries())
    checkAddress(String(server), `${at}.nameservers[${index}]`, problems);
  validateSearches(listAt(config, 'searches').map(String), `${at}.searches`, problems);
  for (const [index, option] of objectsAt(config, 'options').entries())
    if (textAt(option, 'name') === '') problems.required(`${at}.options[${index}]`, 'must not be empty');
}

/** Checks the DNS search domains of a pod. */
function validateSearches(searches: readonly string[], at: string, problems: Problems) {
  if (searches.length > MAX_SEARCHES)
    problems.invalid(at, searches, `must not have more than ${MAX_SEARCHES} search paths`);
  if (Buffer.byteLength(searches.join(' ')) > MAX_SEARCHES_LENGTH) {
    const text = `must not have more than ${MAX_SEARCHES_LENGTH} characters (including spaces) in the search list`;
    problems.invalid(at, searches, text);
  }
  for (const [index, search] of searches.entries()) {
    if (search === '.') continue;
    const domain = search.replace(/\.$/, '');
    problems.invalidFor(`${at}[${index}]`, domain, searchProblems(domain));
  }
}

/** The patterns for a DNS label, and for a label that may contain underscores. */
const [LABEL, LABEL_WITH_UNDERSCORES] = ['[a-z0-9]([-a-z0-9]*[a-z0-9])?', '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'];

/**
 * The problems of a search domain. Unlike in other domains, a label may contain underscores and begin with an
 * underscore.
 */
const searchProblems = (domain: string): string[] =>
  dnsSubdomain(domain.replaceAll(/(^|\.)_/g, '$1').replaceAll('_', '-')).map((text) =>
    text.replace("characters, '-'", "characters, '_', '-'").replaceAll(LABEL, LABEL_WITH_UNDERSCORES),
  );

function validateClaims(claims: readonly JsonObject[], path: string, problems: Problems) {
  const keys = ['resourceClaimName', 'resourceClaimTemplateName'] as const;
  const names = claims.map((claim) => textAt(claim, 'name'));
  const repeated = repeatedIndexes(names);
  for (const [index, claim] of claims.entries()) {
    const [name = '', at] = [names[index], `${path}[${index}]`];
    if (name === '') problems.required(`${at}.name`);
    else if (repeated.has(index)) problems.duplicate(`${at}.name`, name);
    else problems.invalidFor(`${at}.name`, name, dnsLabel(name));
    for (const key of keys) {
      const target = claim[key];
      if (typeof target === 'string') problems.invalidFor(`${at}.${key}`, target, dnsSubdomain(target));
    }
    const given = keys.filter((key) => claim[key] !== undefined).length;
    if (given === 1) continue;
    const shown = {
      Name: textAt(claim, 'name'),
      ResourceClaimName: claim['resourceClaimName'] ?? null,
      ResourceClaimTemplateName: claim['resourceClaimTemplateName'] ?? null,
    };
    const text =
      given === 0
        ? 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'
        : 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
    problems.invalid(at, shown, text);
  }
}

/** Checks that a pod uses each host port at most once per protocol and host IP. */
function validateHostPorts(spec: JsonObject, path: string, problems: Problems) {
  const taken = new Set<string>();
  for (const [index, container] of objectsAt(spec, 'containers').entries()) {
    const at = `${path}.containers[${index}].ports`;
    checkHostPorts(container, taken, at, problems);
    if (spec['hostNetwork'] !== true) continue;
    for (const [position, port] of objectsAt(container, 'ports').entries()) {
      const number = numberAt(port, 'hostPort') ?? 0;
      if (number === 0 || number === port['containerPort']) continue;
      const text = 'must match `containerPort` when `hostNetwork` is true';
      problems.invalid(`${at}[${position}].hostPort`, number, text);
    }
  }
  // Init containers run one after another, so each is checked separately. In every error, the API server names the
  // first init container.
  for (const container of objectsAt(spec, 'initContainers'))
    checkHostPorts(container, new Set(), `${path}.initContainers[0].ports`, problems);
}

/** Checks that a container's host ports are not in `taken`, and adds them to `taken`. */
function checkHostPorts(container: JsonObject, taken: Set<string>, at: string, problems: Problems) {
  for (const [position, port] of objectsAt(container, 'ports').entries()) {
    const number = numberAt(port, 'hostPort') ?? 0;
    if (number === 0) continue;
    const key = `${textAt(port, 'protocol')}/${textAt(port, 'hostIP')}/${number}`;
    if (taken.has(key)) problems.duplicate(`${at}[${position}].hostPort`, key);
    taken.add(key);
  }
}
