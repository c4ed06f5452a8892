import { describe, expect, test } from 'vitest';
import { converterOf } from '../../conversion/converter.ts';
import { checkRoundTrips, type RoundTripResult } from '../../conversion/round-trip.ts';
import { defaultRules } from '../checks/check-rules.ts';
import { builtinSource } from '../../schema/index.ts';
import { compile } from '../compile.ts';
import { parseDefinitions } from '../parse-definitions.ts';
import { TYPEKRO_FEATURES } from '../options.ts';

const SPEC = `
      spec:
        width: integer | required=true minimum=0 maximum=999
        height: integer | required=true minimum=0 maximum=999
        image: string | required=true
        level: integer | default=3`;

/** A definition of panels whose hub is v1, with these versions. */
const panel = (versions: string, spec = SPEC): string => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: panel
spec:
  schema:
    apiVersion: v1
    kind: Panel
    group: example.com${spec.replaceAll('\n      ', '\n    ')}
    status:
      url: \${config.metadata.name}
    versions:
${versions
  .trim()
  .split('\n')
  .map((line) => `      ${line}`)
  .join('\n')}
  resources:
    - id: config
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: "\${schema.metadata.name}" }
        data: { width: "\${string(schema.spec.width)}" }
`;

const ALPHA = `
- name: v1alpha1
  deprecated: true
  deprecationWarning: use v1
  spec:
    size: string | required=true pattern="^(0|[1-9][0-9]{0,2})x(0|[1-9][0-9]{0,2})$"
    image: string | required=true
  convertTo:
    spec.width: \${int(self.spec.size.split('x')[0])}
    spec.height: \${int(self.spec.size.split('x')[1])}
  convertFrom:
    spec.size: \${self.spec.width}x\${string(self.spec.height)}
  lossy: [spec.level]
`.replace('${self.spec.width}x', '${string(self.spec.width)}x');

function compiled(yaml: string, features = TYPEKRO_FEATURES) {
  const { documents } = parseDefinitions(yaml);
  return compile(documents[0] ?? null, { sources: builtinSource(), features, target: 'typekro' });
}

const shown = (yaml: string) =>
  compiled(yaml)
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ code, path, message, hint }) => `${code} ${path}: ${message}; ${hint}`);

const swap = (from: string | RegExp, to: string) => panel(ALPHA.replace(from, to));

describe('the CRD', () => {
  const crd = compiled(panel(ALPHA)).graph?.instance.crd;
  const versions = crd?.spec?.['versions'] as Record<string, unknown>[];

  test('has the hub as its stored version, and the other versions after it', () => {
    expect(
      versions.map(({ name, served, storage, deprecated, deprecationWarning }) => [
        name,
        served,
        storage,
        deprecated,
        deprecationWarning,
      ]),
    ).toEqual([
      ['v1', true, true, undefined, undefined],
      ['v1alpha1', true, false, true, 'use v1'],
    ]);
  });

  test('converts objects there and back, and keeps what a version cannot hold', () => {
    const converter = crd === undefined ? undefined : converterOf(crd);
    const object = {
      apiVersion: 'example.com/v1',
      kind: 'Panel',
      metadata: { name: 'a', labels: { a: 'b' } },
      spec: { width: 3, height: 4, image: 'x', level: 7 },
      status: { url: 'u', state: 'ACTIVE' },
    };
    const old = converter?.convert(object, 'example.com/v1alpha1');
    expect(old).toEqual({
      apiVersion: 'example.com/v1alpha1',
      kind: 'Panel',
      metadata: { name: 'a', labels: { a: 'b' }, annotations: { 'kro.run/kept-fields': '{"v1":[["spec/level",7]]}' } },
      spec: { size: '3x4', image: 'x' },
      status: { url: 'u', state: 'ACTIVE' },
    });
    expect(old === undefined ? undefined : converter?.convert(old, 'example.com/v1')).toEqual(object);
  });
});

test.each<[what: string, yaml: string, problems: string[]]>([
  [
    'the name of the hub',
    swap('name: v1alpha1', 'name: v1'),
    [
      'graph/api-version spec.schema.versions[0].name: the version v1 is listed twice: it is also the version of apiVersion, to which all others are converted; remove one of the two, or rename it',
    ],
  ],
  [
    'a name that is no version',
    swap('name: v1alpha1', 'name: alpha'),
    [
      'graph/api-version spec.schema.versions[0].name: "alpha" is not the name of a version; write v1, v1alpha1, v2beta3 or the like',
    ],
  ],
  [
    'a required field of the hub without a rule',
    swap(/ {4}spec.height.*\n/, ''),
    [
      'graph/conversion-required spec.schema.versions[0].convertTo: spec.height is required in v1, and an object in v1alpha1 may have no value for it; add a rule to convertTo, such as spec.height: ${…}, or give the field a default in v1',
    ],
  ],
  [
    'a field that is not named in lossy',
    swap('  lossy: [spec.level]\n', ''),
    [
      'graph/conversion-loss spec.schema.versions[0].convertFrom: spec.level of v1 is lost in v1alpha1: v1alpha1 has no such field, and no rule of convertFrom reads it; read it in a rule of convertFrom, or name it to keep it in an annotation: lossy: [spec.level]',
    ],
  ],
  [
    'a field that a rule sets from something else',
    swap('    spec.size: ', '    spec.image: x\n    spec.size: '),
    [
      'graph/conversion-loss spec.schema.versions[0].convertFrom: spec.image of v1 is lost in v1alpha1: a rule sets it from something else, and no rule of convertFrom reads it; read it in a rule of convertFrom, or name it to keep it in an annotation: lossy: [spec.image]',
    ],
  ],
  [
    'elements of which one version has fewer fields',
    `spec:
  schema:
    apiVersion: v1
    kind: Panel
    group: example.com
    spec: { ports: '[]Port', labels: 'map[string]Label' }
    types: { Port: { x: string, z: string }, Label: { a: string } }
    versions:
      - name: v1alpha1
        spec: { ports: '[]Port', labels: 'map[string]Label' }
        types: { Port: { x: string }, Label: { a: string, b: string } }
        lossy: ['spec.ports[].x', spec.ports.z]
  resources: []
