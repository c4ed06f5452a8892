import { dnsLabel, dnsSubdomain, labelValue, listAt, objectsAt, qualifiedName, textAt } from '@typekro/kit/kubernetes';
import { type JsonObject, isLoopbackHost, jsonEquals } from '@typekro/kit/core';
import { type Problems, repeatedIndexes } from '../../errors/field-problems.ts';
import type { Strategy, WriteContext } from '../strategy.ts';
import { addressProblem, familyOf, isIpAddress, specialAddressProblem, strictAddressProblem } from './ip-addresses.ts';
import { fill, portProblem } from '../../types/parts.ts';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];

/** The maximum numbers of endpoints per slice, of addresses per endpoint, and of hints of one kind per endpoint. */
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_HINTS = 8;

type NameCheck = (text: string) => readonly string[];

/** Checks the member `key` if it is present. */
function checkOptional(parent: JsonObject, key: string, check: NameCheck, at: string, problems: Problems) {
  const value = textAt(parent, key);
  if (value !== '') problems.invalidFor(`${at}.${key}`, value, check(value));
}

function checkProtocol(port: JsonObject, at: string, problems: Problems) {
  const protocol = textAt(port, 'protocol');
  if (protocol === '') problems.required(`${at}.protocol`);
  else problems.requireOneOf(`${at}.protocol`, protocol, PROTOCOLS);
}

/** The strategy of EndpointSlices. */
export const endpointSliceStrategy: Partial<Strategy> = {
  generationOf: 'labels',
  defaults(object) {
    for (const port of objectsAt(object, 'ports')) {
      port['name'] ??= '';
      fill(port, { protocol: 'TCP' });
    }
  },
  validate(object, problems, context) {
    validateEndpoints(object, addressRule(context), problems);
    validateRest(object, problems);
  },
  validateUpdate(object, old, problems, context) {
    const [slice, before] = [object, old];
    // Unchanged endpoints are not checked again.
    if (!jsonEquals(slice['endpoints'], before['endpoints'])) validateEndpoints(slice, addressRule(context), problems);
    validateRest(slice, problems);
    if (slice['addressType'] === before['addressType']) return;
    problems.invalid('addressType', slice['addressType'], 'field is immutable');
  },
};

function validateRest(slice: JsonObject, problems: Problems) {
  validateSlicePorts(objectsAt(slice, 'ports'), problems);
  const type = textAt(slice, 'addressType');
  if (type === '') problems.required('addressType');
  else problems.requireOneOf('addressType', type, ADDRESS_TYPES);
}

/** Returns the reason why an endpoint cannot have an address; `undefined` for an allowed address. */
type AddressRule = (address: string) => string | undefined;

/** The user name of the controller that writes the EndpointSlices of pods. */
const CONTROLLER = 'system:serviceaccount:kube-system:endpointslice-controller';

/**
 * The rule for the addresses that the user of a request may write. Only the EndpointSlice controller may write loopback
 * addresses, which belong to pods that are local processes.
 */
const addressRule =
  ({ user }: Pick<WriteContext, 'user'>): AddressRule =>
  (address) =>
    user.name === CONTROLLER && familyOf(address) !== 0 && isLoopbackHost(address)
      ? undefined
      : specialAddressProblem(address);

function validateEndpoints(slice: JsonObject, rule: AddressRule, problems: Problems) {
  const endpoints = objectsAt(slice, 'endpoints');
  if (endpoints.length > MAX_ENDPOINTS) {
    problems.tooMany('endpoints', endpoints.length, MAX_ENDPOINTS);
    return;
  }
  for (const [index, endpoint] of endpoints.entries())
    validateEndpoint(endpoint, { type: textAt(slice, 'addressType'), rule }, `endpoints[${index}]`, problems);
}

