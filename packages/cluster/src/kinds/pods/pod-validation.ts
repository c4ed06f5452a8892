import { dnsLabel, dnsSubdomain, qualifiedName } from '@typekro/kit/kubernetes';
import { type Field, repeatedFields } from '../../errors/field-problems.ts';
import { type Place, validateContainers, validateEphemeral } from './container-validation.ts';
import { addressProblem } from '../network/ip-addresses.ts';
import { validateLabels } from '../metadata.ts';
import { validateFileVolumes } from './pod-env.ts';
import { validateOverhead, validatePodResources } from './pod-resources.ts';
import { validateScheduling } from './pod-scheduling.ts';
import { validatePodSecurity } from './pod-security.ts';
import { validateVolumes } from './pod-volumes.ts';

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never'];
const MAX_DEADLINE_SECONDS = 2_147_483_647;
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCHES_LENGTH = 2048;

/** Checks the specification of a pod, or of the template of pods. */
export function validatePodSpec(spec: Field, isTemplate = false): void {
  const place: Place = { spec, isTemplate, names: new Set(), volumes: validateVolumes(spec) };
  spec.list('containers').notEmpty();
  validateContainers(place, 'containers');
  validateContainers(place, 'initContainers');
  validateEphemeral(place);
  validateHostPorts(spec);
  spec.text('restartPolicy').oneOf(RESTART_POLICIES);
  validateDns(spec);
  validateLabels(spec.object('nodeSelector'));
  for (const [key, check] of NAMES) spec.text(key).matchesIfSet(check);
  for (const alias of spec.objects('hostAliases')) {
    checkAddress(alias.text('ip'));
    for (const name of alias.texts('hostnames')) name.matches(dnsSubdomain);
  }
  for (const gate of spec.objects('readinessGates')) gate.text('conditionType').matches(qualifiedName);
  validateScheduling(spec);
  validatePodSecurity(spec);
  validatePodResources(spec);
  validateOverhead(spec.object('overhead'));
  validateClaims(spec.objects('resourceClaims'));
  const deadline = spec.number('activeDeadlineSeconds').value ?? 1;
  if (deadline < 1 || deadline > MAX_DEADLINE_SECONDS)
    spec.member('activeDeadlineSeconds').invalid(`must be between 1 and ${MAX_DEADLINE_SECONDS}, inclusive`);
  spec.text('preemptionPolicy').oneOfIfSet(PREEMPTION_POLICIES);
  validateFileVolumes(spec);
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

const checkAddress = (address: Field<string>) => address.problem(addressProblem(address.value));

function validateDns(spec: Field) {
  const policy = spec.text('dnsPolicy');
  policy.oneOf(DNS_POLICIES);
  const config = spec.object('dnsConfig');
  const [servers, searches] = [config.list('nameservers'), config.list('searches')];
  if (policy.value === 'None') {
    if (spec.optional('dnsConfig') === undefined) config.required('must provide `dnsConfig` when `dnsPolicy` is None');
    else servers.notEmpty('must provide at least one DNS nameserver when `dnsPolicy` is None');
  }
  if (servers.value.length > MAX_NAMESERVERS) servers.invalid(`must not have more than ${MAX_NAMESERVERS} nameservers`);
  config.texts('nameservers').forEach(checkAddress);
  if (searches.value.length > MAX_SEARCHES) searches.invalid(`must not have more than ${MAX_SEARCHES} search paths`);
  if (Buffer.byteLength(searches.value.join(' ')) > MAX_SEARCHES_LENGTH)
    searches.invalid(`must not have more than ${MAX_SEARCHES_LENGTH} characters (including spaces) in the search list`);
  for (const { value, path, problems } of config.texts('searches')) {
    if (value === '.') continue;
    const domain = value.replace(/\.$/, '');
    problems.invalidFor(path, domain, searchProblems(domain));
  }
  for (const option of config.objects('options')) option.text('name').at(option.path).notEmpty('must not be empty');
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

function validateClaims(claims: readonly Field[]) {
  const repeated = repeatedFields(claims.map((claim) => claim.text('name')));
  for (const claim of claims) {
    const name = claim.text('name');
    if (repeated.has(name.path) && name.value !== '') name.duplicate();
    else name.name(dnsLabel);
    const targets = [claim.member('resourceClaimName'), claim.member('resourceClaimTemplateName')];
    for (const { value, path, problems } of targets)
      if (typeof value === 'string') problems.invalidFor(path, value, dnsSubdomain(value));
    const [target = null, template = null] = targets.map(({ value }) => value);
    if ((target === null) !== (template === null)) continue;
    const shown = { Name: name.value, ResourceClaimName: target, ResourceClaimTemplateName: template };
    const text =
      target === null
        ? 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'
        : 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
    claim.invalid(text, shown);
  }
}

/** Checks that a pod uses each host port at most once per protocol and host IP. */
function validateHostPorts(spec: Field) {
  const taken = new Set<string>();
  for (const container of spec.objects('containers')) {
    checkHostPorts(container, taken);
    if (spec.value['hostNetwork'] !== true) continue;
    for (const port of container.objects('ports')) {
      const number = port.count('hostPort');
      if (number.value !== 0 && number.value !== port.value['containerPort'])
        number.invalid('must match `containerPort` when `hostNetwork` is true');
    }
  }
  // Init containers run one after another, so each is checked separately. In every error, the API server names the
  // first init container.
  for (const container of spec.objects('initContainers'))
    checkHostPorts(container.at(`${spec.path}.initContainers[0]`), new Set());
}

/** Checks that a container's host ports are not in `taken`, and adds them to `taken`. */
function checkHostPorts(container: Field, taken: Set<string>) {
  for (const port of container.objects('ports')) {
    const number = port.count('hostPort');
    if (number.value === 0) continue;
    const key = `${port.text('protocol').value}/${port.text('hostIP').value}/${number.value}`;
    if (taken.has(key)) port.problems.duplicate(number.path, key);
    taken.add(key);
  }
}
