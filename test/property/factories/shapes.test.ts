import { type } from 'arktype';
import { expect, test } from 'vitest';
import { CompositionError, createCompositionApi } from '@typekro/sdk/compose';
import { ARGUMENT_SHAPES } from '../../../packages/sdk/src/factories/simple/argument-shapes.ts';
import { simple } from '../../../packages/sdk/src/factories/simple/index.ts';
import { SAMPLES } from './samples.ts';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

const spec = type({ name: 'string', size: 'number.integer', on: 'boolean', tags: 'string[]', db: { host: 'string' } });
type Spec = typeof spec.infer;

/** For each JSON type, a literal value and a value from the spec. */
const OTHERS: Readonly<Record<string, readonly ((s: Spec) => unknown)[]>> = {
  text: [() => 'word', (s) => s.name],
  number: [() => 7, (s) => s.size],
  flag: [() => true, (s) => s.on],
  list: [() => [['deep']], (s) => s.tags],
  object: [() => ({ a: 'b' }), (s) => s.db],
};

const factories = Object.entries(SAMPLES) as unknown as readonly [
  keyof typeof simple,
  Readonly<Record<string, readonly [unknown, unknown]>>,
][];

function refusal(
  factory: keyof typeof simple,
  args: (s: Spec) => object,
): readonly { code: string; message: string }[] {
  try {
    kubernetesComposition({ name: 'shaped', spec }, ((s: Spec) => {
      (simple[factory] as (config: object) => unknown)(args(s));
    }) as never);
    return [];
  } catch (error) {
    if (!(error instanceof CompositionError)) throw error;
    return error.diagnostics;
  }
}

test.each(factories)(
  'every argument of %s has a shape, and a value of another shape is refused with a message',
  (factory, samples) => {
    const fitting = Object.fromEntries(Object.entries(samples).map(([name, [value]]) => [name, value]));
    for (const name of Object.keys(samples)) {
      const shape = ARGUMENT_SHAPES[name];
      if (shape === undefined) throw new Error(`${name} has no shape`);
      for (const [other, values] of Object.entries(OTHERS)) {
        if ((shape.takes as readonly string[]).includes(other)) continue;
        const scalars = [other, ...shape.takes].filter((each) => /^(?:text|number|flag)$/.test(each));
        // A scalar of the spec with the wrong scalar type is refused at the field that gets it, not at the argument.
        for (const value of scalars[0] === other && scalars.length > 1 ? values.slice(0, 1) : values) {
          const found = refusal(factory, (s) => ({ ...fitting, [name]: value(s) }));
          expect(
            found.map(({ code }) => code),
            `${factory} ${name} ${other}`,
          ).toEqual(['trace/argument']);
          expect(found[0]?.message).toMatch(new RegExp(`^${name}(?:\\[0\\])? of \\w+ takes .*, not .*$`));
        }
      }
    }
  },
);

const refusals: readonly (readonly [keyof typeof simple, string, unknown, message: string, hint: string])[] = [
  [
    'Service',
    'ports',
    ['80/TCP'],
    'ports[0] of Service takes a number or an object, not the string "80/TCP"',
    "ports: [{ port: 80, protocol: 'TCP' }]",
  ],
  [
    'Service',
    'ports',
    '8080:80',
    'ports of Service takes a list, not the string "8080:80"',
    'ports: [{ port: 8080, targetPort: 80 }]',
  ],
  ['Deployment', 'ports', '8080', 'ports of Deployment takes a list, not the string "8080"', 'ports: [8080]'],
  ['Deployment', 'replicas', 'two', 'replicas of Deployment takes a number, not the string "two"', 'replicas: 2'],
  ['Deployment', 'replicas', '3', 'replicas of Deployment takes a number, not the string "3"', 'replicas: 3'],
  ['Deployment', 'labels', ['a=b'], 'labels of Deployment takes an object, not a list', "labels: { a: 'b' }"],
  [
    'Deployment',
    'command',
    'sh -c date',
    'command of Deployment takes a list, not the string "sh -c date"',
    "command: ['sh', '-c', 'date']",
  ],
  [
    'Service',
    'selector',
    'app=web,tier=front',
    'selector of Service takes an object, not the string "app=web,tier=front"',
    "selector: { app: 'web', tier: 'front' }",
  ],
];

test.each(refusals)('%s refuses a wrong %s, and the hint has a correct one', (factory, name, value, message, hint) => {
  const sample = (SAMPLES as unknown as Record<string, Record<string, readonly unknown[]>>)[factory] ?? {};
  const args = Object.fromEntries(Object.entries(sample).map(([key, [first]]) => [key, first]));
  expect(refusal(factory, () => ({ ...args, [name]: value }))).toEqual([
    expect.objectContaining({ code: 'trace/argument', message, hint: `write ${hint}` }),
  ]);
});
