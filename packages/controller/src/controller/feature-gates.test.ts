import { describe, expect, test } from 'vitest';
import { compileFeatures, readFeatureGates } from './feature-gates.ts';

describe('readFeatureGates', () => {
  test.each([
    ['', []],
    ['CELOmitFunction=true', ['omit']],
    [' CELOmitFunction = true , CELNow=True,', ['omit', 'now']],
    ['CELOmitFunction=true,CELOmitFunction=0', []],
    [
      'AllAlpha=true',
      ['omit', 'conditionEvents', 'conditionMetrics', 'conservativeCrdComparison', 'graphKind', 'deletionPolicy'],
    ],
    [
      'CELOmitFunction=false,AllAlpha=true,DeletionPolicy=false',
      ['conditionEvents', 'conditionMetrics', 'conservativeCrdComparison', 'graphKind'],
    ],
    ['DeletionPolicy=true', ['deletionPolicy']],
    ['ConservativeCRDComparison=true', ['conservativeCrdComparison']],
    ['AllBeta=true', []],
  ])('%j turns on %j', (text, expected) => {
    const { features, problem } = readFeatureGates(text);
    expect(Object.entries(features).flatMap(([name, on]) => (on ? [name] : []))).toEqual(expected);
    expect(problem).toBeUndefined();
  });

  test.each([
    ['CELOmitFunction', 'missing bool value for CELOmitFunction'],
    ['CELOmitFunction=yes', 'invalid value of CELOmitFunction=yes: must be true or false'],
  ])('%j is an error', (text, problem) => {
    expect(readFeatureGates(text).problem).toContain(problem);
  });

  test.each([
    ['CELNow=true,Nope=true', ['unrecognized feature gate: Nope (known gates: CELOmitFunction, CELNow,']],
    ['constructor=true', ['unrecognized feature gate: constructor']],
    ['CELOmitFuncton=false', ['did you mean CELOmitFunction?']],
    ['GraphKind=false,ConservativeCRDComparison=false,DeletionPolicy=false', []],
    ['GraphKind=true,DeletionPolicy=1', []],
  ])('the warnings for %j are %j', (text, expected) => {
    const { warnings, problem } = readFeatureGates(text);
    expect(warnings).toEqual(expected.map((part) => expect.stringContaining(part)));
    expect(problem).toBeUndefined();
  });
});

describe('compileFeatures', () => {
  test('has each feature of the compiler as true or false, and no other feature', () => {
    const { features } = readFeatureGates('CELNow=true,GraphKind=true,InstanceConditionEvents=true');
    expect(Object.values(features)).toContain(false);
    const { now, omit, ...others } = compileFeatures(features);
    expect({ now, omit }).toEqual({ now: true, omit: false });
    expect(Object.keys(others)).toEqual(
      expect.arrayContaining(['variables', 'printColumn', 'scale', 'defer', 'dynamicKeys', 'partialDependencies']),
    );
    expect(Object.keys(others).filter((name) => /^(condition|conservative|graphKind)/.test(name))).toEqual([]);
  });

  test('a feature that the caller does not name is off', () => {
    expect(compileFeatures({ defer: true })).toMatchObject({ defer: true, omit: false, managedResources: false });
  });

  test.each([true, false])(
    'the field "optional" is accepted if and only if the gate of deferred schemas is on (gate: %s)',
    (deferredSchemas) => {
      expect(compileFeatures({ deferredSchemas })).toMatchObject({
        deferredSchemas,
        optionalResources: deferredSchemas,
      });
    },
  );
});
