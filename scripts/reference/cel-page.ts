import { KRO_LIBRARIES, math, network, nowLibrary, propagation, sets, standardLibrary } from '@typekro/cel';
import type { FunctionDeclaration, Library, Macro, Overload } from '../../packages/cel/src/library.ts';
import { typeToString } from '../../packages/cel/src/types.ts';
import { markdownTable } from '../markdown-table.ts';

/** The libraries that a feature gate of the controller turns on. */
const GATED: readonly Library[] = [nowLibrary, math, sets, network, propagation];

/**
 * The purpose of each library, keyed by the library's name. Each library needs an entry, and each entry needs a
 * library.
 */
const PURPOSES: Readonly<Record<string, string>> = {
  stdlib: 'Operators, conversions, sizes, tests of strings, and the parts of times.',
  comprehensions: 'Macros over lists and maps with two variables: index or key, and value.',
  'cel.lib.ext.lists': 'Functions that slice, sort and flatten lists.',
  'cel.lib.ext.strings': 'Functions that search, split, replace and format strings.',
  bindings: '`cel.bind(name, value, expression)` names a value.',
  optional: 'Values that may be absent: `a.?b`, `list[?0]`, `.orValue(…)`.',
  'cel.lib.ext.encoders': 'Base64 and JSON.',
  'kubernetes.lists': "Kubernetes' functions for lists of numbers and strings.",
  'kubernetes.urls': 'URLs and their parts.',
  'kubernetes.regex': 'Matches of RE2 patterns.',
  'kubernetes.quantity': 'Quantities such as `500m` and `2Gi`.',
  'kubernetes.net.ip': 'IP addresses.',
  'kubernetes.net.cidr': 'Networks in CIDR notation.',
  'kubernetes.Semver': 'Versions.',
  random: 'Values that look random and depend only on the seed.',
  'cel.lib.ext.maps': 'Functions that merge maps.',
  json: 'Conversions between values and JSON strings.',
  hash: 'Hashes of strings.',
  'kro.lists': 'Lists with one element set, inserted or removed.',
  'kro.omit': 'A field whose value is `omit()` is left out.',
  'kro.runtime': 'Conditions for the status of an instance.',
};

/** `docs/reference/cel.md`: every function and macro of expressions, with its signatures. */
export function celPage(): string {
  const libraries = [standardLibrary, ...KRO_LIBRARIES];
  const names = libraries.map(({ name }) => name);
  const missing = names.filter((name) => !Object.hasOwn(PURPOSES, name));
  const stale = Object.keys(PURPOSES).filter((name) => !names.includes(name));
  if (missing.length + stale.length > 0) {
    throw new Error(
      `PURPOSES of cel-page.ts lacks ${missing.join(', ') || 'nothing'}; stale: ${stale.join(', ') || 'none'}`,
    );
  }
  return `# Functions of expressions

An expression in \`\${…}\` may use these functions and macros. \`npm run docs\` writes this page from the libraries of the
engine. \`a.f(b)\` is a function that is called on a value. A type whose whole name is one
capital letter, such as \`A\`, stands for any type. Operators have \`_\` in the places of their operands; \`_[_]\` is \`a[b]\`.

${libraries.map((library) => sectionOf(library, PURPOSES[library.name] ?? '')).join('\n\n')}

## Behind a feature gate

The controller has these functions only when \`--feature-gates\` turns them on: [flags](../controller.md#flags).

${functionTable(GATED)}

## What can go wrong

- **\`no such overload\`.** The function exists, but not for these types. The table has its signatures. Convert a value:
  \`string(…)\`, \`int(…)\`.
- **\`undeclared reference\`.** The name is misspelt, no node has this id, or a gate is off.
- **\`no such key\`.** The field is absent. Write \`a.?b.orValue(…)\`.
`;
}

function sectionOf(library: Library, purpose: string): string {
  return `## ${library.name}\n\n${purpose}\n\n${functionTable([library])}`;
}

function functionTable(libraries: readonly Library[]): string {
  const functions = libraries.flatMap(({ functions = [] }) => functions.filter(isForAuthors).map(functionRow));
  const macros = libraries.flatMap(({ macros = [] }) => macros.map(macroRow));
  return markdownTable(['name', 'signatures'], [...functions, ...macros]);
}

/** The name of the function of the operator `in`. */
const IN = '@in';

/**
 * Can authors call the function? Except for the operator `in`, only the expansions of macros call functions whose names
 * begin with `@`.
 */
const isForAuthors = ({ name }: FunctionDeclaration): boolean => name === IN || !/^@|\.@/.test(name);

function functionRow({ name, overloads }: FunctionDeclaration): string[] {
  return [
    `\`${name === IN ? 'in' : name}\``,
    overloads.map((overload) => `\`${signatureOf(name, overload)}\``).join('<br>'),
  ];
}

/** Matches the name of an operator, which has an underscore for each operand. No other function has one in its name. */
const OPERATOR = /_/;

function signatureOf(name: string, { member, params, result }: Overload): string {
  const types = params.map((type) => typeToString(type));
  const pattern = name === IN ? '_in_' : name;
  const call = OPERATOR.test(pattern)
    ? pattern
        .split('_')
        .reduce((text, part, index) => `${text} ${types[index - 1] ?? ''} ${part}`)
        .replace(/ (\[\??) (.*) \]$/, '$1$2]')
        .trim()
    : member === true
      ? `${types[0] ?? ''}.${name}(${types.slice(1).join(', ')})`
      : `${name}(${types.join(', ')})`;
  return `${call} → ${typeToString(result)}`.replaceAll(/\s+/g, ' ').replaceAll('google.protobuf.', '');
}

function macroRow({ name, member, args }: Macro): string[] {
  const list = args === undefined ? '…' : Array.from({ length: args }, (_, index) => `a${index + 1}`).join(', ');
  return [`\`${name}\``, `macro \`${member ? 'x.' : ''}${name}(${list})\``];
}
