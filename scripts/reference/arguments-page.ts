import { type JsonValue, isJsonObject, jsonEquals, TypeKroError } from '@typekro/kit/core';
import { kubernetesComposition } from '@typekro/sdk';
import { type } from 'arktype';
import ts from 'typescript';
import { parse } from 'yaml';
import { ARGUMENT_SHAPES } from '../../packages/sdk/src/factories/simple/argument-shapes.ts';
import { simple } from '../../packages/sdk/src/factories/simple/simple.ts';
import { markdownTable } from '../markdown-table.ts';
import { openEntries } from './api-page.ts';

/** An argument of a factory, or a member of an object that an argument contains. */
interface Argument {
  readonly name: string;
  /** The type as the source has it. */
  readonly type: string;
  readonly isRequired: boolean;
  readonly comment: string;
}

/**
 * `docs/reference/simple.md`: the arguments of every factory of `typekro/simple`. Types, defaults and descriptions are
 * those of the declarations. The fields come from calls of the factory with and without each argument.
 *
 * @throws Error when an argument has no comment, or changes no field.
 */
export function argumentsPage(): string {
  const { checker, modules } = openEntries(['./simple']);
  const exported = new Map(modules.flat().map((symbol) => [symbol.name, targetOf(symbol, checker)]));
  const problems: string[] = [];
  const shapes = new Map<string, readonly Argument[]>();
  const addShapes = (types: readonly Argument[]): void => {
    for (const name of types.flatMap((each) => each.type.match(/\b[A-Z]\w+/g) ?? [])) {
      const symbol = exported.get(name);
      if (symbol === undefined || shapes.has(name) || !(symbol.flags & ts.SymbolFlags.Interface)) continue;
      shapes.set(name, membersOf(checker.getDeclaredTypeOfSymbol(symbol), checker));
      addShapes(shapes.get(name) ?? []);
    }
  };
  const factories = Object.entries(simple).map(([factory, make]) => {
    const known = argumentsOf(exported.get(factory), checker);
    const fields = new Map(known.map((each) => [each.name, fieldsOf(make, known, each)]));
    // The kinds that are ready as soon as they exist refuse `waitForReady`.
    const taken = known.filter(({ name }) => name !== 'waitForReady' || fields.get(name) !== undefined);
    addShapes(taken);
    const rows = taken.map((each) => {
      const paths = fields.get(each.name) ?? [];
      if (paths.length === 0) problems.push(`${factory}: ${each.name} changes no field`);
      const [name, written, fallback, text] = cellsOf(each);
      return [name, written, fallback, paths.join(', '), text];
    });
    problems.push(...undescribed(factory, taken));
    return `## ${factory}\n\n${markdownTable(['argument', 'type', 'default', 'becomes', 'what it is'], rows)}`;
  });
  const objects = [...shapes].map(([name, members]) => {
    problems.push(...undescribed(name, members));
    return `## ${name}\n\n${markdownTable(['member', 'type', 'default', 'what it is'], members.map(cellsOf))}`;
  });
  if (problems.length > 0) throw new Error(`arguments of typekro/simple:\n${problems.join('\n')}`);
  return `# Arguments of the simple factories

\`npm run docs\` writes this page: the arguments of every factory of [\`typekro/simple\`](../factories/simple.md), and the
fields that each of them sets. The objects inside of the arguments follow the factories.

${[...factories.sort(), ...objects.sort()].join('\n\n')}

## What can go wrong

- **A factory "has no argument" with this name.** [\`typekro/kubernetes\`](../factories/kubernetes.md) has every field.
- **The value of an argument is refused.** The message shows a correct value for this argument.
`;
}

