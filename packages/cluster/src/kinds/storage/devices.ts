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
import { type Field, type Problems, repeatedFields } from '../../errors/field-problems.ts';
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

/** The strategy of ResourceClaims. The specification is immutable; a driver or a scheduler writes the status. */
export const deviceClaimStrategy: Partial<Strategy> = {
  defaults: (object) => defaultClaim(ensureAt(object, 'spec')),
  validate: (object, problems) => validateClaim(problems.field('spec', object.spec)),
  validateUpdate(object, old, problems, context) {
    if (context.subresource === 'status') validateClaimStatus(object, old, problems);
    else problems.field('', object).member('spec').immutable(old.spec);
  },
};

/** The strategy of ResourceClaimTemplates. */
export const deviceClaimTemplateStrategy: Partial<Strategy> = {
  defaults: (object) => defaultClaim(ensureAt(ensureAt(object, 'spec'), 'spec')),
  validate: (object, problems) => validateClaim(problems.field('spec', object.spec).object('spec')),
  validateUpdate: (object, old, problems) => problems.field('', object).member('spec').immutable(old.spec),
};

/** The strategy of DeviceClasses. */
export const deviceClassStrategy: Partial<Strategy> = {
  validate(object, problems) {
    const spec = problems.field('spec', object.spec);
    validateSelectors(spec);
    checkSizes(spec, 'config');
    const name = spec.text('extendedResourceName');
    if (name.value !== '' && !isExtendedResource(name.value)) name.invalid('must be a valid extended resource name');
  },
};

/** The strategy of ResourceSlices, in which drivers publish their devices. */
export const deviceSliceStrategy: Partial<Strategy> = {
  validate: (object, problems, _context, old) =>
    validateSlice(problems.field('spec', object.spec), old && (old.spec ?? {})),
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

function checkSizes(owner: Field, ...keys: readonly (keyof typeof MAX_ENTRIES)[]): void {
  for (const key of keys) owner.list(key).hasTooMany(MAX_ENTRIES[key]);
}

function validateClaim(spec: Field): void {
  const devices = spec.object('devices');
  const requests = devices.objects('requests');
  checkSizes(devices, 'requests', 'constraints', 'config');
  requests.forEach(validateRequest);
  checkUnique(requests, 'name');
  const known = new Set(
    requests.flatMap((request) => {
      const name = request.text('name').value;
      return [name, ...request.objects('firstAvailable').map((each) => `${name}/${each.text('name').value}`)];
    }),
  );
  for (const name of ['constraints', 'config'].flatMap((key) =>
    devices.objects(key).flatMap((entry) => entry.texts('requests')),
  ))
    if (!known.has(name.value))
      name.invalid(
        "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
      );
}

/** Checks that the entries of a list differ in a member. Errors name the entry. */
function checkUnique(entries: readonly Field[], key: string): void {
  for (const name of repeatedFields(entries.map((entry) => entry.text(key).at(entry.path))).values()) name.duplicate();
}

function validateRequest(request: Field): void {
  request.text('name').name(dnsLabel);
  const exactly = request.optional('exactly');
  const alternatives = request.objects('firstAvailable');
  const text = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly === undefined && alternatives.length === 0) request.required(text);
  else if (exactly !== undefined && alternatives.length > 0)
    request.invalid(`${text}, but multiple fields are set`, null);
  else if (exactly !== undefined) validateDevices(exactly);
  else {
    checkSizes(request, 'firstAvailable');
    for (const each of alternatives) {
      each.text('name').name(dnsLabel);
      validateDevices(each);
    }
    checkUnique(alternatives, 'name');
  }
}

/** Checks the device class, the selectors and the device count of a request. */
function validateDevices(request: Field): void {
  request.text('deviceClassName').name(dnsSubdomain);
  validateSelectors(request);
  const [mode, count] = [request.text('allocationMode'), request.count('count')];
  if (mode.value === 'All') {
    if (count.value !== 0) count.invalid("must not be specified when allocationMode is 'All'");
  } else if (mode.value !== 'ExactCount') mode.notSupported(['All', 'ExactCount']);
  else count.atLeast(1, 'must be greater than zero');
}

