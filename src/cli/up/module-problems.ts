import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Diagnostic, SourcePosition } from '../../core/index.ts';
import { packageFolder, TypeKroError } from '../../core/index.ts';
import { nearestName } from '../../schema/index.ts';

/** Longest text of an error that is shown: what bundlers print may hold a whole file. */
const MAX_MESSAGE = 400;

/** A module of the user's: where it is, and as what it is shown. */
interface ModuleFile {
  readonly path: string;
  readonly cwd: string;
}

/**
 * What was thrown while a module was loaded or its compositions were written, as problems with a place in the user's
 * code: a composition that is refused, a mistake of syntax, an import that leads nowhere, or the author's own error.
 */
export async function moduleProblems(error: unknown, file: ModuleFile): Promise<readonly Diagnostic[]> {
  const refused = refusedComposition(error);
  if (refused !== undefined) return refused.map((each) => shown(each, file.cwd));
  const found = syntaxProblem(error, file) ?? (await importProblem(error, file)) ?? thrownProblem(error, file);
  return [shown(found, file.cwd)];
}

/** The diagnostics of a refused composition, also of one that another copy of this package made. */
function refusedComposition(error: unknown): readonly Diagnostic[] | undefined {
  if (!(error instanceof Error) || !('diagnostics' in error) || !Array.isArray(error.diagnostics)) return undefined;
  const diagnostics = error.diagnostics.filter((each: unknown): each is Diagnostic => {
    return typeof each === 'object' && each !== null && typeof (each as Diagnostic).message === 'string';
  });
  return diagnostics.some(({ severity }) => severity === 'error') ? diagnostics : undefined;
}

/** Files by the names that the user knows them by. */
function shown(diagnostic: Diagnostic, cwd: string): Diagnostic {
  const { source } = diagnostic;
  if (source?.file === undefined) return diagnostic;
  return { ...diagnostic, source: { ...source, file: displayName(source.file, cwd) } };
}

/** A path as seen from the user's directory. */
export function displayName(path: string, cwd: string): string {
  const plain = path.startsWith('file:') ? fileURLToPath(path) : path;
  for (const root of [cwd, realPath(cwd)]) {
    const name = relative(root, plain);
    if (!name.startsWith('..')) return name;
  }
  return plain;
}

function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** esbuild, which tsx uses, lists mistakes of syntax; Node puts the place before the stack. */
function syntaxProblem(error: unknown, { path }: ModuleFile): Diagnostic | undefined {
  const text = error instanceof Error ? error.message : '';
  const transformed = /^(.+?):(\d+):(\d+): (?:ERROR|error): (.*)$/m.exec(text);
  const report = (message: string, source: SourcePosition): Diagnostic => ({
    code: 'input/module-syntax',
    severity: 'error',
    message: `this is no valid TypeScript or JavaScript: ${message}`,
    hint: 'correct the syntax here, or close what was opened on the lines before',
    source,
  });
  if (transformed !== null) {
    const [, file = path, line = '1', column = '0', message = ''] = transformed;
    return report(message, { file, line: Number(line), column: Number(column) + 1 });
  }
  if (!(error instanceof SyntaxError) || /does not provide an export/.test(text)) return undefined;
  const [, file = path, line = '1'] = /^(\S+):(\d+)\n/.exec(error.stack ?? '') ?? [];
  const caret = /\n( *)\^/.exec(error.stack ?? '')?.[1]?.length ?? 0;
  return report(firstLines(text), { file, line: Number(line), column: caret + 1 });
}

/** An import of a package, a file or a name that is not there. */
async function importProblem(error: unknown, { path }: ModuleFile): Promise<Diagnostic | undefined> {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  const importer = /imported from (\S+)$/m.exec(error.message)?.[1] ?? path;
  const file = importer.startsWith('file:') ? fileURLToPath(importer) : importer;
  const report = (message: string, hint: string, needle: string): Diagnostic => {
    const source = placeOfText(file, needle);
    const place = source === undefined ? { source: { file, line: 1, column: 1 } } : { source };
    return { code: 'input/module-import', severity: 'error', message, hint, ...place };
  };
  const name = /does not provide an export named '([^']+)'/.exec(error.message)?.[1];
  if (name !== undefined) {
    const module = /module '([^']+)'/.exec(error.message)?.[1] ?? '';
    const near = nearestName(name, await exportsOf(module, file));
    const hint =
      near === undefined ? `look at what ${module} exports, and check the spelling` : `did you mean "${near}"?`;
    return report(`${module} does not export "${name}"`, hint, name);
  }
  if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') {
    const [, inner = '', manifest = ''] =
      /subpath '\.?\/?([^']*)' is not defined by "exports" in (\S+)/.exec(error.message) ?? [];
    const { name: wanted, exports } = readManifest(manifest);
    const near = nearestName(inner, exports);
    const hint = near === undefined ? `${wanted} exports ${exports.join(', ')}` : `did you mean "${wanted}/${near}"?`;
    return report(`the package ${wanted} has no "${wanted}/${inner}"`, hint, `${wanted}/${inner}`);
  }
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return undefined;
  const missing = /Cannot find (?:package|module) '([^']+)'/.exec(error.message)?.[1] ?? '';
  if (/Cannot find package/.test(error.message)) {
    return report(
      `the package "${missing}" is not installed`,
      `run npm install ${missing}, or correct its name`,
      missing,
    );
  }
  const written = importedAs(file, missing);
  return report(`there is no file ${written}`, 'check the path, and the ending of the name (.ts, .js)', written);
}

