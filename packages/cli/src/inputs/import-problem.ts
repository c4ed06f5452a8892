import { builtinModules, createRequire, isBuiltin } from 'node:module';
import { dirname, isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Diagnostic, nearestName, pathOfFileUrl } from '@typekro/kit/core';
import { aliasProblem } from '../checks/config-problem.ts';
import { placeOfText, textOf } from './source-text.ts';

/** Returns the problem of an import of a missing package, file or name, or undefined for any other error. */
export async function importProblem(error: unknown, path: string): Promise<Diagnostic | undefined> {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  const importer = / imported from (.+)$/m.exec(error.message)?.[1] ?? path;
  const file = pathOfFileUrl(importer) ?? importer;
  const report = (message: string, hint: string, needle: string): Diagnostic => {
    const source = placeOfText(file, needle);
    const place = source === undefined ? { source: { file, line: 1, column: 1 } } : { source };
    return { code: 'input/module-import', severity: 'error', message, hint, ...place };
  };
  const notExported = (manifest: string, inner: string) => {
    const { name: wanted, exports } = readManifest(manifest);
    const near = nearestName(inner, exports);
    const all = exports.length === 0 ? `import "${wanted}" itself` : `${wanted} exports ${exports.join(', ')}`;
    const hint = near === undefined ? all : `did you mean "${wanted}/${near}"?`;
    return report(`the package ${wanted} has no "${wanted}/${inner}"`, hint, `${wanted}/${inner}`);
  };
  const name = missingExport(error.message);
  if (name === 'default') {
    const module = /module '([^']+)'/.exec(error.message)?.[1] ?? '';
    return report(
      `${module} has no default export`,
      `import what you need by name: import { … } from '${module}'`,
      module,
    );
  }
  if (name !== undefined) {
    const module = /module '([^']+)'/.exec(error.message)?.[1] ?? '';
    const near = nearestName(name, await exportsOf(module, file));
    const elsewhere = near === name ? undefined : await moduleOf(name, file);
    const hint = (await isOnDefault(name, module, file))
      ? `read it from the default export: import all from '${module}'; const { ${name} } = all`
      : elsewhere !== undefined
        ? `import it from '${elsewhere}'`
        : near === undefined
          ? `look at what ${module} exports, and check the spelling`
          : `did you mean "${near}"?`;
    return report(`${module} does not export "${name}"`, hint, name);
  }
  if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') {
    const main = /No "exports" main defined in (.+?package\.json)/.exec(error.message)?.[1];
    if (main !== undefined) {
      const { name: wanted, exports } = readManifest(main);
      const names = exports.map((each) => `${wanted}/${each}`).join(', ');
      return report(
        `the package ${wanted} has no main module`,
        names === '' ? `look at "exports" in ${main}` : `import one of its modules: ${names}`,
        wanted,
      );
    }
    const [, inner = '', manifest = ''] =
      /subpath '\.?\/?([^']*)' is not defined by "exports" in (.+?package\.json)/.exec(error.message) ?? [];
    return notExported(manifest, inner);
  }
  if (code === 'ERR_INVALID_MODULE_SPECIFIER') {
    const [, wanted = ''] = /Invalid module "([^"]*)"/.exec(error.message) ?? [];
    const slashed = wanted.replaceAll('\\', '/');
    const written = wanted.replaceAll('\\', '\\\\');
    return report(
      `"${wanted}" is not a valid module name`,
      slashed === wanted ? 'correct the name' : `write slashes, and the ending of the file: '${slashed}.ts'`,
      textOf(file).includes(written) ? written : wanted,
    );
  }
  if (code === 'ERR_UNKNOWN_BUILTIN_MODULE') {
    const wanted = /: (\S+)$/.exec(error.message)?.[1] ?? '';
    const near = nearestName(wanted.replace('node:', ''), builtinModules);
    const hint = near === undefined ? 'correct the name of the module' : `did you mean "node:${near}"?`;
    return report(`Node has no module ${wanted}`, hint, wanted);
  }
  if (code === 'ERR_PACKAGE_IMPORT_NOT_DEFINED') {
    const [, wanted = '', manifest = 'package.json'] =
      /specifier "([^"]*)" is not defined(?: in package (.+?package\.json))?/.exec(error.message) ?? [];
    const hint = `add it to "imports" of ${manifest}, or write the path of the file`;
    return report(`"${wanted}" is not defined by "imports"`, hint, wanted);
  }
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return undefined;
  const missing = /Cannot find (?:package|module) '(.+?)'(?= imported from |\n|$)/.exec(error.message)?.[1] ?? '';
  const wanted = packageOf(missing);
  if (wanted !== undefined) {
    const alias = aliasProblem(missing, file);
    if (typeof alias === 'object') return alias;
    if (!isPackageName(wanted)) {
      const specifier = importedWith(file, missing);
      const other = alias === undefined ? '' : `, or ${alias}`;
      return report(`"${specifier}" is not a valid package name`, `write the path of the file${other}`, specifier);
    }
    const other = alias === undefined ? 'correct its name' : `correct its name; or ${alias}`;
    return report(`the package "${wanted}" is not installed`, `run npm install ${wanted}, or ${other}`, missing);
  }
  const [, folder, owner = ''] = IN_PACKAGE.exec(pathOfFileUrl(missing) ?? missing) ?? [];
  // A pattern of "exports" leads to a file that the package does not have. The path of the file contains what the pattern matched.
  const start = `${owner.replaceAll('\\', '/')}/`;
  const inner = specifiersOf(file)
    .filter((specifier) => specifier.startsWith(start))
    .map((specifier) => specifier.slice(start.length))
    .find((part) => missing.replaceAll('\\', '/').includes(`/${part}`));
  if (folder !== undefined && inner !== undefined) return notExported(`${folder}/package.json`, inner);
  const written = importedAs(file, missing);
  return report(`there is no file ${written}`, 'check the path, and the ending of the name (.ts, .js)', written);
}

