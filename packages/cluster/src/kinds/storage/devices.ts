import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import {
  dnsLabel,
  dnsSubdomain,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
  tooLongName,
} from '@typekro/kit/kubernetes';
import { type Problems, fieldInvalid, repeatedIndexes } from '../../errors/field-problems.ts';
import { ensureAt } from '../../types/parts.ts';
import { isExtendedResource } from '../pods/resource-names.ts';
import type { Strategy } from '../strategy.ts';

/** Maps a list to its maximum number of entries. */
const MAX_ENTRIES = { requests: 32, constraints: 32, config: 32, selectors: 32, firstAvailable: 8, reservedFor: 256 };
const MAX_DEVICES = 128;
/** The maximum number of devices in a slice if one of its devices has taints or consumes shared counters. */
const MAX_RICH_DEVICES = 64;
const MAX_EXPRESSION_LENGTH = 10 * 1024;
const MAX_DRIVER_LENGTH = 63;
const IMMUTABLE = 'field is immutable';

/** The strategy of ResourceClaims. The specification is immutable; a driver or a scheduler writes the status. */
export const deviceClaimStrategy: Partial<Strategy> = {
  defaults: (object) => defaultClaim(ensureAt(object, 'spec')),
  validate: (object, problems) => validateClaim(object.spec ?? {}, 'spec', problems),
  validateUpdate(object, old, problems, context) {
    if (context.subresource === 'status') validateClaimStatus(object, old, problems);
    else checkImmutable(object, old, problems);
  },
};

/** The strategy of ResourceClaimTemplates. */
export const deviceClaimTemplateStrategy: Partial<Strategy> = {
  defaults: (object) => defaultClaim(ensureAt(ensureAt(object, 'spec'), 'spec')),
  validate: (object, problems) => validateClaim(objectAt(object.spec, 'spec'), 'spec.spec', problems),
  validateUpdate: (object, old, problems) => checkImmutable(object, old, problems),
};

/** The strategy of DeviceClasses. */
export const deviceClassStrategy: Partial<Strategy> = {
  validate(object, problems) {
    validateSelectors(object.spec ?? {}, 'spec', problems);
    checkSize(object.spec ?? {}, 'config', 'spec', problems);
    const name = textAt(object.spec, 'extendedResourceName');
    if (name !== '' && !isExtendedResource(name))
      problems.invalid('spec.extendedResourceName', name, 'must be a valid extended resource name');
  },
};

/** The strategy of ResourceSlices, in which drivers publish their devices. */
export const deviceSliceStrategy: Partial<Strategy> = {
  validate: (object, problems, _context, old) => validateSlice(object.spec ?? {}, old && (old.spec ?? {}), problems),
};

function defaultClaim(spec: JsonObject): void {
  for (const request of objectsAt(objectAt(spec, 'devices'), 'requests')) {
    const exactly = optionalAt(request, 'exactly');
    for (const each of [...(exactly === undefined ? [] : [exactly]), ...objectsAt(request, 'firstAvailable')]) {
      if (textAt(each, 'allocationMode') === '') each['allocationMode'] = 'ExactCount';
      if (each['allocationMode'] === 'ExactCount' && (numberAt(each, 'count') ?? 0) === 0) each['count'] = 1;
    }
  }
}

function checkImmutable(object: KubeObject, old: KubeObject, problems: Problems): void {
  if (!jsonEquals(object.spec, old.spec)) problems.invalid('spec', object.spec, IMMUTABLE);
}

function checkSize(owner: JsonObject, key: keyof typeof MAX_ENTRIES, at: string, problems: Problems): void {
  tooMany(`${at}.${key}`, objectsAt(owner, key).length, MAX_ENTRIES[key], problems);
}

function tooMany(at: string, actual: number, max: number, problems: Problems): void {
  if (actual > max) problems.tooMany(at, actual, max);
}

function checkUnique(names: readonly string[], at: (index: number) => string, problems: Problems): void {
  for (const index of repeatedIndexes(names)) problems.duplicate(at(index), names[index]);
}

function checkName(name: string, rule: (text: string) => readonly string[], at: string, problems: Problems): void {
  problems.requireName(at, name, rule);
}