/** How the importing file names a file: `./missing.ts` for its path. */
function importedAs(file: string, missing: string): string {
  const target = missing.startsWith('file:') ? fileURLToPath(missing) : missing;
  for (const [, name = ''] of textOf(file).matchAll(/['"](\.[^'"]+)['"]/g)) {
    if (resolve(dirname(file), name) === target) return name;
  }
  return missing;
}

async function exportsOf(module: string, file: string): Promise<readonly string[]> {
  try {
    const path = module.startsWith('.') ? resolve(dirname(file), module) : createRequire(file).resolve(module);
    return Object.keys((await import(pathToFileURL(path).href)) as object);
  } catch {
    // Only a suggestion depends on it: a module that cannot be loaded here suggests nothing.
    return [];
  }
}

function readManifest(path: string): { readonly name: string; readonly exports: readonly string[] } {
  const { name = 'the package', exports = {} } = JSON.parse(textOf(path) || '{}') as {
    readonly name?: string;
    readonly exports?: object;
  };
  const paths = Object.keys(exports).filter(
    (key) => key.startsWith('./') && !key.includes('*') && !key.endsWith('.json'),
  );
  return { name, exports: paths.map((key) => key.slice(2)) };
}

/** An error that code threw: the author's own, or one of JavaScript. */
function thrownProblem(error: unknown, { path }: ModuleFile): Diagnostic {
  const text = error instanceof Error ? error.message : String(error);
  const source = error instanceof Error ? userFrame(error, path) : undefined;
  const hint = error instanceof TypeKroError ? error.remedy : remedyOf(error);
  return {
    code: 'input/module-failed',
    severity: 'error',
    message: hint === undefined ? `the module throws while it is loaded: ${firstLines(text)}` : firstLines(text),
    hint: hint ?? 'correct the file and try again',
    source: source ?? { file: path, line: 1, column: 1 },
  };
}

/** The remedy that an error of this package carries, also of another copy of it. */
function remedyOf(error: unknown): string | undefined {
  const remedy: unknown = error instanceof Error ? Reflect.get(error, 'remedy') : undefined;
  return typeof remedy === 'string' ? remedy : undefined;
}

function firstLines(text: string): string {
  const [line = ''] = text.split('\n', 1);
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}…` : line;
}

/** Folders of this package whose frames are not the user's; none where the package is bundled into one file. */
function internals(): readonly string[] {
  const folder = packageFolder();
  if (folder === undefined) return [];
  return ['dist/', 'src/', 'node_modules/'].map((part) => fileURLToPath(new URL(part, folder)));
}

/** The innermost frame of a stack that is the user's: neither Node's nor a package's. */
function userFrame(error: Error, path: string): SourcePosition | undefined {
  const inside = internals();
  for (const line of (error.stack ?? '').split('\n')) {
    const frame =
      /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]*?|[A-Za-z]:[^()]*?|file:[^()]*?)(?:\?[^():]*)?:(\d+):(\d+)\)?$/.exec(
        line,
      );
    if (frame === null) continue;
    const [, name = '', row = '1', column = '1'] = frame;
    const file = name.startsWith('file:') ? fileURLToPath(name) : name;
    const foreign =
      file !== path && (file.includes('/node_modules/') || inside.some((folder) => file.startsWith(folder)));
    if (!foreign && existsSync(file)) return { file, line: Number(row), column: Number(column) };
  }
  return undefined;
}

/** The text of a file, for excerpts and for places; empty when it cannot be read. */
export function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function placeOfText(file: string, needle: string): SourcePosition | undefined {
  const text = textOf(file);
  const quoted = Math.max(text.indexOf(`'${needle}'`), text.indexOf(`"${needle}"`));
  const at = quoted >= 0 ? quoted : text.search(new RegExp(`\\b${needle.replaceAll(/\W/g, String.raw`\$&`)}\\b`));
  if (at < 0) return undefined;
  const before = text.slice(0, at).split('\n');
  return { file, line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
