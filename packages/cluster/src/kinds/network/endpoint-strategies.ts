import { dnsLabel, dnsSubdomain, labelValue, objectsAt, qualifiedName } from '@typekro/kit/kubernetes';
import { isLoopbackHost, jsonEquals } from '@typekro/kit/core';
import { type Field, repeatedFields } from '../../errors/field-problems.ts';
import type { Strategy, WriteContext } from '../strategy.ts';
import { addressProblem, familyOf, isIpAddress, specialAddressProblem, strictAddressProblem } from './ip-addresses.ts';
import { fill } from '../../types/parts.ts';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];

/** The maximum numbers of endpoints per slice, of addresses per endpoint, and of hints of one kind per endpoint. */
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_HINTS = 8;

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
    const slice = problems.field('', object);
    validateEndpoints(slice, addressRule(context));
    validateRest(slice);
  },
  validateUpdate(object, old, problems, context) {
    const slice = problems.field('', object);
    // Unchanged endpoints are not checked again.
    if (!jsonEquals(object['endpoints'], old['endpoints'])) validateEndpoints(slice, addressRule(context));
    validateRest(slice);
    slice.member('addressType').immutable(old['addressType']);
  },
};

function validateRest(slice: Field) {
  const ports = slice.objects('ports');
  const repeated = repeatedFields(ports.map((port) => port.text('name')));
  for (const port of ports) {
    const name = port.text('name');
    name.matchesIfSet(dnsLabel);
    if (repeated.has(name.path)) name.duplicate();
    port.text('protocol').requiredOneOf(PROTOCOLS);
    port.text('appProtocol').matchesIfSet(qualifiedName);
  }
  slice.text('addressType').requiredOneOf(ADDRESS_TYPES);
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

function validateEndpoints(slice: Field, rule: AddressRule) {
  if (slice.list('endpoints').hasTooMany(MAX_ENDPOINTS)) return;
  const type = slice.text('addressType').value;
  for (const endpoint of slice.objects('endpoints')) validateEndpoint(endpoint, type, rule);
}

function validateEndpoint(endpoint: Field, type: string, rule: AddressRule) {
  const list = endpoint.list('addresses');
  list.notEmpty('must contain at least 1 address');
  list.hasTooMany(MAX_ADDRESSES);
  for (const address of endpoint.texts('addresses')) {
    if (type === 'FQDN') address.matches(domainName);
    if (type !== 'IPv4' && type !== 'IPv6') continue;
    const wrong = type === 'IPv4' ? addressProblem(address.value) : strictAddressProblem(address.value);
    address.problem(wrong ?? rule(address.value));
    if (wrong === undefined && `IPv${familyOf(address.value)}` !== type)
      list.invalid(`must be an ${type} address`, address.value);
  }
  endpoint.text('nodeName').matchesIfSet(dnsSubdomain);
  endpoint.text('hostname').matchesIfSet(dnsLabel);
  validateHints(endpoint.object('hints'), 'forZones', labelValue);
  validateHints(endpoint.object('hints'), 'forNodes', dnsSubdomain);
}

/** Checks the hints of an endpoint, which name the zones or nodes that should use it. */
function validateHints(hints: Field, key: string, rule: (text: string) => readonly string[]) {
  if (hints.list(key).hasTooMany(MAX_HINTS)) return;
  const names = hints.objects(key).map((hint) => hint.text('name'));
  const repeated = repeatedFields(names);
  for (const name of names) {
    if (repeated.has(name.path)) name.duplicate();
    name.matches(rule);
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

/** The strategy of Endpoints, the predecessor of EndpointSlices. */
export const endpointsStrategy: Partial<Strategy> = {
  defaults(object) {
    for (const subset of objectsAt(object, 'subsets'))
      for (const port of objectsAt(subset, 'ports')) fill(port, { protocol: 'TCP' });
  },
  validate(object, problems, context) {
    const rule = addressRule(context);
    for (const subset of problems.field('', object).objects('subsets')) validateSubset(subset, rule);
  },
};

function validateSubset(subset: Field, rule: AddressRule) {
  const lists = ['addresses', 'notReadyAddresses'];
  if (lists.every((list) => subset.list(list).value.length === 0))
    subset.required('must specify `addresses` or `notReadyAddresses`');
  for (const address of lists.flatMap((list) => subset.objects(list))) validateAddress(address, rule);
  const ports = subset.objects('ports');
  for (const port of ports) {
    if (ports.length > 1) port.text('name').notEmpty();
    port.text('name').matchesIfSet(dnsLabel);
    port.member('port').port();
    port.text('protocol').requiredOneOf(PROTOCOLS);
    port.text('appProtocol').matchesIfSet(qualifiedName);
  }
}

function validateAddress(address: Field, rule: AddressRule) {
  const ip = address.text('ip');
  ip.problem(addressProblem(ip.value));
  address.text('hostname').matchesIfSet(dnsLabel);
  address.text('nodeName').matchesIfSet(dnsSubdomain);
  // For a string that is not an address, the API server reports two errors.
  ip.problem(isIpAddress(ip.value) ? rule(ip.value) : 'must be a valid IP address');
}
