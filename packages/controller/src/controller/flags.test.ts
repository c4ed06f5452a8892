import { describe, expect, it, test } from 'vitest';
import { parseControllerFlags } from './flags.ts';
import { compileFeatures, readFeatureGates } from './feature-gates.ts';

describe('parseControllerFlags', () => {
  it('reads every flag form of Go programs', () => {
    const { values, ignored, errors } = parseControllerFlags([
      '--allow-crd-deletion',
      '-rgd-max-graph-revisions',
      '3',
      '--leader-elect=false',
      '--graceful-shutdown-timeout=1m30s',
      '--instance-requeue-interval=5s',
      '--feature-gates',
      'CELOmitFunction=true',
    ]);
    expect(Object.fromEntries(values)).toEqual({
      'allow-crd-deletion': true,
      'rgd-max-graph-revisions': 3,
      'leader-elect': false,
      'graceful-shutdown-timeout': 90_000,
      'feature-gates': 'CELOmitFunction=true',
    });
    expect(ignored).toEqual(['instance-requeue-interval']);
    expect(errors).toEqual([]);
  });

  it.each([
    [['--unknown'], 'unknown flag: --unknown'],
    [['--constructor=1'], 'unknown flag: --constructor=1'],
    [['--rgd-max-graph-revisions=x'], 'invalid value "x" for --rgd-max-graph-revisions (integer)'],
    [
      ['--leader-election-retry-period', '5'],
      'invalid value "5" for --leader-election-retry-period (duration, e.g. 30s)',
    ],
    [['extra', '--leader-elect'], 'unexpected argument: extra'],
    [
      ['--metrics-bind-address=8078'],
      'invalid value "8078" for --metrics-bind-address: write e.g. :8078 or 127.0.0.1:8078',
    ],
    [
      ['--zap-log-level=loud'],
      'invalid value "loud" for --zap-log-level: must be debug, info, warn, error, panic or a number above 0',
    ],
    [
      ['--version-label=a b'],
      'invalid value "a b" for --version-label: must have at most 63 letters, digits, "-", "_", "." and "+", and begin and end with a letter or digit',
    ],
    [
      ['--feature-gates=GraphKind=true', '--controller-namespace=kro-system', '--controller-service-account='],
      'the feature gate GraphKind requires --controller-service-account, so that no Graph can use the account of the controller',
    ],
    [['--feature-gates=CELNow'], 'invalid value "CELNow" for --feature-gates: missing bool value for CELNow'],
    [['--client-qps'], 'flag needs an argument: --client-qps (number)'],
    [['--zap-log-level'], 'flag needs an argument: --zap-log-level (text)'],
    [['--client-qps='], 'invalid value "" for --client-qps (number)'],
    [['--leader-elect', '--', 'extra'], 'unexpected argument: extra'],
    [['--client-burst=x', '--client-burst=1'], 'invalid value "x" for --client-burst (integer)'],
    [
      ['--dynamic-controller-concurrent-reconciles=0'],
      'invalid value "0" for --dynamic-controller-concurrent-reconciles: must be a number above 0',
    ],
    [
      ['--resource-graph-definition-concurrent-reconciles=-1'],
      'invalid value "-1" for --resource-graph-definition-concurrent-reconciles: must be a number above 0',
    ],
    [
      ['--leader-elect', '--leader-election-lease-duration=5s'],
      '--leader-election-lease-duration must be longer than --leader-election-renew-deadline',
    ],
    [
      ['--shards=2', '--leader-election-renew-deadline=2s'],
      '--leader-election-renew-deadline must be more than 1.2 times --leader-election-retry-period',
    ],
    [['--leader-elect', '--leader-election-retry-period=0'], '--leader-election-retry-period must be above 0'],
  ])('%j is an error', (args, message) => {
    expect(parseControllerFlags(args).errors).toEqual([message]);
  });
});

it.each([
  ['client-qps', '1e3', 1000],
  ['client-qps', '.5', 0.5],
  ['client-qps', '5.', 5],
  ['client-qps', 'Inf', undefined],
  ['client-burst', '0x10', 16],
  ['client-burst', '-0X1f', -31],
  ['client-burst', '010', 8],
  ['client-burst', '0o10', 8],
  ['client-burst', '0b11', 3],
  ['client-burst', '08', undefined],
  ['client-burst', '1_000', undefined],
  ['client-burst', '9007199254740993', undefined],
  ['graph-concurrent-reconciles', '0x10', 16],
  ['graph-concurrent-reconciles', '0x0', undefined],
])('--%s=%s has the value %s', (name, text, value) => {
  const { values, errors } = parseControllerFlags([`--${name}=${text}`]);
  expect([values.get(name), errors.length]).toEqual([value, value === undefined ? 1 : 0]);
});

it('-- ends the flags', () => {
  const { values, errors } = parseControllerFlags(['--leader-elect', '--']);
  expect([values.get('leader-elect'), errors]).toEqual([true, []]);
});

describe('the times of an election', () => {
  it.each([
    [['--leader-elect']],
    [['--leader-election-lease-duration=5s']],
    [['--shards=2', '--leader-election-lease-duration=60s', '--leader-election-renew-deadline=40s']],
  ])('%j are accepted', (args) => {
    expect(parseControllerFlags(args).errors).toEqual([]);
  });
});

it('a key of a publisher must be a public key', () => {
  expect(parseControllerFlags(['--publisher-keys=key']).errors).toEqual([
    'invalid value "key" for --publisher-keys: is not the Base64 of a public key, as the lines between BEGIN and END of cosign.pub are',
  ]);
  expect(parseControllerFlags(['--publisher-keys=']).errors).toEqual([]);
  const long = 'x'.repeat(50);
  expect(parseControllerFlags([`--publisher-keys=${long}`]).errors.join()).not.toContain(long);
});

describe('a flag with a set of values', () => {
  it('refuses a value outside the set, and does not fall back to a less safe value', () => {
    expect(parseControllerFlags(['--template-namespaces=instnace']).errors).toEqual([
      'invalid value "instnace" for --template-namespaces: must be any or instance',
    ]);
    expect(parseControllerFlags(['--instance-service-account', 'a:b']).errors).toHaveLength(1);
    expect(
      parseControllerFlags(['--template-namespaces=instance', '--instance-service-account=deployer']).errors,
    ).toEqual([]);
  });
});

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
