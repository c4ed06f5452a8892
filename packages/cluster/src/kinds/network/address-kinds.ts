import { type JsonObject, jsonEquals } from '@typekro/kit/core';
import { dnsSubdomain, listAt, objectAt, optionalAt, pathSegment, textAt } from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';
import { familyOf, strictAddressProblem, strictCidrProblem } from './ip-addresses.ts';
import type { Strategy } from '../strategy.ts';

const IMMUTABLE = 'field is immutable';

/**
 * The strategy of IPAddresses. The name of the object is the address, and `parentRef` names the object that uses the
 * address.
 */
export const ipAddressStrategy: Partial<Strategy> = {
  validateName(name) {
    const problem = strictAddressProblem(name);
    return problem === undefined ? [] : [problem];
  },
  validate: (object, problems) => validateParent(optionalAt(object.spec, 'parentRef'), problems),
  validateUpdate(object, old, problems) {
    const [parent, before] = [objectAt(object.spec, 'parentRef'), objectAt(old.spec, 'parentRef')];
    if (!jsonEquals(parent, before)) problems.invalid('spec.parentRef', parent, IMMUTABLE);
  },
};

function validateParent(parent: JsonObject | undefined, problems: Problems): void {
  const at = 'spec.parentRef';
  if (parent === undefined) {
    problems.required(at);
    return;
  }
  const group = textAt(parent, 'group');
  if (group !== '') problems.invalidFor(`${at}.group`, group, dnsSubdomain(group));
  for (const key of ['resource', 'name', 'namespace']) {
    const value = textAt(parent, key);
    if (value !== '') problems.invalidFor(`${at}.${key}`, value, pathSegment(value));
    else if (key !== 'namespace') problems.required(`${at}.${key}`);
  }
}

/** The strategy of ServiceCIDRs, the ranges from which Services get their addresses. */
export const serviceCidrStrategy: Partial<Strategy> = {
  validate: (object, problems) => validateRanges(listAt(object.spec, 'cidrs').map(String), problems),
  validateUpdate(object, old, problems, context) {
    if (context.subresource === 'status') return;
    const [next, before] = [listAt(object.spec, 'cidrs').map(String), listAt(old.spec, 'cidrs').map(String)];
    // An update may add a range of the other IP family.
    const isAddition = before.length === 1 && next.length === 2;
    if (next.length !== before.length && !isAddition) {
      problems.invalid('spec.cidrs', next, IMMUTABLE);
      return;
    }
    for (const [index, range] of before.entries())
      if (next[index] !== range) problems.invalid(`spec.cidrs[${index}]`, next[index] ?? '', IMMUTABLE);
    if (isAddition) validateRanges(next, problems);
  },
};

function validateRanges(ranges: readonly string[], problems: Problems): void {
  const at = 'spec.cidrs';
  if (ranges.length === 0) problems.required(at, 'at least one CIDR required');
  else if (ranges.length > 2) problems.invalid(at, { CIDRs: ranges }, 'may only hold up to 2 values');
  else {
    for (const [index, range] of ranges.entries()) {
      const problem = strictCidrProblem(range);
      if (problem !== undefined) problems.invalid(`${at}[${index}]`, range, problem);
    }
    const [first = '', second] = ranges;
    if (second !== undefined && familyOf(first) !== 0 && familyOf(first) === familyOf(second))
      problems.invalid(
        at,
        ranges,
        'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      );
  }
}
