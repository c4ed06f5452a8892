import type { Library } from '../../library.ts';
import {
  failure,
  Failure,
  goQuote,
  containsAddress,
  containsPrefix,
  formatPrefix,
  is4In6,
  maskedPrefix,
  parsePrefix,
  type IpPrefix,
} from '@typekro/kit/golang';
import { BOOL, INT, STRING } from '../../types.ts';
import { fail as raise } from '../../values.ts';
import { member, overload, reading, declare } from '../define.ts';
import { parseStrictAddress } from './k8s-ip.ts';
import { CIDR, CidrValue, IP, IpValue } from '../opaque.ts';

const PREFIX = 'network address parse error during conversion from string: ';

/**
 * Parses a network. Returns a failure for an IPv4 network in IPv6 notation.
 *
 * @param problem the words before the parser's error
 */
export function parseStrictPrefix(text: string, problem = PREFIX): IpPrefix | Failure {
  const prefix = parsePrefix(text);
  if (prefix instanceof Failure) return failure(problem + prefix.message);
  return is4In6(prefix.address) ? failure(`IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`) : prefix;
}

/**
 * Parses an argument of `cidr()`. As in Kubernetes, the message of an error of the parser begins with the same prefix
 * twice.
 */
function toCidr(text: string): IpPrefix {
  const prefix = parseStrictPrefix(text);
  return prefix instanceof Failure ? raise(PREFIX + prefix.message) : prefix;
}

/** Kubernetes' `cidr`. */
export const kubernetesCidr: Library = {
  name: 'kubernetes.net.cidr',
  functions: [
    declare(
      'cidr',
      overload(
        'string_to_cidr',
        [STRING],
        CIDR,
        reading((text) => new CidrValue(toCidr(text))),
      ),
    ),
    declare(
      'containsIP',
      member('cidr_contains_ip_string', [CIDR, STRING], BOOL, (cidr: CidrValue, text: string) => {
        const address = parseStrictAddress(text);
        // Kubernetes hides the parser's error here.
        return address instanceof Failure ? raise('no such overload') : containsAddress(cidr.prefix, address);
      }),
      member('cidr_contains_ip_ip', [CIDR, IP], BOOL, (cidr: CidrValue, ip: IpValue) =>
        containsAddress(cidr.prefix, ip.address),
      ),
    ),
    declare(
      'containsCIDR',
      member('cidr_contains_cidr_string', [CIDR, STRING], BOOL, (cidr: CidrValue, text: string) =>
        containsPrefix(cidr.prefix, toCidr(text)),
      ),
      member('cidr_contains_cidr', [CIDR, CIDR], BOOL, (cidr: CidrValue, other: CidrValue) =>
        containsPrefix(cidr.prefix, other.prefix),
      ),
    ),
    declare(
      'ip',
      member('cidr_ip', [CIDR], IP, ({ prefix }: CidrValue) => new IpValue(prefix.address)),
    ),
    declare(
      'prefixLength',
      member('cidr_prefix_length', [CIDR], INT, ({ prefix }: CidrValue) => prefix.bits),
    ),
    declare(
      'masked',
      member('cidr_masked', [CIDR], CIDR, ({ prefix }: CidrValue) => new CidrValue(maskedPrefix(prefix))),
    ),
    declare(
      'isCIDR',
      overload(
        'is_cidr',
        [STRING],
        BOOL,
        reading((text) => !(parseStrictPrefix(text) instanceof Failure)),
      ),
    ),
    declare(
      'string',
      overload('cidr_to_string', [CIDR], STRING, ({ prefix }: CidrValue) => formatPrefix(prefix)),
    ),
  ],
};
