import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { dnsSubdomain, listAt, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { type Problems, repeatedIndexes } from '../../errors/field-problems.ts';
import { internalValue } from '../describe-difference.ts';

function checkId(value: JsonValue | undefined, path: string, problems: Problems) {
  // A number above 2^53 is parsed as a bigint.
  if ((typeof value === 'number' || typeof value === 'bigint') && (value < 0 || value > 2_147_483_647))
    problems.invalid(path, value, 'must be between 0 and 2147483647, inclusive');
}

function checkOneOf(parent: JsonObject, key: string, known: readonly string[], path: string, problems: Problems) {
  const value = textAt(parent, key);
  if (value !== '' && !known.includes(value)) problems.notSupported(`${path}.${key}`, value, known);
}

const PROFILES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

/** Checks a profile of seccomp or AppArmor. */
function validateProfile(profile: JsonObject, word: string, at: string, problems: Problems) {
  const [type, local] = [textAt(profile, 'type'), profile['localhostProfile']];
  const name = word === 'seccomp' ? 'seccompProfile' : 'appArmorProfile';
  if (type === '') problems.required(`${at}.type`, `type is required when ${name} is set`);
  else if (!PROFILES.includes(type)) problems.notSupported(`${at}.type`, type, PROFILES);
  else if (type === 'Localhost') {
    if (typeof local !== 'string' || (word !== 'seccomp' && local.trim() === ''))
      problems.required(`${at}.localhostProfile`, `must be set when ${word} type is Localhost`);
    else if (word === 'seccomp') checkLocalPath(local, `${at}.localhostProfile`, problems);
  } else if (local !== undefined) {
    problems.invalid(
      `${at}.localhostProfile`,
      word === 'seccomp' ? { Type: type, LocalhostProfile: local } : local,
      `can only be set when ${word} type is Localhost`,
    );
  }
}

/** Checks a relative path: it must not start with `/` or have a segment `..`. */
export function checkLocalPath(value: string, path: string, problems: Problems): void {
  if (value.startsWith('/')) problems.invalid(path, value, 'must be a relative path');
  if (value.split('/').includes('..')) problems.invalid(path, value, "must not contain '..'");
}

function validateProfiles(context: JsonObject, at: string, problems: Problems) {
  const seccomp = optionalAt(context, 'seccompProfile');
  if (seccomp !== undefined) validateProfile(seccomp, 'seccomp', `${at}.seccompProfile`, problems);
  const armor = optionalAt(context, 'appArmorProfile');
  if (armor !== undefined) validateProfile(armor, 'AppArmor', `${at}.appArmorProfile`, problems);
  const windows = optionalAt(context, 'windowsOptions');
  const credential = textAt(windows, 'gmsaCredentialSpecName');
  if (credential !== '')
    problems.invalidFor(`${at}.windowsOptions.gmsaCredentialSpecName`, credential, dnsSubdomain(credential));
}

const SYSCTL = '([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?';

/** Checks the security context of a pod, and the related fields `shareProcessNamespace`, `hostUsers` and `os`. */
export function validatePodSecurity(spec: JsonObject, path: string, problems: Problems): void {
  const context = objectAt(spec, 'securityContext');
  const at = `${path}.securityContext`;
  for (const key of ['runAsUser', 'runAsGroup', 'fsGroup']) checkId(context[key], `${at}.${key}`, problems);
  for (const [index, group] of listAt(context, 'supplementalGroups').entries())
    checkId(group, `${at}.supplementalGroups[${index}]`, problems);
  checkOneOf(context, 'fsGroupChangePolicy', ['Always', 'OnRootMismatch'], at, problems);
  checkOneOf(context, 'supplementalGroupsPolicy', ['Merge', 'Strict'], at, problems);
  validateProfiles(context, at, problems);
  const names = objectsAt(context, 'sysctls').map((sysctl) => textAt(sysctl, 'name'));
  const repeated = repeatedIndexes(names);
  for (const [index, name] of names.entries()) {
    const place = `${at}.sysctls[${index}].name`;
    if (name === '') problems.required(place);
    else if (name.length > 253 || !new RegExp(`^${SYSCTL}$`).test(name))
      problems.invalid(place, name, `must have at most 253 characters and match regex ^${SYSCTL}$`);
    else if (repeated.has(index)) problems.duplicate(place, name);
  }
  if (spec['shareProcessNamespace'] === true && spec['hostPID'] === true)
    problems.invalid(`${at}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled');
  if (spec['hostUsers'] === false)
    for (const key of ['hostNetwork', 'hostPID', 'hostIPC'])
      if (spec[key] === true) problems.forbidden(`${path}.${key}`, 'when `hostUsers` is false');
  validateSystem(spec, path, problems);
}

function validateSystem(spec: JsonObject, path: string, problems: Problems) {
  const system = optionalAt(spec, 'os');
  if (system === undefined) return;
  const name = textAt(system, 'name');
  if (name === '') problems.required(`${path}.os.name`, 'cannot be empty');
  else problems.requireOneOf(`${path}.os`, name, ['linux', 'windows']);
  if (name === 'linux') {
    const text = 'windows options cannot be set for a linux pod';
    refuseMembers(spec, { ofPod: ['windowsOptions'], ofContainer: ['windowsOptions'] }, text, path, problems);
  }
  if (name !== 'windows') return;
  const text = 'cannot be set for a windows pod';
  refuseMembers(spec, NOT_OF_WINDOWS, text, path, problems);
  for (const key of ['hostIPC', 'hostPID']) if (spec[key] === true) problems.forbidden(`${path}.${key}`, text);
  for (const key of ['hostUsers', 'shareProcessNamespace'])
    if (spec[key] !== undefined) problems.forbidden(`${path}.${key}`, text);
}

interface Members {
  readonly ofPod: readonly string[];
  readonly ofContainer: readonly string[];
}

/** The members of security contexts that Windows pods may not set. */
const NOT_OF_WINDOWS: Members = {
  ofPod: [
    'appArmorProfile',
    'seLinuxOptions',
    'seccompProfile',
    'fsGroup',
    'fsGroupChangePolicy',
    'sysctls',
    'runAsUser',
    'runAsGroup',
    'supplementalGroups',
    'supplementalGroupsPolicy',
    'seLinuxChangePolicy',
  ],
  ofContainer: [
    'appArmorProfile',
    'seLinuxOptions',
    'seccompProfile',
    'capabilities',
    'readOnlyRootFilesystem',
    'privileged',
    'allowPrivilegeEscalation',
    'procMount',
    'runAsUser',
    'runAsGroup',
  ],
};

/** Adds an error for each of the given members that a security context of the pod or its containers sets. */
function refuseMembers(
  spec: JsonObject,
  { ofPod, ofContainer }: Members,
  text: string,
  path: string,
  problems: Problems,
) {
  const refuse = (owner: JsonObject, keys: readonly string[], at: string) => {
    const context = objectAt(owner, 'securityContext');
    for (const key of keys) if (context[key] !== undefined) problems.forbidden(`${at}.securityContext.${key}`, text);
  };
  refuse(spec, ofPod, path);
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'])
    for (const [index, container] of objectsAt(spec, list).entries())
      refuse(container, ofContainer, `${path}.${list}[${index}]`);
}

/** Checks the security context of a container. */
export function validateContainerSecurity(
  container: JsonObject,
  pod: JsonObject,
  path: string,
  problems: Problems,
): void {
  const context = optionalAt(container, 'securityContext');
  if (context === undefined) return;
  const at = `${path}.securityContext`;
  for (const key of ['runAsUser', 'runAsGroup']) checkId(context[key], `${at}.${key}`, problems);
  const mount = textAt(context, 'procMount');
  checkOneOf(context, 'procMount', ['Default', 'Unmasked'], at, problems);
  if (mount === 'Unmasked' && pod['hostUsers'] !== false)
    problems.invalid(`${at}.procMount`, mount, '`hostUsers` must be false to use `Unmasked`');
  validateProfiles(context, at, problems);
  if (context['allowPrivilegeEscalation'] !== false) return;
  const refuse = (what: string) =>
    problems.invalid(
      at,
      internalValue('core.v1.SecurityContext', context),
      `cannot set \`allowPrivilegeEscalation\` to false and ${what}`,
    );
  if (context['privileged'] === true) refuse('`privileged` to true');
  if (listAt(objectAt(context, 'capabilities'), 'add').includes('CAP_SYS_ADMIN'))
    refuse('`capabilities.Add` CAP_SYS_ADMIN');
}