function validateClaim(spec: JsonObject, at: string, problems: Problems): void {
  const devices = objectAt(spec, 'devices');
  const place = `${at}.devices`;
  const requests = objectsAt(devices, 'requests');
  for (const key of ['requests', 'constraints', 'config'] as const) checkSize(devices, key, place, problems);
  for (const [index, request] of requests.entries()) validateRequest(request, `${place}.requests[${index}]`, problems);
  checkUnique(
    requests.map((request) => textAt(request, 'name')),
    (index) => `${place}.requests[${index}]`,
    problems,
  );
  const known = new Set(
    requests.flatMap((request) => {
      const name = textAt(request, 'name');
      return [name, ...objectsAt(request, 'firstAvailable').map((each) => `${name}/${textAt(each, 'name')}`)];
    }),
  );
  for (const key of ['constraints', 'config'] as const)
    for (const [index, entry] of objectsAt(devices, key).entries())
      for (const [position, name] of namesIn(entry).entries())
        if (!known.has(name))
          problems.invalid(
            `${place}.${key}[${index}].requests[${position}]`,
            name,
            "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
          );
}

const namesIn = (entry: JsonObject): string[] => {
  const names = entry['requests'];
  return Array.isArray(names) ? names.map(String) : [];
};

function validateRequest(request: JsonObject, at: string, problems: Problems): void {
  checkName(textAt(request, 'name'), dnsLabel, `${at}.name`, problems);
  const exactly = optionalAt(request, 'exactly');
  const alternatives = objectsAt(request, 'firstAvailable');
  const text = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly === undefined && alternatives.length === 0) problems.required(at, text);
  else if (exactly !== undefined && alternatives.length > 0)
    problems.invalid(at, null, `${text}, but multiple fields are set`);
  else if (exactly !== undefined) validateDevices(exactly, `${at}.exactly`, problems);
  else {
    checkSize(request, 'firstAvailable', at, problems);
    for (const [index, each] of alternatives.entries()) {
      const place = `${at}.firstAvailable[${index}]`;
      checkName(textAt(each, 'name'), dnsLabel, `${place}.name`, problems);
      validateDevices(each, place, problems);
    }
    checkUnique(
      alternatives.map((each) => textAt(each, 'name')),
      (index) => `${at}.firstAvailable[${index}]`,
      problems,
    );
  }
}

/** Checks the device class, the selectors and the device count of a request. */
function validateDevices(request: JsonObject, at: string, problems: Problems): void {
  checkName(textAt(request, 'deviceClassName'), dnsSubdomain, `${at}.deviceClassName`, problems);
  validateSelectors(request, at, problems);
  const mode = textAt(request, 'allocationMode');
  const count = numberAt(request, 'count') ?? 0;
  if (mode === 'All') {
    if (count !== 0) problems.invalid(`${at}.count`, count, "must not be specified when allocationMode is 'All'");
  } else if (mode !== 'ExactCount') problems.notSupported(`${at}.allocationMode`, mode, ['All', 'ExactCount']);
  else if (count <= 0) problems.invalid(`${at}.count`, count, 'must be greater than zero');
}

function validateSelectors(owner: JsonObject, at: string, problems: Problems): void {
  checkSize(owner, 'selectors', at, problems);
  for (const [index, selector] of objectsAt(owner, 'selectors').entries()) {
    const place = `${at}.selectors[${index}].cel`;
    const cel = optionalAt(selector, 'cel');
    const expression = textAt(cel, 'expression');
    if (cel === undefined) problems.required(place);
    else if (expression.length > MAX_EXPRESSION_LENGTH) problems.tooLong(`${place}.expression`, MAX_EXPRESSION_LENGTH);
    else if (expression === '') problems.required(`${place}.expression`);
  }
}

