import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(`${ROOT}docs/controller-log.md`, 'utf8');

/** The rows of the table below a heading, each as a list of cells. */
function tableBelow(heading: string): string[][] {
  const [, section = ''] = page.split(`## ${heading}\n`);
  const lines = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** A message of the log with its levels, and the types of its fields. The name of an optional field ends with `?`. */
interface Entry {
  readonly message: string;
  readonly levels: readonly string[];
  readonly fields: ReadonlyMap<string, string>;
}

/** Every log entry that the controller can write. Reads the arguments of each call of `Logger.log` from their types. */
function writtenEntries(): Entry[] {
  const config = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent({ ...config.config, files: [] }, ts.sys, ROOT);
  const program = ts.createProgram([`${ROOT}packages/controller/src/controller/run-controller.ts`], {
    ...options,
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const entries: Entry[] = [];
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    const { expression: receiver, name } = node.expression;
    if (name.text !== 'log' || checker.getTypeAtLocation(receiver).getSymbol()?.name !== 'Logger') return;
    const [level, message, fields] = node.arguments;
    if (level === undefined || message === undefined) return;
    for (const text of textsOf(checker.getTypeAtLocation(message))) {
      const types = fields === undefined ? new Map<string, string>() : fieldsOf(checker, fields);
      entries.push({
        message: text ?? '…',
        levels: textsOf(checker.getTypeAtLocation(level)).map(String),
        fields: types,
      });
    }
  };
  for (const file of program.getSourceFiles()) {
    if (file.fileName.startsWith(`${ROOT}packages/`)) ts.forEachChild(file, visit);
  }
  return entries;
}

const partsOf = (type: ts.Type): readonly ts.Type[] => (type.isUnion() ? type.types : [type]);

/** The values of a string literal type. `undefined` for a string type that is not literal. */
const textsOf = (type: ts.Type): (string | undefined)[] =>
  partsOf(type).map((part) => (part.isStringLiteral() ? part.value : undefined));

function fieldsOf(checker: ts.TypeChecker, expression: ts.Expression): Map<string, string> {
  const parts = partsOf(checker.getTypeAtLocation(expression));
  const fields = new Map<string, string>();
  const names = new Set(parts.flatMap((part) => part.getProperties().map(({ name }) => name)));
  for (const name of names) {
    const types = parts
      .map((part) => part.getProperty(name))
      .map((property) => ({
        isOptional: property === undefined || (property.flags & ts.SymbolFlags.Optional) !== 0,
        type: property === undefined ? undefined : checker.getTypeOfSymbolAtLocation(property, expression),
      }));
    const values = types.flatMap(({ type }) => (type === undefined ? [] : partsOf(type)));
    const isOptional = types.some(({ isOptional }) => isOptional) || values.some(isUndefined);
    const isNumber = values.some((value) => (value.flags & ts.TypeFlags.NumberLike) !== 0);
    fields.set(isOptional ? `${name}?` : name, isNumber ? 'number' : 'text');
  }
  return fields;
}

const isUndefined = ({ flags }: ts.Type): boolean => (flags & ts.TypeFlags.Undefined) !== 0;

const entries = writtenEntries();

test('the page lists exactly the messages of the controller, with their levels and fields', () => {
  const sorted = (rows: readonly string[]) => rows.toSorted();
  const written = entries.map(({ message, levels, fields }) =>
    [message, levels.toSorted().join(', '), [...fields.keys()].toSorted().join(', ')].join(' | '),
  );
  const described = tableBelow('Entries').map(([message = '', levels = '', fields = '']) => {
    const names = fields === '' ? [] : fields.split(', ').map((field) => field.replaceAll('`', ''));
    return [message.replaceAll('`', ''), levels, names.toSorted().join(', ')].join(' | ');
  });
  expect(sorted(described)).toEqual(sorted(written));
});

test('the page lists exactly the fields of the messages, with their types', () => {
  const types = new Map<string, Set<string>>([
    ['time', new Set(['text'])],
    ['level', new Set(['text'])],
    ['message', new Set(['text'])],
  ]);
  for (const { fields } of entries) {
    for (const [name, type] of fields) {
      const key = name.replace(/\?$/, '');
      types.set(key, (types.get(key) ?? new Set()).add(type));
    }
  }
  const written = [...types].map(([name, each]) => `${name} ${[...each].join(', ')}`);
  const described = tableBelow('Fields').map(([name = '', type = '']) => `${name.replaceAll('`', '')} ${type}`);
  expect(described.toSorted()).toEqual(written.toSorted());
});