function validateEndpoint(
  endpoint: JsonObject,
  { type, rule }: { readonly type: string; readonly rule: AddressRule },
  at: string,
  problems: Problems,
) {
  const addresses = listAt(endpoint, 'addresses').map(String);
  if (addresses.length === 0) problems.required(`${at}.addresses`, 'must contain at least 1 address');
  if (addresses.length > MAX_ADDRESSES) problems.tooMany(`${at}.addresses`, addresses.length, MAX_ADDRESSES);
  for (const [index, address] of addresses.entries()) {
    const place = `${at}.addresses[${index}]`;
    if (type === 'FQDN') {
      problems.invalidFor(place, address, domainName(address));
      continue;
    }
    if (type !== 'IPv4' && type !== 'IPv6') continue;
    const wrong = type === 'IPv4' ? addressProblem(address) : strictAddressProblem(address);
    const text = wrong ?? rule(address);
    if (text !== undefined) problems.invalid(place, address, text);
    if (wrong === undefined && `IPv${familyOf(address)}` !== type)
      problems.invalid(`${at}.addresses`, address, `must be an ${type} address`);
  }
  checkOptional(endpoint, 'nodeName', dnsSubdomain, at, problems);
  checkOptional(endpoint, 'hostname', dnsLabel, at, problems);
  for (const [list, rule] of [
    ['forZones', labelValue],
    ['forNodes', dnsSubdomain],
  ] as const)
    validateHints(objectsAt(endpoint, 'hints', list), rule, `${at}.hints.${list}`, problems);
}

/** Checks the hints of an endpoint, which name the zones or nodes that should use it. */
function validateHints(hints: readonly JsonObject[], rule: NameCheck, at: string, problems: Problems) {
  if (hints.length > MAX_HINTS) {
    problems.tooMany(at, hints.length, MAX_HINTS);
    return;
  }
  const names = hints.map((hint) => textAt(hint, 'name'));
  const repeated = repeatedIndexes(names);
  for (const [index, name] of names.entries()) {
    if (repeated.has(index)) problems.duplicate(`${at}[${index}].name`, name);
    problems.invalidFor(`${at}[${index}].name`, name, rule(name));
  }
}

/** The problems of a fully qualified host name. Such a name must have at least two labels, and may end with a dot. */
function domainName(text: string): string[] {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  const wrong = dnsSubdomain(name);
  if (wrong.length > 0) return wrong;
  const labels = name.split('.');
  return labels.length < 2
    ? ['should be a domain with at least two segments separated by dots']
    : labels.flatMap((label) => dnsLabel(label));
}

function validateSlicePorts(ports: readonly JsonObject[], problems: Problems) {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `ports[${index}]`;
    const name = textAt(port, 'name');
    checkOptional(port, 'name', dnsLabel, at, problems);
    if (names.has(name)) problems.duplicate(`${at}.name`, name);
    names.add(name);
    checkProtocol(port, at, problems);
    checkOptional(port, 'appProtocol', qualifiedName, at, problems);
  }
}

/** The strategy of Endpoints, the predecessor of EndpointSlices. */
export const endpointsStrategy: Partial<Strategy> = {
  defaults(object) {
    for (const subset of objectsAt(object, 'subsets'))
      for (const port of objectsAt(subset, 'ports')) fill(port, { protocol: 'TCP' });
  },
  validate(object, problems, context) {
    const rule = addressRule(context);
    for (const [index, subset] of objectsAt(object, 'subsets').entries())
      validateSubset(subset, rule, `subsets[${index}]`, problems);
  },
};

function validateSubset(subset: JsonObject, rule: AddressRule, at: string, problems: Problems) {
  const lists = ['addresses', 'notReadyAddresses'];
  if (lists.every((list) => listAt(subset, list).length === 0))
    problems.required(at, 'must specify `addresses` or `notReadyAddresses`');
  for (const list of lists)
    for (const [index, address] of objectsAt(subset, list).entries())
      validateAddress(address, rule, `${at}.${list}[${index}]`, problems);
  const ports = objectsAt(subset, 'ports');
  for (const [index, port] of ports.entries()) {
    const place = `${at}.ports[${index}]`;
    if (ports.length > 1 && textAt(port, 'name') === '') problems.required(`${place}.name`);
    checkOptional(port, 'name', dnsLabel, place, problems);
    problems.add(portProblem(port['port'], `${place}.port`));
    checkProtocol(port, place, problems);
    checkOptional(port, 'appProtocol', qualifiedName, place, problems);
  }
}

function validateAddress(address: JsonObject, rule: AddressRule, at: string, problems: Problems) {
  const ip = textAt(address, 'ip');
  const wrong = addressProblem(ip);
  if (wrong !== undefined) problems.invalid(`${at}.ip`, ip, wrong);
  checkOptional(address, 'hostname', dnsLabel, at, problems);
  checkOptional(address, 'nodeName', dnsSubdomain, at, problems);
  // For a string that is not an address, the API server reports two errors.
  const text = isIpAddress(ip) ? rule(ip) : 'must be a valid IP address';
  if (text !== undefined) problems.invalid(`${at}.ip`, ip, text);
}