function validateSelectors(owner: Field): void {
  checkSizes(owner, 'selectors');
  for (const selector of owner.objects('selectors')) {
    const cel = selector.optional('cel');
    if (cel === undefined) {
      selector.member('cel').required();
      continue;
    }
    const expression = cel.text('expression');
    expression.notEmpty();
    if (expression.value.length > MAX_EXPRESSION_LENGTH) expression.tooLong(MAX_EXPRESSION_LENGTH);
  }
}

function validateClaimStatus(object: KubeObject, old: KubeObject, problems: Problems): void {
  const status = problems.field('status', object.status);
  const consumers = status.objects('reservedFor');
  checkSizes(status, 'reservedFor');
  for (const consumer of consumers) for (const key of ['resource', 'name', 'uid']) consumer.text(key).notEmpty();
  checkUnique(consumers, 'uid');
  const [reserved, allocation] = [status.list('reservedFor'), status.optional('allocation')];
  const before = optionalAt(old.status, 'allocation');
  const known = objectsAt(old.status, 'reservedFor');
  const isNew = ({ value }: Field) => !known.some((entry) => jsonEquals(entry, value));
  if (consumers.length > 0 && allocation === undefined)
    reserved.forbidden('may not be specified when `allocated` is not set');
  else if (object.metadata.deletionTimestamp !== undefined && consumers.some(isNew))
    reserved.forbidden('new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set');
  if (before !== undefined) allocation?.immutable(before);
  else
    for (const result of allocation?.object('devices').objects('results') ?? []) {
      result.text('driver').name(driverName);
      result.text('pool').name(poolName);
      result.text('device').name(dnsLabel);
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

function validateSlice(spec: Field, old: JsonObject | undefined): void {
  spec.text('driver').name(driverName);
  const pool = spec.object('pool');
  pool.text('name').name(poolName);
  pool.count('resourceSliceCount').atLeast(1, 'must be greater than zero');
  pool.count('generation').atLeast(0, 'must be greater than or equal to zero');
  if (old !== undefined) {
    pool.text('name').immutable(textAt(old, 'pool', 'name'));
    for (const key of ['driver', 'nodeName']) spec.member(key).immutable(old[key]);
  }
  validatePlace(spec);
  if (spec.value['sharedCounters'] !== undefined && spec.value['devices'] !== undefined)
    spec.invalid('only one of `sharedCounters` or `devices` is allowed', '');
  const devices = spec.objects('devices');
  const isRich = devices.some(({ value }) =>
    ['taints', 'consumesCounters'].some((key) => objectsAt(value, key).length > 0),
  );
  spec.list('devices').hasTooMany(isRich ? MAX_RICH_DEVICES : MAX_DEVICES);
  const names = devices.map((device) => device.text('name'));
  for (const name of names) name.name(dnsLabel);
  for (const name of repeatedFields(names).values()) name.duplicate();
}

/** Checks that a slice sets exactly one of the fields that say which nodes can use its devices. */
function validatePlace(spec: Field): void {
  const { value } = spec;
  for (const key of ['allNodes', 'perDeviceNodeSelection'])
    if (value[key] === false) spec.member(key).invalid('must be either unset or set to true');
  const node = spec.text('nodeName');
  if (value['nodeName'] === '') node.invalid('must be either unset or set to a non-empty string');
  node.matchesIfSet(dnsSubdomain);
  const set = PLACES.filter((key) => value[key] !== undefined && value[key] !== false && value[key] !== '');
  const named = (keys: readonly string[]) => keys.map((key) => `\`${key}\``).join(', ');
  const text = `exactly one of ${named(PLACES)} is required`;
  if (set.length === 0) spec.required(text);
  else if (set.length > 1) spec.invalid(`${text}, but multiple fields are set`, `{${named(set)}}`);
}
