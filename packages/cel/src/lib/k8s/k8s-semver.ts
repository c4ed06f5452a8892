import type { CallContext, Library } from '../../library.ts';
import { Failure } from '@typekro/kit/golang';
import { BOOL, INT, STRING, type CelType } from '../../types.ts';
import { checkedInt, type Value } from '../../values.ts';
import { chargeParser, member, orFail, overload, reading, declare } from '../define.ts';
import { SEMVER, SemverValue } from '../opaque.ts';
import { compareSemver, parseSemver, parseTolerantSemver, type SemanticVersion } from '../semver.ts';

const two: readonly CelType[] = [SEMVER, SEMVER];

/** Kubernetes' `semver` library in its first version, without the overloads that normalise a semantic version. */
export const kubernetesSemver: Library = {
  name: 'kubernetes.Semver',
  functions: [
    declare(
      'semver',
      overload(
        'string_to_semver',
        [STRING],
        SEMVER,
        reading((text) => new SemverValue(orFail(parseSemver(text)))),
      ),
    ),
    declare(
      'isSemver',
      overload(
        'is_semver_string',
        [STRING],
        BOOL,
        reading((text) => !(parseSemver(text) instanceof Failure)),
      ),
    ),
    declare(
      'isGreaterThan',
      member('semver_is_greater_than', two, BOOL, (a: SemverValue, b: SemverValue) => compare(a, b) > 0),
    ),
    declare(
      'isLessThan',
      member('semver_is_less_than', two, BOOL, (a: SemverValue, b: SemverValue) => compare(a, b) < 0),
    ),
    declare('compareTo', member('semver_compare_to', two, INT, compare)),
    declare(
      'major',
      member('semver_major', [SEMVER], INT, (v: SemverValue) => asInt(v.version.major)),
    ),
    declare(
      'minor',
      member('semver_minor', [SEMVER], INT, (v: SemverValue) => asInt(v.version.minor)),
    ),
    declare(
      'patch',
      member('semver_patch', [SEMVER], INT, (v: SemverValue) => asInt(v.version.patch)),
    ),
  ],
};

/** The overloads of the library's second version. An API server has them, but kro does not. */
export const semverNormalization: Library = {
  name: 'kubernetes.Semver.1',
  functions: [
    declare(
      'semver',
      overload(
        'string_bool_to_semver',
        [STRING, BOOL],
        SEMVER,
        (text: string, normalize: boolean, context: CallContext) =>
          new SemverValue(orFail(parsed(text, normalize, context))),
      ),
    ),
    declare(
      'isSemver',
      overload(
        'is_semver_string_bool',
        [STRING, BOOL],
        BOOL,
        (text: string, normalize: boolean, context: CallContext) =>
          !(parsed(text, normalize, context) instanceof Failure),
      ),
    ),
  ],
};

function parsed(text: string, normalize: boolean, context: CallContext): SemanticVersion | Failure {
  chargeParser(context, text);
  return normalize ? parseTolerantSemver(text) : parseSemver(text);
}

function compare(a: SemverValue, b: SemverValue): number {
  return compareSemver(a.version, b.version);
}

/** Converts a part of a version to an int. Like Kubernetes, reinterprets the bits of the uint64 as an int64. */
function asInt(part: bigint): Value {
  return checkedInt(BigInt.asIntN(64, part));
}
