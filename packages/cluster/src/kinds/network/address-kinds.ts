import { dnsSubdomain, listAt, objectAt, pathSegment } from '@typekro/kit/kubernetes';
import type { Field } from '../../errors/field-problems.ts';
import { familyOf, strictAddressProblem, strictCidrProblem } from './ip-addresses.ts';
import type { Strategy } from '../strategy.ts';

/**
 * The strategy of IPAddresses. The name of the object is the address, and `parentRef` names the object that uses the
 * address.
 */
export const ipAddressStrategy: Partial<Strategy> = {
  validateName(name) {
    const problem = strictAddressProblem(name);
    return problem === undefined ? [] : [problem];
  },
  validate(object, problems) {
    const spec = problems.field('spec', object.spec);
    const parent = spec.optional('parentRef');
    if (parent === undefined) {
      spec.member('parentRef').required();
      return;
    }
    parent.text('group').matchesIfSet(dnsSubdomain);
    parent.text('resource').name(pathSegment);
    parent.text('name').name(pathSegment);
    parent.text('namespace').matchesIfSet(pathSegment);
  },
  validateUpdate: (object, old, problems) =>
    problems.field('spec', object.spec).object('parentRef').immutable(objectAt(old.spec, 'parentRef')),
};

/** The strategy of ServiceCIDRs, the ranges from which Services get their addresses. */
export const serviceCidrStrategy: Partial<Strategy> = {
  validate: (object, problems) => validateRanges(problems.field('spec', object.spec)),
  validateUpdate(object, old, problems, context) {
    if (context.subresource === 'status') return;
    const spec = problems.field('spec', object.spec);
    const [next, before] = [spec.texts('cidrs'), listAt(old.spec, 'cidrs').map(String)];
    // An update may add a range of the other IP family.
    const isAddition = before.length === 1 && next.length === 2;
    if (next.length !== before.length && !isAddition) {
      spec.list('cidrs').immutable(before);
      return;
    }
    for (const [index, range] of before.entries()) next[index]?.immutable(range);
    if (isAddition) validateRanges(spec);
  },
};

function validateRanges(spec: Field): void {
  const [list, ranges] = [spec.list('cidrs'), spec.texts('cidrs')];
  if (ranges.length === 0) list.required('at least one CIDR required');
  else if (ranges.length > 2) list.invalid('may only hold up to 2 values', { CIDRs: list.value });
  else {
    for (const range of ranges) range.problem(strictCidrProblem(range.value));
    const [first, second] = ranges.map(({ value }) => familyOf(value));
    if (second !== undefined && first !== 0 && first === second)
      list.invalid('may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64');
  }
}
