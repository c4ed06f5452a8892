import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { dnsSubdomain, listAt } from '@typekro/kit/kubernetes';
import { type Field, repeatedFields } from '../../errors/field-problems.ts';
import { internalValue } from '../describe-difference.ts';

function checkId(id: Field<JsonValue | undefined>) {
  const { value } = id;
  // A number above 2^53 is parsed as a bigint.
  if ((typeof value === 'number' || typeof value === 'bigint') && (value < 0 || value > 2_147_483_647))
    id.invalid('must be between 0 and 2147483647, inclusive');
}

const PROFILES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

/** Checks a profile of seccomp or AppArmor. */
function validateProfile(profile: Field, word: string) {
  const [type, local] = [profile.text('type'), profile.member('localhostProfile')];
  const isSeccomp = word === 'seccomp';
  const name = isSeccomp ? 'seccompProfile' : 'appArmorProfile';
  if (type.value === '') type.required(`type is required when ${name} is set`);
  else if (!PROFILES.includes(type.value)) type.notSupported(PROFILES);
  else if (type.value === 'Localhost') {
    if (typeof local.value !== 'string' || (!isSeccomp && local.value.trim() === ''))
      local.required(`must be set when ${word} type is Localhost`);
    else if (isSeccomp) checkLocalPath(profile.text('localhostProfile'));
  } else if (local.value !== undefined) {
    const shown = isSeccomp ? { Type: type.value, LocalhostProfile: local.value } : local.value;
    local.invalid(`can only be set when ${word} type is Localhost`, shown);
  }
}

/** Checks a relative path: it must not start with `/` or have a segment `..`. */
export function checkLocalPath(path: Field<string>): void {
  if (path.value.startsWith('/')) path.invalid('must be a relative path');
  if (path.value.split('/').includes('..')) path.invalid("must not contain '..'");
}

function validateProfiles(context: Field) {
  const seccomp = context.optional('seccompProfile');
  if (seccomp !== undefined) validateProfile(seccomp, 'seccomp');
  const armor = context.optional('appArmorProfile');
  if (armor !== undefined) validateProfile(armor, 'AppArmor');
  context.object('windowsOptions').text('gmsaCredentialSpecName').matchesIfSet(dnsSubdomain);
}

const SYSCTL = '([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?';

/** Checks the security context of a pod, and the related fields `shareProcessNamespace`, `hostUsers` and `os`. */
export function validatePodSecurity(spec: Field): void {
  const context = spec.object('securityContext');
  for (const key of ['runAsUser', 'runAsGroup', 'fsGroup']) checkId(context.member(key));
  context.entries('supplementalGroups').forEach(checkId);
  context.text('fsGroupChangePolicy').oneOfIfSet(['Always', 'OnRootMismatch']);
  context.text('supplementalGroupsPolicy').oneOfIfSet(['Merge', 'Strict']);
  validateProfiles(context);
  const names = context.objects('sysctls').map((sysctl) => sysctl.text('name'));
  const repeated = repeatedFields(names);
  for (const name of names) {
    if (name.value === '') name.required();
    else if (name.value.length > 253 || !new RegExp(`^${SYSCTL}$`).test(name.value))
      name.invalid(`must have at most 253 characters and match regex ^${SYSCTL}$`);
    else if (repeated.has(name.path)) name.duplicate();
  }
  const { value } = spec;
  if (value['shareProcessNamespace'] === true && value['hostPID'] === true)
    context.member('shareProcessNamespace').invalid('ShareProcessNamespace and HostPID cannot both be enabled', true);
  if (value['hostUsers'] === false)
    for (const key of ['hostNetwork', 'hostPID', 'hostIPC'])
      if (value[key] === true) spec.member(key).forbidden('when `hostUsers` is false');
  validateSystem(spec);
}

function validateSystem(spec: Field) {
  const system = spec.optional('os');
  if (system === undefined) return;
  const name = system.text('name');
  if (name.value === '') name.required('cannot be empty');
  else name.at(system.path).oneOf(['linux', 'windows']);
  if (name.value === 'linux')
    refuseMembers(
      spec,
      { ofPod: ['windowsOptions'], ofContainer: ['windowsOptions'] },
      'windows options cannot be set for a linux pod',
    );
  if (name.value !== 'windows') return;
  const text = 'cannot be set for a windows pod';
  refuseMembers(spec, NOT_OF_WINDOWS, text);
  for (const key of ['hostIPC', 'hostPID']) if (spec.value[key] === true) spec.member(key).forbidden(text);
  for (const key of ['hostUsers', 'shareProcessNamespace'])
    if (spec.value[key] !== undefined) spec.member(key).forbidden(text);
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
function refuseMembers(spec: Field, { ofPod, ofContainer }: Members, text: string) {
  const refuse = (owner: Field, keys: readonly string[]) => {
    const context = owner.object('securityContext');
    for (const key of keys) if (context.value[key] !== undefined) context.member(key).forbidden(text);
  };
  refuse(spec, ofPod);
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'])
    for (const container of spec.objects(list)) refuse(container, ofContainer);
}

/** Checks the security context of a container. */
export function validateContainerSecurity(container: Field, pod: JsonObject): void {
  const context = container.optional('securityContext');
  if (context === undefined) return;
  for (const key of ['runAsUser', 'runAsGroup']) checkId(context.member(key));
  const mount = context.text('procMount');
  mount.oneOfIfSet(['Default', 'Unmasked']);
  if (mount.value === 'Unmasked' && pod['hostUsers'] !== false)
    mount.invalid('`hostUsers` must be false to use `Unmasked`');
  validateProfiles(context);
  if (context.value['allowPrivilegeEscalation'] !== false) return;
  const refuse = (what: string) =>
    context.invalid(
      `cannot set \`allowPrivilegeEscalation\` to false and ${what}`,
      internalValue('core.v1.SecurityContext', context.value),
    );
  if (context.value['privileged'] === true) refuse('`privileged` to true');
  if (listAt(context.value, 'capabilities', 'add').includes('CAP_SYS_ADMIN'))
    refuse('`capabilities.Add` CAP_SYS_ADMIN');
}