`,
    [
      'graph/conversion spec.schema.versions[0].lossy[0]: spec.ports[].x is a part of the list or map spec.ports, which can only be kept as a whole; write lossy: [spec.ports]',
      'graph/conversion spec.schema.versions[0].lossy[1]: spec.ports.z is a part of the list or map spec.ports, which can only be kept as a whole; write lossy: [spec.ports]',
      'graph/conversion-loss spec.schema.versions[0]: spec.labels.*.b of v1alpha1 is lost in v1: v1 has no such field, and no rule of convertTo reads it; read it in a rule of convertTo, or name the whole of spec.labels to keep it in an annotation: lossy: [spec.labels]',
      'graph/conversion-loss spec.schema.versions[0]: spec.ports[].z of v1 is lost in v1alpha1: v1alpha1 has no such field, and no rule of convertFrom reads it; read it in a rule of convertFrom, or name the whole of spec.ports to keep it in an annotation: lossy: [spec.ports]',
    ],
  ],
  [
    'elements of which a field has another type',
    `spec:
  schema:
    apiVersion: v1
    kind: Panel
    group: example.com
    spec: { ports: '[]Port' }
    types: { Port: { name: string, port: integer } }
    versions:
      - name: v1alpha1
        spec: { ports: '[]Port' }
        types: { Port: { name: string, port: string } }
  resources: []
