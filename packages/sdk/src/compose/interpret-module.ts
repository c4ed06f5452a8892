import { parse } from 'acorn';
import type { AnyNode, ArrowFunctionExpression, ImportDeclaration, Program, Statement } from 'acorn';
import { type Diagnostic, type SourcePosition, LineIndex } from '@typekro/kit/core';
import { syntaxErrorOf } from '../javascript/index.ts';
import { callClosure } from './interp/functions.ts';
import { siteOf } from './interp/env.ts';
import { treeInterpreter } from './interp/tree-interpreter.ts';
import { diagnosticOf } from './refusal/diagnostics.ts';
import { CompositionError, Refusal, refusalOf, refuse } from './refusal/refusal.ts';
import { withProviders } from './source/current-run.ts';
import { compositionError } from './trace-composition.ts';
import { Trace } from './trace/trace.ts';
import { withTrace } from './trace/current-trace.ts';
import type { Unit } from './value/closure.ts';

/** A module of compositions, for a host that must not execute the module's code natively. */
export interface ModuleText {
  /** The module as JavaScript. Spaces in place of removed types keep the positions of a TypeScript source. */
  readonly text: string;
  /** The name of the file, for the positions of problems. */
  readonly file: string;
  /** The modules that the text may import, with their exports. The import of any other module is refused. */
  readonly modules: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** The globals that a module may read. All others could reach the host or the network, or differ between runs. */
const GLOBALS: ReadonlySet<string> = new Set(
  (
    'undefined NaN Infinity Object Array String Number Boolean Math JSON Map Set Symbol Error TypeError RangeError ' +
    'parseInt parseFloat isNaN isFinite encodeURIComponent decodeURIComponent btoa atob console'
  ).split(' '),
);

/**
 * Interprets a module with the interpreter of compositions: nothing of its text runs as JavaScript of the host. The
 * exports of `modules` run natively, and so do the allowed globals. The module cannot read `constructor` and similar
 * members of the host's objects, call a function that turns a string into code, or change an object that the module did
 * not make.
 *
 * @throws CompositionError with all parts that cannot be interpreted, and with the refusals of the compositions.
 */
export function interpretModule({ text, file, modules }: ModuleText): void {
  const lines = new LineIndex(text, file);
  const locate = (offset: number): SourcePosition => lines.position(offset);
  const program = parseModule(text, file, locate);
  const names = new Map<string, unknown>();
  const unit: Unit = { text, shift: 0, lookup: (name) => lookUp(names, name), locate };
  const trace = new Trace(true, treeInterpreter);
  trace.isConfined = true;
  withProviders(() =>
    withTrace(trace, () => {
      const refusals = program.body.flatMap((statement) =>
        statement.type === 'ImportDeclaration' ? bindImports(statement, unit, modules, names) : [],
      );
      if (refusals.length > 0) throw new CompositionError(refusals.map(diagnosticOf), `${file} cannot be interpreted`);
      try {
        callClosure(
          treeInterpreter,
          { node: bodyOf(program), scope: undefined, unit, self: { value: undefined, known: true } },
          { value: undefined, known: true },
          [],
        );
        const [resource] = trace.resources;
        if (resource !== undefined) throw outside(resource.site);
        const [first] = trace.errors;
        if (first !== undefined) throw first;
      } catch (error) {
        throw error instanceof CompositionError ? error : compositionError(file, refusalOf(error), trace);
      }
    }),
  );
}

function lookUp(names: ReadonlyMap<string, unknown>, name: string): { readonly value: unknown } | undefined {
  if (names.has(name)) return { value: names.get(name) };
  if (GLOBALS.has(name) || !(name in globalThis)) return undefined;
  return refuse('unknown-name', `${name} is not available to this module`, 'pass the value with the spec');
}

/** Binds the imported names to their values. Returns a refusal for each import that is not possible. */
function bindImports(
  { source, specifiers }: ImportDeclaration,
  unit: Unit,
  modules: ModuleText['modules'],
  names: Map<string, unknown>,
): Refusal[] {
  const name = String(source.value);
  const found = modules.get(name);
  const known = [...modules.keys()].join(', ');
  if (found === undefined)
    return [
      placed(new Refusal('unknown-name', `${name} cannot be imported here`, `import from ${known}`), unit, source),
    ];
  return specifiers.flatMap((specifier) => {
    if (specifier.type === 'ImportNamespaceSpecifier') {
      names.set(specifier.local.name, found);
      return [];
    }
    const imported =
      specifier.type === 'ImportDefaultSpecifier'
        ? 'default'
        : specifier.imported.type === 'Identifier'
          ? specifier.imported.name
          : String(specifier.imported.value);
    if (Object.hasOwn(found, imported)) {
      names.set(specifier.local.name, found[imported]);
      return [];
    }
    const refusal = new Refusal('unknown-name', `${name} has no export ${imported}`, 'correct the name');
    return [placed(refusal, unit, specifier)];
  });
}

function placed(refusal: Refusal, unit: Unit, node: AnyNode): Refusal {
  refusal.site = siteOf(unit, node);
  return refusal;
}

function outside(site: Refusal['site']): Refusal {
  const refusal = new Refusal(
    'unsupported',
    'a resource is made outside of a composition',
    'make it in the function of kubernetesComposition()',
  );
  refusal.site = site;
  return refusal;
}

/** The statements of a module as a function without parameters. An exported declaration becomes a plain declaration. */
function bodyOf({ body, start, end }: Program): ArrowFunctionExpression {
  const statements = body.flatMap((statement): readonly Statement[] => {
    switch (statement.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        return [];
      case 'ExportNamedDeclaration':
        return statement.declaration ? [statement.declaration] : [];
      case 'ExportDefaultDeclaration': {
        const { declaration } = statement;
        if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration') {
          // A declaration without a name declares nothing in the module.
          return declaration.id ? [declaration] : [];
        }
        return [{ type: 'ExpressionStatement', expression: declaration, start: statement.start, end: statement.end }];
      }
      default:
        return [statement];
    }
  });
  const block = { type: 'BlockStatement' as const, body: [...statements], start, end };
  return {
    type: 'ArrowFunctionExpression',
    params: [],
    body: block,
    expression: false,
    generator: false,
    async: false,
    start,
    end,
  };
}

function parseModule(text: string, file: string, locate: (offset: number) => SourcePosition): Program {
  try {
    return parse(text, { ecmaVersion: 'latest', sourceType: 'module' });
  } catch (error) {
    const { message, offset } = syntaxErrorOf(error);
    const problem: Diagnostic = { code: 'compose/syntax', severity: 'error', message, source: locate(offset) };
    throw new CompositionError([problem], `${file} cannot be parsed: ${message}`);
  }
}