function validateClaimStatus(object: KubeObject, old: KubeObject, problems: Problems): void {
  const at = 'status.reservedFor';
  const reserved = objectsAt(object.status, 'reservedFor');
  checkSize(object.status ?? {}, 'reservedFor', 'status', problems);
  for (const [index, consumer] of reserved.entries())
    for (const key of ['resource', 'name', 'uid'])
      if (textAt(consumer, key) === '') problems.required(`${at}[${index}].${key}`);
  checkUnique(
    reserved.map((consumer) => textAt(consumer, 'uid')),
    (index) => `${at}[${index}]`,
    problems,
  );
  const [allocation, before] = [optionalAt(object.status, 'allocation'), optionalAt(old.status, 'allocation')];
  const known = objectsAt(old.status, 'reservedFor');
  const isNew = (consumer: JsonObject) => !known.some((entry) => jsonEquals(entry, consumer));
  if (reserved.length > 0 && allocation === undefined)
    problems.forbidden(at, 'may not be specified when `allocated` is not set');
  else if (object.metadata.deletionTimestamp !== undefined && reserved.some(isNew))
    problems.forbidden(at, 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set');
  if (allocation === undefined) return;
  if (before !== undefined) {
    if (!jsonEquals(allocation, before)) problems.invalid('status.allocation', allocation, IMMUTABLE);
    return;
  }
  for (const [index, result] of objectsAt(objectAt(allocation, 'devices'), 'results').entries()) {
    const place = `status.allocation.devices.results[${index}]`;
    checkName(textAt(result, 'driver'), driverName, `${place}.driver`, problems);
    checkName(textAt(result, 'pool'), poolName, `${place}.pool`, problems);
    checkName(textAt(result, 'device'), dnsLabel, `${place}.device`, problems);
  }
}

const driverName = (name: string): readonly string[] => [
  ...tooLongName(name, MAX_DRIVER_LENGTH, 'bytes'),
  ...dnsSubdomain(name.toLowerCase()),
];

/**
 * The problems of a pool name. The name may have several segments separated by slashes, so that a driver can use a
 * node's name as one of them.
 */
const poolName = (name: string): readonly string[] => name.split('/').flatMap((part) => dnsSubdomain(part));

const PLACES = ['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection'] as const;

function validateSlice(spec: JsonObject, old: JsonObject | undefined, problems: Problems): void {
  checkName(textAt(spec, 'driver'), driverName, 'spec.driver', problems);
  const pool = objectAt(spec, 'pool');
  checkName(textAt(pool, 'name'), poolName, 'spec.pool.name', problems);
  const [slices, generation] = [numberAt(pool, 'resourceSliceCount') ?? 0, numberAt(pool, 'generation') ?? 0];
  if (slices <= 0) problems.invalid('spec.pool.resourceSliceCount', slices, 'must be greater than zero');
  if (generation < 0) problems.invalid('spec.pool.generation', generation, 'must be greater than or equal to zero');
  if (old !== undefined) {
    if (textAt(pool, 'name') !== textAt(objectAt(old, 'pool'), 'name'))
      problems.invalid('spec.pool.name', textAt(pool, 'name'), IMMUTABLE);
    for (const key of ['driver', 'nodeName'])
      if (spec[key] !== old[key]) problems.invalid(`spec.${key}`, spec[key] ?? null, IMMUTABLE);
  }
  validatePlace(spec, problems);
  if (spec['sharedCounters'] !== undefined && spec['devices'] !== undefined)
    problems.invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed');
  const devices = objectsAt(spec, 'devices');
  const isRich = devices.some(
    (device) => objectsAt(device, 'taints').length > 0 || objectsAt(device, 'consumesCounters').length > 0,
  );
  tooMany('spec.devices', devices.length, isRich ? MAX_RICH_DEVICES : MAX_DEVICES, problems);
  for (const [index, device] of devices.entries())
    checkName(textAt(device, 'name'), dnsLabel, `spec.devices[${index}].name`, problems);
  checkUnique(
    devices.map((device) => textAt(device, 'name')),
    (index) => `spec.devices[${index}].name`,
    problems,
  );
}

/** Checks that a slice sets exactly one of the fields that say which nodes can use its devices. */
function validatePlace(spec: JsonObject, problems: Problems): void {
  for (const key of ['allNodes', 'perDeviceNodeSelection'])
    if (spec[key] === false) problems.invalid(`spec.${key}`, false, 'must be either unset or set to true');
  if (spec['nodeName'] === '')
    problems.invalid('spec.nodeName', '', 'must be either unset or set to a non-empty string');
  else if (spec['nodeName'] !== undefined)
    problems.invalidFor('spec.nodeName', textAt(spec, 'nodeName'), dnsSubdomain(textAt(spec, 'nodeName')));
  const set = PLACES.filter((key) => spec[key] !== undefined && spec[key] !== false && spec[key] !== '');
  const text = `exactly one of ${PLACES.map((key) => `\`${key}\``).join(', ')} is required`;
  if (set.length === 0) problems.required('spec', text);
  else if (set.length > 1)
    problems.push(
      fieldInvalid('spec', `{${set.map((key) => `\`${key}\``).join(', ')}}`, `${text}, but multiple fields are set`),
    );
}
