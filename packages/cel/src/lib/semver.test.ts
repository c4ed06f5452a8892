import { describe, expect, test } from 'vitest';
import { Failure } from '@typekro/kit/golang';
import { compareSemver, formatSemver, parseSemver, type SemanticVersion } from './semver.ts';

const read = (text: string): SemanticVersion => {
  const version = parseSemver(text);
  if (version instanceof Failure) throw new Error(version.message);
  return version;
};

describe('semantic versions', () => {
  test('are ordered as in the specification', () => {
    const ordered = [
      '1.0.0-1',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1',
      '1.10.0',
      '2.0.0',
    ];
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) expect(compareSemver(read(a), read(b))).toBe(Math.sign(i - j));
    }
    expect(compareSemver(read('1.0.0+a'), read('1.0.0+b'))).toBe(0);
    expect(formatSemver(read('1.2.3-rc.1+b.2'))).toBe('1.2.3-rc.1+b.2');
  });

  test.each([
    ['', 'Version string empty'],
    ['1.2', 'No Major.Minor.Patch elements found'],
    ['v1.2.3', 'Invalid character(s) found in major number "v1"'],
    ['1.02.3', 'Minor number must not contain leading zeroes "02"'],
    ['1.2.3.4', 'Invalid character(s) found in patch number "3.4"'],
    ['.2.3', 'strconv.ParseUint: parsing "": invalid syntax'],
    ['18446744073709551616.0.0', 'strconv.ParseUint: parsing "18446744073709551616": value out of range'],
    ['1.2.3-', 'Prerelease is empty'],
    ['1.2.3-01', 'Numeric PreRelease version must not contain leading zeroes "01"'],
    ['1.2.3-é', 'Invalid character(s) found in prerelease "é"'],
    ['1.2.3+', 'Build meta data is empty'],
  ])('%j is refused', (text, message) => {
    expect(parseSemver(text)).toEqual(new Failure(message));
  });
});
