import type { Diagnostic } from '@typekro/kit/core';
import { positionAt, textOf, wholeWord } from './source-text.ts';

const COMPOSITION = 'export the composition: `export const app = kubernetesComposition(…)`';

/**
 * Returns the problem of a module that exports neither a composition nor a Kubernetes object. The message names the
 * first export that is not `undefined`, if there is one. The hint says what to do with this export.
 */
export function noExportProblem(module: Record<string, unknown>, path: string, file: string): Diagnostic {
  const [name, value] = Object.entries(module).find(([, each]) => typeof each !== 'undefined') ?? [];
  const text = textOf(path);
  const described =
    name === undefined
      ? undefined
      : describe(name, value, /\b(?:kubernetesComposition|toResourceGraph|graph)\s*\(/.test(text));
  const at = name === undefined ? -1 : placeOfExport(name, text);
  return {
    code: 'input/no-exports',
    severity: 'error',
    message: `${file} exports no composition and no Kubernetes object${described === undefined ? '' : `: ${described.what}`}`,
    hint: described?.remedy ?? COMPOSITION,
    source: at < 0 ? { file, line: 1, column: 1 } : positionAt(file, text, at),
  };
}

/** Returns the problem of an exported promise that is not awaited. */
export function promiseProblem(name: string, path: string, file: string): Diagnostic {
  const hint =
    name === 'default' ? 'await it: `export default await …`' : `await it: \`export const ${name} = await …\``;
  return lostExport(`${titleOf(name)} is a promise; its value is ignored`, hint, name, path, file);
}

/**
 * Returns the problem of an exported method of a composition that is not called: `export const one = shop.toInstance`.
 */
export function uncalledProblem(name: string, call: string, path: string, file: string): Diagnostic {
  const argument = call.endsWith('toInstance') ? '{ … }' : '';
  const hint = `call it${argument === '' ? '' : ' with the spec'}: ${call}(${argument})`;
  return lostExport(`${titleOf(name)} is the function ${call}, which is not called`, hint, name, path, file);
}

/** Returns the problem of an exported object that is not applied, because it has no name. */
export function namelessProblem(name: string, path: string, file: string): Diagnostic {
  const message = `${titleOf(name)} has an object without metadata.name; this object is ignored`;
  const problem = lostExport(message, 'add metadata.name', name, path, file);
  // This is only a warning, because a module can also export parts of its objects.
  return { ...problem, severity: 'warning' };
}

function lostExport(message: string, hint: string, name: string, path: string, file: string): Diagnostic {
  const text = textOf(path);
  const at = placeOfExport(name, text);
  const source = at < 0 ? { file, line: 1, column: 1 } : positionAt(file, text, at);
  return { code: 'input/lost-export', severity: 'error', message, hint, source };
}

const titleOf = (name: string): string => (name === 'default' ? 'the default export' : `"${name}"`);

/**
 * Returns the offset of an export: of its declaration, or else of an export list with the name, or else of any line
 * that begins with `export` and contains the name.
 */
function placeOfExport(name: string, text: string): number {
  const word = wholeWord(name);
  const patterns = [
    ...(name === 'default' ? [/^export default\b/m] : []),
    new RegExp(String.raw`^export\s+(?:async\s+)?(?:const|let|var|class|function\b\s*\*?)\s*${word}`, 'm'),
    new RegExp(String.raw`^export\s*\{[^}]*${word}`, 'm'),
    new RegExp(String.raw`^export\b[^\n]*${word}`, 'm'),
  ];
  return patterns.map((pattern) => text.search(pattern)).find((at) => at >= 0) ?? -1;
}

function describe(name: string, value: unknown, hasComposition: boolean): { what: string; remedy: string } {
  const export_ = titleOf(name);
  if (typeof value === 'function') {
    const isClass = /^class\b/.test(Function.prototype.toString.call(value));
    return isClass
      ? { what: `${export_} is a class`, remedy: COMPOSITION }
      : {
          what: `${export_} is a function`,
          remedy: hasComposition
            ? `export what it returns: \`export const app = ${name === 'default' ? 'make' : name}()\``
            : `make it a composition: \`export ${name === 'default' ? 'default' : `const ${name} =`} kubernetesComposition({ name, spec, status }, (spec) => …)\``,
        };
  }
  if (value instanceof Promise)
    return { what: `${export_} is a promise`, remedy: 'await it: `export const app = await …`' };
  if (Array.isArray(value)) {
    const what = value.length === 0 ? 'is an empty list' : 'is a list without compositions and Kubernetes objects';
    return {
      what: `${export_} ${what}`,
      remedy: 'list objects with apiVersion, kind and metadata.name, or compositions',
    };
  }
  if (typeof value !== 'object' || value === null)
    return { what: `${export_} is ${value === null ? 'null' : `a ${typeof value}`}`, remedy: COMPOSITION };
  const fields = Object.keys(value);
  const looksLikeObject = fields.includes('kind') || fields.includes('apiVersion');
  if (!looksLikeObject) {
    const remedy = hasComposition ? 'export the composition, too: put export before its const' : COMPOSITION;
    return { what: `${export_} is an object without apiVersion and kind`, remedy };
  }
  const missing = ['apiVersion', 'kind', 'metadata'].find((field) => !fields.includes(field)) ?? 'metadata.name';
  return { what: `${export_} has no ${missing}`, remedy: `add ${missing}` };
}
