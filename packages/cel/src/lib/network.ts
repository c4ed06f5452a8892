import type { FunctionDeclaration, Library, Overload, Validator } from '../library.ts';
import {
  Failure,
  goQuote,
  containsAddress,
  containsPrefix,
  maskedPrefix,
  sameAddress,
  type IpPrefix,
} from '@typekro/kit/golang';
import { BOOL, STRING } from '../types.ts';
import type { Value } from '../values.ts';
import { member, orFail, overload, reading, declare } from './define.ts';
import { kubernetesCidr, parseStrictPrefix } from './k8s/k8s-cidr.ts';
import { kubernetesIp, parseStrictAddress } from './k8s/k8s-ip.ts';
import { CIDR, CidrValue, IP, IpValue } from './opaque.ts';

/** An address that can be compared with any value, in contrast to Kubernetes' type. */
class NetworkIp extends IpValue {
  override equals(other: Value): boolean {
    return other instanceof IpValue && super.equals(other);
  }
}

class NetworkCidr extends CidrValue {
  override equals(other: Value): boolean {
    return other instanceof CidrValue && super.equals(other);
  }
}

function parseNetwork(text: string): IpPrefix | Failure {
  return parseStrictPrefix(text, `CIDR ${goQuote(text)} parse error during conversion from string: `);
}

/** Overloads that have the same ids as Kubernetes' overloads, but another implementation. */
const OWN: readonly Overload[] = [
  overload(
    'string_to_ip',
    [STRING],
    IP,
    reading((text) => new NetworkIp(orFail(parseStrictAddress(text)))),
  ),
  overload(
    'string_to_cidr',
    [STRING],
    CIDR,
    reading((text) => new NetworkCidr(orFail(parseNetwork(text)))),
  ),
  overload(
    'is_cidr',
    [STRING],
    BOOL,
    reading((text) => !(parseNetwork(text) instanceof Failure)),
  ),
  member('cidr_ip', [CIDR], IP, ({ prefix }: CidrValue) => new NetworkIp(prefix.address)),
  member('cidr_masked', [CIDR], CIDR, ({ prefix }: CidrValue) => new NetworkCidr(maskedPrefix(prefix))),
  member('cidr_contains_ip_string', [CIDR, STRING], BOOL, (cidr: CidrValue, text: string) =>
    containsAddress(cidr.prefix, orFail(parseStrictAddress(text))),
  ),
  member('cidr_contains_cidr_string', [CIDR, STRING], BOOL, (cidr: CidrValue, text: string) =>
    containsPrefix(cidr.prefix, orFail(parseNetwork(text))),
  ),
];

/** Kubernetes' functions, one declaration per name. The overloads of `OWN` replace those with the same ids. */
function functions(): FunctionDeclaration[] {
  const byName = new Map<string, Overload[]>();
  for (const { name, overloads } of [...(kubernetesIp.functions ?? []), ...(kubernetesCidr.functions ?? [])]) {
    const own = overloads.map((one) => OWN.find(({ id }) => id === one.id) ?? one);
    byName.set(name, [...(byName.get(name) ?? []), ...own]);
  }
  return [...byName].map(([name, overloads]) => ({ name, overloads }));
}

/** Makes a validator that parses literal arguments, so that invalid literals are errors of the type check. */
function literalCheck(functionName: string, parse: (text: string) => unknown): Validator {
  return {
    functionName,
    validate(call, context) {
      const [argument] = call.args;
      if (argument?.kind !== 'literal' || typeof argument.value !== 'string') return;
      const parsed = parse(argument.value);
      if (parsed instanceof Failure) context.report(argument, `invalid ${functionName} argument: ${parsed.message}`);
    },
  };
}

/** cel-go's network extension. An environment has either this library or Kubernetes' `ip` and `cidr`. */
export const network: Library = {
  name: 'cel.lib.ext.network',
  functions: [
    ...functions(),
    declare(
      'isMask',
      member('cidr_is_mask', [CIDR], BOOL, ({ prefix }: CidrValue) =>
        sameAddress(prefix.address, maskedPrefix(prefix).address),
      ),
    ),
  ],
  validators: [literalCheck('ip', parseStrictAddress), literalCheck('cidr', parseNetwork)],
};