`,
    [
      'graph/conversion-loss spec.schema.versions[0]: spec.ports[].port of v1alpha1 is lost in v1: it has another type there, and no rule of convertTo reads it; read it in a rule of convertTo, or name the whole of spec.ports to keep it in an annotation: lossy: [spec.ports]',
      'graph/conversion-loss spec.schema.versions[0]: spec.ports[].port of v1 is lost in v1alpha1: it has another type there, and no rule of convertFrom reads it; read it in a rule of convertFrom, or name the whole of spec.ports to keep it in an annotation: lossy: [spec.ports]',
    ],
  ],
  [
    'a lossy field that no version has',
    swap('lossy: [spec.level]', 'lossy: [spec.level, spec.levle]'),
    [
      'graph/conversion spec.schema.versions[0].lossy[1]: neither version has a field "spec.levle" in its spec; did you mean spec.level?',
    ],
  ],
  [
    'a value of another type',
    swap("int(self.spec.size.split('x')[0])", "self.spec.size.split('x')[0]"),
    [
      'graph/conversion spec.schema.versions[0].convertTo["spec.width"]: spec.width of v1 is int, and the expression gives string; convert it with int(…)',
    ],
  ],
  [
    'a field of the status of another type',
    swap('  convertTo:', '  status:\n    url: integer\n  convertTo:'),
    [
      'graph/conversion spec.schema.versions[0].convertFrom: status.url has another type in v1alpha1 than in v1, so its value cannot be copied; say in convertFrom how it is converted: status.url: ${…}',
    ],
  ],
  [
    'a field that the target does not have',
    swap('spec.width: $', 'spec.widht: $'),
    [
      'graph/conversion spec.schema.versions[0].convertTo["spec.widht"]: v1 has no field spec.widht; did you mean spec.width?',
    ],
  ],
  [
    'a field that the source does not have',
    swap("self.spec.size.split('x')[0]", "self.spec.siez.split('x')[0]"),
    [
      'cel/unknown-field spec.schema.versions[0].convertTo["spec.width"]: undefined field \'siez\'; did you mean "size"?',
    ],
  ],
  [
    'the metadata',
    swap('spec.height: $', 'metadata.name: $'),
    [
      'graph/conversion spec.schema.versions[0].convertTo["metadata.name"]: "metadata.name" is not the path of a field of spec or status; write a path such as spec.size; metadata cannot be converted, and a list is converted as a whole',
    ],
  ],
  [
    'the variable of templates',
    swap('string(self.spec.height)', 'string(schema.spec.height)'),
    [
      'cel/unknown-name spec.schema.versions[0].convertFrom["spec.size"]: undeclared reference to \'schema\'; a conversion reads only self, the object in v1: write self.spec.…',
    ],
  ],
  [
    'a field with another type and without a rule',
    swap('    image: string | required=true', '    image: integer | required=true'),
    [
      'graph/conversion spec.schema.versions[0].convertTo: spec.image has another type in v1 than in v1alpha1, so its value cannot be copied; say in convertTo how it is converted: spec.image: ${…}',
      'graph/conversion spec.schema.versions[0].convertFrom: spec.image has another type in v1alpha1 than in v1, so its value cannot be copied; say in convertFrom how it is converted: spec.image: ${…}',
    ],
  ],
  [
    'a list of other objects',
    panel(
      ALPHA.replace(
        '  convertTo:',
        '    ports: "[]integer"\n  convertTo:\n    spec.ports: "${self.spec.ports}"',
      ).replace('convertFrom:', 'convertFrom:\n    spec.ports: "${self.spec.ports.map(p, int(p))}"'),
      `${SPEC}\n        ports: "[]string"`,
    ),
    [
      'graph/conversion spec.schema.versions[0].convertTo["spec.ports"]: spec.ports of v1 is list(string), and the expression gives list(int): list element type incompatible: type kind mismatch: got "int", expected "string"; convert each element, as in self.spec.ports.map(each, …)',
    ],
  ],
  [
    'a list of objects with another field',
    panel(
      ALPHA.replace('  spec:', '  types:\n    Port: { nr: integer, name: string }\n  spec:')
        .replace('  convertTo:', '    ports: "[]Port"\n  convertTo:\n    spec.ports: "${self.spec.ports}"')
        .replace(
          'convertFrom:',
          "convertFrom:\n    spec.ports: \"${self.spec.ports.map(p, {'nr': p.number, 'name': p.name})}\"",
        ),
      `${SPEC}\n        ports: "[]Port"\n      types:\n        Port: { number: integer, name: string }`,
    ),
    [
      'graph/conversion spec.schema.versions[0].convertTo["spec.ports"]: spec.ports of v1 is list(spec.ports[]), and the expression gives list(self.spec.ports[]): list element type incompatible: field "nr" exists in output but not in expected type; convert each element, as in self.spec.ports.map(each, …)',
    ],
  ],
  [
    'a field of the status that the controller writes',
    swap('  convertFrom:', '    status.state: ${self.spec.image}\n  convertFrom:'),
    [
      'graph/conversion spec.schema.versions[0].convertTo["status.state"]: status.state is written by the controller, and is the same in each version; remove the rule; conditions and the state of an instance are not converted',
    ],
  ],
  [
    'metadata',
    swap('  convertFrom:', '    metadata.name: ${self.spec.image}\n  convertFrom:'),
    [
      'graph/conversion spec.schema.versions[0].convertTo["metadata.name"]: "metadata.name" is not the path of a field of spec or status; write a path such as spec.size; metadata cannot be converted, and a list is converted as a whole',
    ],
  ],
  [
    'a warning of a version that is not deprecated',
    swap('deprecated: true', 'deprecated: false'),
    [
      'graph/api-version spec.schema.versions[0].deprecationWarning: v1alpha1 has a deprecationWarning, and is not deprecated; write deprecated: true in the same entry, or remove the warning',
    ],
  ],
  [
    'a list in place of rules',
    swap('convertFrom:\n    spec.size: ', 'convertFrom:\n    - spec.size: '),
    [
      "graph/conversion spec.schema.versions[0].convertFrom: a conversion is a map from fields to expressions, or one expression of the whole object; write spec.FIELD: ${self.spec.OTHER} for each field that changes, or ${{'spec': {…}}}",
    ],
  ],
  [
    'SimpleSchema with an error',
    swap('size: string |', 'size: strin |'),
    [
      'simpleschema/unknown-type spec.schema.versions[0].spec.size: field size: unknown type: strin; did you mean string?',
    ],
  ],
  [
    'a field whose name has a dot and that is not named in lossy',
    panel(ALPHA.replace('  lossy: [spec.level]', ''), SPEC.replace('level:', '"x.y":')),
    [
      'graph/conversion-loss spec.schema.versions[0].convertFrom: spec["x.y"] of v1 is lost in v1alpha1: v1alpha1 has no such field, and no rule of convertFrom reads it; read it in a rule of convertFrom, or name it to keep it in an annotation: lossy: [\'spec["x.y"]\']',
    ],
  ],
  [
    'a whole object with metadata',
    swap(/convertFrom:[^]*?lossy/, "convertFrom: \"${{'spec': {'size': '1x1'}, 'metadata': {'name': 'x'}}}\"\n  lossy"),
    [
      "graph/conversion spec.schema.versions[0].convertFrom: a conversion cannot set metadata: it makes the spec and the status of an object; remove 'metadata' from the expression",
    ],
  ],
  [
    'a text that looks like an expression',
    swap(/spec.size: .*/, 'spec.size: self.spec.level'),
    [
      'graph/conversion spec.schema.versions[0].convertFrom["spec.size"]: "self.spec.level" is a text, not an expression; write ${self.spec.level}',
    ],
  ],
  [
    'a constant that is null',
    swap(/spec.size: .*/, 'spec.size: null'),
    [
      'graph/conversion spec.schema.versions[0].convertFrom["spec.size"]: v1alpha1 refuses the value of spec.size: Invalid value: "null":  in body must be of type string: "null"; for a field that can be without a value, read one that can: spec.size: ${self.spec.?NAME}',
    ],
  ],
  [
    'an expression that is null',
    swap(/spec.size: .*/, 'spec.size: ${null}'),
    [
      'graph/conversion spec.schema.versions[0].convertFrom["spec.size"]: spec.size of v1alpha1 is string, and the expression gives null_type; for a field that can be without a value, write an optional: self.spec.?NAME, optional.of(…), optional.none()',
    ],
  ],
  [
    'the name of a node',
    swap(/spec.size: .*/, 'spec.size: ${config.metadata.name}'),
    [
      'cel/unknown-name spec.schema.versions[0].convertFrom["spec.size"]: undeclared reference to \'config\'; a conversion reads only self, the object in v1: write self.spec.…',
    ],
  ],
])('refuses %s', (_what, yaml, problems) => {
  expect(shown(yaml)).toEqual(problems);
});

test.each([
  ['a warning that is too long', swap('use v1', 'a'.repeat(257)), ['spec.schema.versions[0].deprecationWarning']],
  [
    'a printer column of an unknown type',
    swap('  spec:', '  additionalPrinterColumns: [{ name: Size, type: text, jsonPath: .spec.size }]\n  spec:'),
    ['spec.schema.versions[0].additionalPrinterColumns'],
  ],
  [
    'a default that is not allowed',
    panel(
      `${ALPHA.trimEnd()}\n`
        .replace('    image:', '    extra: integer | default=1 minimum=2\n    image:')
        .replace('[spec.level]', '[spec.level, spec.extra]'),
    ),
    ['spec.schema.versions[0].spec.extra'],
  ],
])('places %s in the entry of the version', (_what, yaml, paths) => {
  const refused = compiled(yaml).diagnostics.filter(({ code }) => code === 'graph/refused-crd');
  expect(refused.map(({ path }) => path)).toEqual(paths);
});

test('is refused while the gate is off', () => {
  const { versions: _versions, ...others } = TYPEKRO_FEATURES;
  expect(compiled(panel(ALPHA), others).diagnostics.map(({ code }) => code)).toEqual(['graph/feature-gate']);
});

const tried = async (yaml: string): Promise<RoundTripResult | undefined> => {
  const crd = compiled(yaml).graph?.instance.crd;
  const converter = crd === undefined ? undefined : converterOf(crd);
  return converter === undefined ? undefined : checkRoundTrips(converter, { evaluateRules: defaultRules() });
};

test.each<[what: string, yaml: string, faults: string[]]>([
  ['an exact conversion', panel(ALPHA), []],
  [
    'a value that the other version does not accept',
    panel(
      ALPHA,
      SPEC.replace(
        'height: integer | required=true minimum=0 maximum=999',
        'height: integer | required=true minimum=0',
      ),
    ),
    [
      'fromHub {"width":0,"height":1000,"image":"","level":3}: in v1alpha1 it is {"size":"0x1000","image":""}, which is invalid: spec.size: Invalid value: "0x1000": spec.size in body should match \'^(0|[1-9][0-9]{0,2})x(0|[1-9][0-9]{0,2})$\'',
    ],
  ],
  [
    'an index past the end',
    swap(' pattern="^(0|[1-9][0-9]{0,2})x(0|[1-9][0-9]{0,2})$"', ''),
    [
      'toHub {"size":"","image":""}: ${int(self.spec.size.split(\'x\')[0])}: type conversion error from \'string\' to \'int\'; it reads self.spec.size',
    ],
  ],
  [
    'a rule that reads a field, and does not keep its value',
    swap(
      '${string(self.spec.width)}x${string(self.spec.height)}',
      '"${string(self.spec.width)}x${string(self.spec.height > 9 ? 9 : self.spec.height)}"',
    ),
    [
      'fromHub {"width":0,"height":10,"image":"","level":3}: in v1alpha1 it is {"size":"0x9","image":""}, and comes back as {"width":0,"height":9,"image":"","level":3}',
      'toHub {"size":"1x10","image":"x"}: in v1 it is {"width":1,"height":10,"image":"x","level":3}, and comes back as {"size":"1x9","image":"x"}',
    ],
  ],
  [
    'a text that is cut',
    swap(
      '  convertFrom:',
      '  convertFrom:\n    spec.image: "${self.spec.image.size() > 20 ? self.spec.image.substring(0, 20) : self.spec.image}"',
    ),
    [
      `fromHub {"width":0,"height":0,"image":"${' '.repeat(21)}","level":3}: in v1alpha1 it is {"size":"0x0","image":"${' '.repeat(20)}"}, and comes back as {"width":0,"height":0,"image":"${' '.repeat(20)}","level":3}`,
      `toHub {"size":"0x1","image":"${' '.repeat(21)}"}: in v1 it is {"width":0,"height":1,"image":"${' '.repeat(21)}","level":3}, and comes back as {"size":"0x1","image":"${' '.repeat(20)}"}`,
    ],
  ],
])('finds %s with generated objects', async (_what, yaml, faults) => {
  expect(shown(yaml)).toEqual([]);
  const result = await tried(yaml);
  expect(
    result?.faults.map(({ direction, spec, message }) => `${direction} ${JSON.stringify(spec)}: ${message}`),
  ).toEqual(faults);
  expect(result?.untried).toEqual([]);
});

test('finds a list that is cut with generated objects', async () => {
  const names = 'names: "[]integer | required=true"';
  const cut = 'spec.names: "${self.spec.names.size() > 14 ? self.spec.names.slice(0, 14) : self.spec.names}"';
  const versions = ALPHA.replace('  convertTo:', `    ${names}\n  convertTo:`).replace(
    'convertFrom:',
    `convertFrom:\n    ${cut}`,
  );
  const result = await tried(panel(versions, `${SPEC}\n        ${names}`));
  expect(result?.faults.map(({ direction, message }) => [direction, message.includes('comes back as')])).toEqual([
    ['fromHub', true],
    ['toHub', true],
  ]);
});