/** Returns the imported name that the module does not export. Node's message differs for a CommonJS module. */
export function missingExport(message: string): string | undefined {
  return /(?:does not provide an export named|^Named export) '([^']+)'/.exec(message)?.[1];
}

/** Matches a file of an installed package: the folder of the package, and the name of the package. */
const IN_PACKAGE = /^(.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+))[\\/]/;

/** Returns the package in a module specifier, `@scope/name` or `name`, or `undefined` for a file path. */
function packageOf(module: string): string | undefined {
  return isAbsolute(module) || /^(?:\.|file:)/.test(module) ? undefined : /^(?:@[^/]+\/)?[^/]+/.exec(module)?.[0];
}

/** Is it a valid package name? Aliases of bundlers (`@/lib/x`, `~/lib/x`) do not begin with a valid package name. */
const isPackageName = (name: string): boolean => /^(?:@[^/~]+\/)?[^/@~]+$/.test(name);

/**
 * Returns the whole specifier of an import. The message of an ES module loader contains only its first part, such as
 * `@`.
 */
function importedWith(file: string, beginning: string): string {
  return specifiersOf(file).find((name) => name === beginning || name.startsWith(`${beginning}/`)) ?? beginning;
}

/** Returns all quoted texts of a file: its module specifiers are among them. */
function specifiersOf(file: string): string[] {
  return [...textOf(file).matchAll(/['"]([^'"\n]+)['"]/g)].map(([, name = '']) => name);
}

/**
 * The modules in which a missing name is searched: first the modules of this package, then arktype and modules of Node.
 */
const MODULES = [
  'typekro',
  'typekro/simple',
  'typekro/kubernetes',
  'typekro/helm',
  'typekro/flux',
  'typekro/kro',
  'typekro/testing',
  'arktype',
  'node:fs',
  'node:path',
  'node:url',
  'node:os',
  'node:crypto',
  'node:child_process',
];

/** Returns the first of `MODULES` that exports a name. The modules are resolved from `file`. */
export async function moduleOf(name: string, file: string): Promise<string | undefined> {
  // Most modules export `default`, so this name identifies no module.
  if (name === 'default') return undefined;
  for (const module of MODULES) if ((await exportsOf(module, file)).includes(name)) return module;
  return undefined;
}

/** Returns the specifier with which a missing file is imported, such as `./missing.ts`. */
function importedAs(file: string, missing: string): string {
  const target = pathOfFileUrl(missing) ?? missing;
  for (const [, , name = ''] of textOf(file).matchAll(/(['"])(\.(?:(?!\1).)+)\1/g)) {
    if (resolve(dirname(file), name) === target) return name;
  }
  return missing;
}

async function exportsOf(module: string, file: string): Promise<readonly string[]> {
  return Object.keys(await loaded(module, file));
}

/**
 * Does the default export have the member? Node detects only some of the named exports of a CommonJS module; the others
 * are only members of its default export.
 */
async function isOnDefault(name: string, module: string, file: string): Promise<boolean> {
  const value: unknown = Reflect.get(await loaded(module, file), 'default');
  return typeof value === 'object' && value !== null && name in value;
}

async function loaded(module: string, file: string): Promise<object> {
  try {
    if (isBuiltin(module)) return (await import(module)) as object;
    const path = module.startsWith('.') ? resolve(dirname(file), module) : createRequire(file).resolve(module);
    return (await import(pathToFileURL(path).href)) as object;
  } catch {
    // A module that cannot be loaded yields no suggestions.
    return {};
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
