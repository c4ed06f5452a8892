import { expect, test } from 'vitest';
import { interpretModule } from './interpret-module.ts';
import { createCompositionApi } from './composition-object.ts';
import { CompositionError } from './refusal/refusal.ts';
import { createResource } from './resources/create-resource.ts';
import { defineFactory } from './value/native-functions.ts';

/** The values that the source text of a module passes to `note`. */
function notedBy(text: string): unknown[] {
  const noted: unknown[] = [];
  const note = defineFactory((value: unknown) => {
    noted.push(value);
    return value;
  });
  const api = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('not used')) });
  const kubernetesComposition = defineFactory(api.kubernetesComposition as (...args: never[]) => unknown);
  const ConfigMap = defineFactory((fields: object) =>
    createResource({ apiVersion: 'v1', kind: 'ConfigMap', ...fields }),
  );
  interpretModule({ text, file: 'a.ts', modules: new Map([['m', { note, kubernetesComposition, ConfigMap }]]) });
  return noted;
}

const COMPOSITION = `kubernetesComposition(
  { name: 'a', kind: 'A', apiVersion: 'v1', spec: { type: 'object', properties: { b: { type: 'string' } }, required: ['b'] } }, (spec) => {
  ConfigMap({ metadata: { name: prefix(spec.b) } });
})`;

test.each<[string, string, unknown]>([
  ['an import', "import { note } from 'm'; note(1);", 1],
  ['an import under another name', "import { note as n } from 'm'; n(1);", 1],
  ['an import of all exports', "import * as m from 'm'; m.note(1);", 1],
  [
    'exported declarations',
    "import { note } from 'm'; export const a = 2; export function f() { return a; } note(f());",
    2,
  ],
  ['a default export', "import { note } from 'm'; export default note(3);", 3],
  [
    'a function that is the default export',
    "import { note } from 'm'; note(f()); export default function f() { return 3; }",
    3,
  ],
  ['a default export without a name', "import { note } from 'm'; export default function () {} note(3);", 3],
  ['a loop and a list', "import { note } from 'm'; let a = 0; for (const b of [1, 2]) a += b; note(a);", 3],
  [
    'an own key with the name constructor',
    "import { note } from 'm'; const a = { constructor: 4 }; note(a.constructor);",
    4,
  ],
  ['a frozen object of the module', "import { note } from 'm'; note(Object.freeze({ a: 1 }).a);", 1],
  ['globals of the language', "import { note } from 'm'; note(JSON.stringify(Object.keys({ a: 1 })));", '["a"]'],
])('%s is interpreted', (_, text, value) => {
  expect(notedBy(text)).toEqual([value]);
});

test('a composition reads the functions and constants of its module', () => {
  const text = `import { note, kubernetesComposition, ConfigMap } from 'm';
const prefix = (name) => \`x-\${name}\`;
note(${COMPOSITION}.toYaml());`;
  expect(notedBy(text)).toEqual([expect.stringContaining('name: x-${schema.spec.b}')]);
});

test.each<[string, string, string, number]>([
  ['another module', "import a from 'fs';", 'fs cannot be imported here', 1],
  ['an unknown export', "import { a } from 'm';", 'm has no export a', 1],
  ['a global of the host', 'const a = 1;\nprocess.exit(1);', 'process is not available to this module', 2],
  ['the global object', 'globalThis.a = 1;', 'globalThis is not available to this module', 1],
  [
    'a resource outside of a composition',
    "import { ConfigMap } from 'm';\n\nConfigMap({ metadata: { name: 'a' } });",
    'outside of a composition',
    3,
  ],
  ['the constructor of a function', "\n[].map.constructor('return 1')();", 'constructor is not available', 2],
  ['a constructor by a computed key', "const k = 'construct';\n[][k + 'or'];", 'constructor is not available', 2],
  ['a constructor by a pattern', '\nconst { constructor } = {};', 'constructor is not available', 2],
  ['a prototype that is read as a member', '\n({}).__proto__;', '__proto__ is not available', 2],
  ['a getter from __defineGetter__', "\n({}).__defineGetter__('a', () => 1);", '__defineGetter__ is not available', 2],
  [
    'a constructor by its descriptor',
    "\nconst [f] = Object.values(Object.getOwnPropertyDescriptor(Object.getPrototypeOf([].map), 'constructor'));\nf('return 1');",
    'Function would run a string as code',
    2,
  ],
  [
    'a definition on a prototype',
    "\nObject.defineProperty(Array.prototype, 'a', { value: 1 });",
    'Object.defineProperty() would change',
    2,
  ],
  ['another prototype', '\nObject.setPrototypeOf(Array.prototype, null);', 'Object.setPrototypeOf() would change', 2],
  ['new members of a prototype', '\nObject.assign(Array.prototype, { a: 1 });', 'Object.assign() would change', 2],
  [
    'a stack that is captured into a prototype',
    '\nError.captureStackTrace(Object.prototype);',
    'Error.captureStackTrace() would change',
    2,
  ],
  ['a frozen global', '\nObject.freeze(JSON);', 'Object.freeze() would change', 2],
  ['a global function that changes objects', '\n[Array.prototype].forEach(Object.freeze);', 'Object.freeze', 2],
  ['a write to a prototype', '\nArray.prototype.a = 1;', 'an object outside the composition is changed', 2],
  ['a prototype that gets an element', '\nArray.prototype.push(1);', 'an object outside the composition is changed', 2],
  [
    'the constructor in a composition',
    `import { kubernetesComposition, ConfigMap } from 'm';
const prefix = (name) => [].map.constructor('return 1')();
${COMPOSITION};`,
    'constructor is not available',
    2,
  ],
  ['a mistake of syntax', '\nconst = 1;', 'Unexpected token', 2],
  ['an error of the author', "\nthrow new Error('no');", 'no', 2],
])('%s is refused, with its line', (_, text, message, line) => {
  let thrown: unknown;
  try {
    notedBy(text);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(CompositionError);
  const [problem] = (thrown as CompositionError).diagnostics;
  expect(problem?.message).toContain(message);
  expect(problem?.source).toMatchObject({ file: 'a.ts', line });
});
