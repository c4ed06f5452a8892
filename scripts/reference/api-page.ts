import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { markdownTable } from '../markdown-table.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The entry points that the page describes, each with its purpose. The entry points for other projects (`typekro/flux`,
 * …) have pages below `docs/factories`. The names of TypeKro 0.33 are in the migration guide.
 */
const ENTRIES: Readonly<Record<string, string>> = {
  '.': 'Compositions, and the factories that deploy them.',
  './simple': 'Factories with few arguments for common kinds.',
  './aspects': 'Changes of the resources of a composition from outside.',
  './cel': 'The Common Expression Language with the libraries of kro.',
  './graph': 'The compiler of definitions.',
  './kube': 'A client of the Kubernetes API.',
  './controller': 'The controller.',
  './testing': 'Clusters for tests.',
  './plugin': 'The plugin for bundlers.',
  './webpack-loader': 'The loader for webpack.',
};

interface Entry {
  readonly name: string;
  readonly form: string;
  readonly summary: string;
}

/**
 * `docs/reference/api.md`: every export of the entry points with the first sentence of its comment.
 *
 * @throws Error when an export has no comment.
 */
export function apiPage(): string {
  const { checker, modules } = openEntries(Object.keys(ENTRIES));
  const undescribed: string[] = [];
  const sections = Object.entries(ENTRIES).map(([entry, purpose], index) => {
    const name = entry.replace(/^\./, 'typekro');
    const found = (modules[index] ?? []).map((symbol) => entryOf(symbol, checker));
    undescribed.push(...found.filter(({ summary }) => summary === '').map((each) => `${name}: ${each.name}`));
    const rows = found
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((each) => [`\`${each.name}\``, each.form, each.summary]);
    return `## ${name}\n\n${purpose}\n\n${markdownTable(['export', 'form', 'what it is'], rows)}`;
  });
  if (undescribed.length > 0) throw new Error(`exports without a comment:\n${undescribed.join('\n')}`);
  return `# The library

\`npm run docs\` writes this page from the comments of the declarations. Your editor shows the whole comment. [The factories
of projects](../factories/projects.md) have pages of their own.

${sections.join('\n\n')}

## What can go wrong

- **An import has no such export.** The names of TypeKro 0.33 are in [the migration guide](../migrating-from-typekro-sdk.md).
- **TypeScript does not find \`typekro/…\`.** Set \`moduleResolution\` to \`nodenext\` or \`bundler\`.
`;
}

/**
 * Reads the declarations of entry points of the package.
 *
 * @throws Error when an entry point has no declarations.
 */
export function openEntries(entries: readonly string[]): {
  readonly checker: ts.TypeChecker;
  /** The exports of each entry point. */
  readonly modules: readonly (readonly ts.Symbol[])[];
} {
  const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly types: string }>>;
  };
  const files = entries.map((entry) => ROOT + (exports[entry]?.types ?? '').replace(/^\.\//, ''));
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    skipLibCheck: true,
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  const modules = files.map((file, index) => {
    const source = program.getSourceFile(file);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${entries[index]} has no declarations; run npm run build`);
    return checker.getExportsOfModule(module);
  });
  return { checker, modules };
}

function entryOf(symbol: ts.Symbol, checker: ts.TypeChecker): Entry {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const own = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const text =
    own || ts.displayPartsToString(target.getDocumentationComment(checker)) || otherComment(symbol, target, checker);
  return { name: symbol.name, form: formOf(target), summary: firstSentence(text) };
}

/**
 * Returns the text of the `@deprecated` tag for a removed name, and the comment before `export * as` for a namespace.
 */
function otherComment(symbol: ts.Symbol, target: ts.Symbol, checker: ts.TypeChecker): string {
  const tag = target.getJsDocTags().find(({ name }) => name === 'deprecated');
  if (tag !== undefined) return ts.displayPartsToString(tag.text);
  const statement = namespaceExport(symbol, checker)?.parent;
  const text = statement?.getSourceFile().text.slice(statement.getFullStart(), statement.getStart()) ?? '';
  return /\/\*\* ([\s\S]*?) \*\//.exec(text)?.[1] ?? '';
}

function formOf({ flags }: ts.Symbol): string {
  if (flags & ts.SymbolFlags.Class) return 'class';
  if (flags & ts.SymbolFlags.Function) return 'function';
  if (flags & ts.SymbolFlags.Interface) return 'interface';
  if (flags & ts.SymbolFlags.TypeAlias) return 'type';
  if (flags & ts.SymbolFlags.Namespace) return 'namespace';
  return 'value';
}

/**
 * Returns the first sentence on one line. A dot in a number, in a code span or after `e.g` does not end the sentence.
 */
function firstSentence(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('<', '&lt;').trim();
  return /^(?:`[^`]*`|[^`])*?(?<!\b(?:e\.g|i\.e))[.:](?= [A-Z`]|$)/.exec(line)?.[0].replace(/:$/, '.') ?? line;
}

/** The `export * as` of a namespace, which an entry point can export again. */
function namespaceExport(symbol: ts.Symbol | undefined, checker: ts.TypeChecker): ts.Node | undefined {
  if (symbol === undefined || !(symbol.flags & ts.SymbolFlags.Alias)) return undefined;
  const found = symbol.declarations?.find((each) => ts.isNamespaceExport(each));
  return found ?? namespaceExport(checker.getImmediateAliasedSymbol(symbol), checker);
}
