import type { Library } from '../../library.ts';
import {
  failure,
  Failure,
  goQuote,
  family,
  formatAddress,
  is4In6,
  isGlobalUnicast,
  isLinkLocalMulticast,
  isLinkLocalUnicast,
  isLoopbackAddress,
  isUnspecified,
  parseAddress,
  type IpAddress,
} from '@typekro/kit/golang';
import { BOOL, INT, STRING } from '../../types.ts';
import { fail as raise } from '../../values.ts';
import { member, orFail, overload, reading, declare } from '../define.ts';
import { IP, IpValue } from '../opaque.ts';

/** Parses an address. Returns a failure for an address with a zone, and for an IPv4 address in IPv6 notation. */
export function parseStrictAddress(text: string): IpAddress | Failure {
  const address = parseAddress(text);
  if (address instanceof Failure) {
    return failure(`IP Address ${goQuote(text)} parse error during conversion from string: ${address.message}`);
  }
  if (address.zone !== '') return failure(`IP address ${goQuote(text)} with zone value is not allowed`);
  return is4In6(address) ? failure(`IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`) : address;
}

/** Kubernetes' `ip`. */
export const kubernetesIp: Library = {
  name: 'kubernetes.net.ip',
  functions: [
    declare(
      'ip',
      overload(
        'string_to_ip',
        [STRING],
        IP,
        reading((text) => new IpValue(orFail(parseStrictAddress(text)))),
      ),
    ),
    declare(
      'family',
      member('ip_family', [IP], INT, ({ address }: IpValue) => family(address)),
    ),
    declare(
      'ip.isCanonical',
      overload(
        'ip_is_canonical',
        [STRING],
        BOOL,
        reading((text) => {
          const address = parseStrictAddress(text);
          return address instanceof Failure ? raise(address.message) : formatAddress(address) === text;
        }),
      ),
    ),
    predicate('isUnspecified', 'ip_is_unspecified', isUnspecified),
    predicate('isLoopback', 'ip_is_loopback', isLoopbackAddress),
    predicate('isLinkLocalMulticast', 'ip_is_link_local_multicast', isLinkLocalMulticast),
    predicate('isLinkLocalUnicast', 'ip_is_link_local_unicast', isLinkLocalUnicast),
    predicate('isGlobalUnicast', 'ip_is_global_unicast', isGlobalUnicast),
    declare(
      'isIP',
      overload(
        'is_ip',
        [STRING],
        BOOL,
        reading((text) => !(parseStrictAddress(text) instanceof Failure)),
      ),
    ),
    declare(
      'string',
      overload('ip_to_string', [IP], STRING, ({ address }: IpValue) => formatAddress(address)),
    ),
  ],
};

function predicate(name: string, id: string, test: (address: IpAddress) => boolean) {
  return declare(
    name,
    member(id, [IP], BOOL, ({ address }: IpValue) => test(address)),
  );
}