function targetOf(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** The arguments of a factory: the members of its only parameter, or several parameters. */
function argumentsOf(factory: ts.Symbol | undefined, checker: ts.TypeChecker): readonly Argument[] {
  if (factory === undefined)
    throw new Error('typekro/simple has other exports than its declarations; run npm run build');
  const parameters = checker.getTypeOfSymbol(factory).getCallSignatures()[0]?.parameters ?? [];
  const [first] = parameters;
  if (parameters.length === 1 && first !== undefined) return membersOf(checker.getTypeOfSymbol(first), checker);
  const comments = new Map(
    factory
      .getJsDocTags(checker)
      .filter(({ name }) => name === 'param')
      .map(({ text = [] }) => [text[0]?.text, ts.displayPartsToString(text.slice(1)).trim()]),
  );
  return parameters.map((each) => ({ ...argumentOf(each, checker), comment: comments.get(each.name) ?? '' }));
}

function membersOf(owner: ts.Type, checker: ts.TypeChecker): readonly Argument[] {
  return checker.getPropertiesOfType(owner).map((each) => argumentOf(each, checker));
}

function argumentOf(symbol: ts.Symbol, checker: ts.TypeChecker): Argument {
  const [declaration] = symbol.declarations ?? [];
  if (declaration === undefined || !(ts.isPropertySignature(declaration) || ts.isParameter(declaration)))
    throw new Error(`${symbol.name} is declared neither as a property nor as a parameter`);
  const file = declaration.getSourceFile();
  const written = (declaration.type?.getText() ?? '').replaceAll(/\b[A-Z]\w+/g, (name) => {
    const [alias] = checker.resolveName(name, declaration, ts.SymbolFlags.TypeAlias, false)?.declarations ?? [];
    const isOwn = alias !== undefined && ts.isTypeAliasDeclaration(alias) && alias.getSourceFile() === file;
    return isOwn ? alias.type.getText() : name;
  });
  return {
    name: symbol.name,
    type: written
      .replaceAll(/\/\*\*.*?\*\/|\breadonly | \| undefined/g, '')
      .replaceAll(/\bReadonly<(Record<[^<>]*>)>/g, '$1')
      .replaceAll(/\s+/g, ' '),
    isRequired: declaration.questionToken === undefined,
    comment: ts.displayPartsToString(symbol.getDocumentationComment(checker)).replaceAll(/\s+/g, ' '),
  };
}

const undescribed = (owner: string, members: readonly Argument[]): string[] =>
  members.filter(({ comment }) => comment === '').map(({ name }) => `${owner}: ${name} has no comment`);

/** The cells for name, type, default and description. The default is a sentence or the end of one in the comment. */
function cellsOf({ name, type: written, isRequired, comment }: Argument): [string, string, string, string] {
  const stated =
    / Default(?: of the API server)?:? (.+?)\.(?= |$)/.exec(comment) ?? /; ([^;]+?) when absent(?=\.)/.exec(comment);
  const [sentence = '', fallback = ''] = stated ?? [];
  return [`\`${name}\``, `\`${written}\``, isRequired ? 'required' : fallback, comment.replace(sentence, '')];
}

/**
 * The fields that an argument sets: the difference between the node with and without it. Undefined when the factory
 * refuses the argument.
 */
function fieldsOf(
  make: (...args: never[]) => unknown,
  known: readonly Argument[],
  argument: Argument,
): readonly string[] | undefined {
  const isOneObject = known.some(({ name }) => name === 'id');
  const nodeWith = (given: Readonly<Record<string, JsonValue>>): JsonValue | undefined => {
    const { spec } = kubernetesComposition({ name: 'page', kind: 'Page', spec: type({}) }, () => {
      Reflect.apply(make, undefined, isOneObject ? [given] : known.map(({ name }) => given[name]));
      return {};
    }).toDefinition();
    return isJsonObject(spec) && Array.isArray(spec['resources']) ? spec['resources'][0] : undefined;
  };
  const required = known.filter(({ isRequired }) => isRequired).map((each) => [each.name, sampleOf(each)]);
  const base = { ...(isOneObject ? { id: 'node' } : {}), ...Object.fromEntries(required) };
  const sample = varied(sampleOf(argument));
  try {
    const paths = changed(nodeWith(base), nodeWith({ ...base, [argument.name]: sample }));
    // A member of a list stands for the list, and a new entry of a map for the map.
    const places = paths.map((path) => {
      const [list] = path.split(new RegExp(String.raw`(?<=\.${argument.name})\[`));
      const [, key = ''] = /\.(\w+)$/.exec(path) ?? [];
      return isJsonObject(sample) && Object.hasOwn(sample, key) ? path.slice(0, -key.length - 1) : (list ?? path);
    });
    return [...new Set(places)].map((path) =>
      path.startsWith('template.') ? `\`${path.slice('template.'.length)}\`` : `\`${path}\` of the node`,
    );
  } catch (error) {
    if (argument.name === 'waitForReady' && error instanceof TypeKroError) return undefined;
    throw error;
  }
}

/** A value that the factories accept for an argument: that of the remedy for a wrong one. */
function sampleOf({ name, type: written }: Argument): JsonValue {
  const shape = ARGUMENT_SHAPES[name];
  if (shape === undefined) return written.startsWith('Record') ? { tier: 'web' } : name;
  return parse(shape.example(undefined, '').replaceAll(' … ', '')) as JsonValue;
}

/** Changes the numbers and the strings of a value. */
function varied(value: JsonValue): JsonValue {
  if (typeof value === 'string')
    return /\d/.test(value) ? value.replace(/\d/, (digit) => `${Number(digit) + 1}`) : `${value}2`;
  if (typeof value === 'number') return value + 1;
  if (Array.isArray(value)) return value.map(varied);
  return isJsonObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, varied(each as JsonValue)]))
    : value;
}

/** The paths at which two values differ. */
function changed(before: JsonValue | undefined, after: JsonValue | undefined, path = ''): string[] {
  if (jsonEquals(before, after)) return [];
  if (isJsonObject(before) && isJsonObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) => changed(before[name], after[name], path === '' ? name : `${path}.${name}`));
  }
  if (!Array.isArray(before) || !Array.isArray(after)) return [path];
  return after.flatMap((each, index) => changed(before[index], each, `${path}[${index}]`));
}
