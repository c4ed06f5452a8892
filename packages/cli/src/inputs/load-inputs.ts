import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { type InputObject } from '@typekro/app/plan';
import { extname, join, resolve } from 'node:path';
import { type Diagnostic, type SourcePosition, TypeKroError } from '@typekro/kit/core';
import { STANDARD_INPUT } from '../command.ts';
import { shownName } from '../file-paths.ts';
import { checkFile } from './check-file.ts';
import { readOneOf } from './file-problem.ts';
import type { ModuleLoader } from './module-loader.ts';
import { type ParsedManifest, parseManifest, readManifest } from './read-manifest.ts';
import { textOf } from './source-text.ts';

/** The objects and problems of the user's files. */
export interface LoadedInputs {
  readonly objects: readonly InputObject[];
  /**
   * Problems of the files themselves: unreadable files, invalid YAML, documents that are not objects, and modules that
   * throw.
   */
  readonly diagnostics: readonly Diagnostic[];
  /** Maps the name of a file to its text, for excerpts. */
  readonly texts: ReadonlyMap<string, string>;
}

const SCRIPTS = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);
const MANIFESTS = new Set(['.yaml', '.yml', '.json']);
const KNOWN_TYPES = new Set([...MANIFESTS, ...SCRIPTS]);

/**
 * Reads YAML and JSON files, those in folders, and the exports of TypeScript and JavaScript files. A file that is named
 * twice is read once.
 *
 * @param note prints a note when loading a module takes long
 * @param readInput reads standard input for the name `-`. By default, `-` is refused
 * @param load loads TypeScript and JavaScript files
 * @throws TypeKroError `input/not-found`, `input/unknown-type` or `input/unreadable` when the only file cannot be read.
 *   `input/empty` when the files contain neither objects nor problems. If there are several files, an unreadable file
 *   becomes a diagnostic, as does an error that a module throws while it is loaded.
 */
export async function loadInputs(
  files: readonly string[],
  cwd: string,
  note: (text: string) => void = () => {},
  readInput?: () => Promise<string>,
  load: ModuleLoader = loadInProcess,
): Promise<LoadedInputs> {
  const objects: InputObject[] = [];
  const diagnostics: Diagnostic[] = [];
  const texts = new Map<string, string>();
  const empty: EmptyFile[] = [];
  const addManifest = (manifest: ParsedManifest, file: string): void => {
    texts.set(file, manifest.text);
    for (const each of manifest.diagnostics) diagnostics.push(each);
    for (const entry of manifest.objects) objects.push({ ...entry, file });
    if (manifest.objects.length === 0 && manifest.diagnostics.length === 0) empty.push({ file, text: manifest.text });
  };
  const read = async (path: string, name: string): Promise<void> => {
    if (name === '-' && readInput !== undefined) {
      addManifest(parseManifest(await readInput(), STANDARD_INPUT), STANDARD_INPUT);
      return;
    }
    if (!existsSync(path)) checkFile(path, name, KNOWN_TYPES);
    const file = shownName(path, cwd, name);
    checkFile(path, file, KNOWN_TYPES);
    if (!SCRIPTS.has(extname(path).toLowerCase())) {
      addManifest(await readManifest(path, file), file);
      return;
    }
    const loaded = await load(path, file, cwd, note);
    // For a file outside of the working directory, positions contain the absolute path. Messages show the name that the
    // user typed.
    const withShownFile = <Place extends SourcePosition | undefined>(place: Place): Place =>
      place?.file === path ? { ...place, file } : place;
    const found = loaded.diagnostics.map((each) =>
      each.source === undefined ? each : { ...each, source: withShownFile(each.source) },
    );
    for (const { locate, ...entry } of loaded.objects) {
      const located = locate === undefined ? {} : { locate: (at: string) => withShownFile(locate(at)) };
      objects.push({ ...entry, file, ...located });
    }
    for (const each of found) diagnostics.push(each);
    const sources = new Set([file, ...found.map(({ source }) => source?.file ?? file)]);
    for (const source of sources) texts.set(source, textOf(resolve(cwd, source)));
  };
  const named = new Map(files.flatMap((given) => manifestsIn(resolve(cwd, given), given, note)));
  for (const [path, name] of named) {
    await readOneOf(name === '-' ? STANDARD_INPUT : name, named.size === 1, diagnostics, () => read(path, name));
  }
  if (objects.length > 0 || diagnostics.length > 0) for (const each of empty) diagnostics.push(emptyFile(each));
  else {
    const [only, ...others] = empty;
    const why =
      only === undefined || others.length > 0
        ? `the files: ${empty.map(({ file, text }) => `${file} ${contentOf(text)}`).join(', ')}`
        : `${only.file}: ${whyEmpty(only)}`;
    throw new TypeKroError(`there is no object in ${why}`, {
      code: 'input/empty',
      remedy: 'name files with definitions, instances or other Kubernetes objects',
    });
  }
  return { objects, diagnostics, texts };
}

/**
 * Returns a named file, or for a folder the YAML and JSON files in it, as `kubectl apply -f FOLDER` reads them: sorted by
 * name, without subfolders. Files for other commands and links are left out, with a note. A folder without such a file
 * is returned as it is, and is refused where it is read.
 *
 * @param isOther is this file of the folder read by the caller? It then needs no note
 */
export function manifestsIn(
  path: string,
  given: string,
  note: (text: string) => void,
  isOther: (name: string) => boolean = () => false,
): [path: string, name: string][] {
  if (given === '-') return [[path, given]];
  const found = entriesOf(path)
    .filter(({ name }) => MANIFESTS.has(extname(name).toLowerCase()) && !isOther(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const leftOut = found.flatMap((entry) => {
    const why = reasonToLeaveOut(entry);
    return why === undefined ? [] : [`${JSON.stringify(entry.name)} (${why})`];
  });
  if (leftOut.length > 0) note(`note: of the folder ${given}, these are not read: ${leftOut.join(', ')}`);
  const read = found.filter((entry) => reasonToLeaveOut(entry) === undefined);
  return read.length === 0 ? [[path, given]] : read.map(({ name }) => [join(path, name), join(given, name)]);
}

/** Empty for a path that is not a readable folder: it is refused where it is read. */
function entriesOf(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Is it a test of definitions, or the snapshots of one? */
export const isTestFile = (name: string): boolean => /\.test\.ya?ml(?:\.snapshot\.yaml)?$/.test(name);

function reasonToLeaveOut(entry: Dirent): string | undefined {
  if (/^kustomization\.ya?ml$/.test(entry.name)) return 'kubectl apply -k reads it';
  if (/^(?:package|package-lock|tsconfig)\b.*\.json$/.test(entry.name)) return 'npm or TypeScript reads it';
  if (isTestFile(entry.name)) return 'typekro test reads it';
  if (entry.isSymbolicLink()) return 'it is a link; name it to read it';
  return entry.isFile() ? undefined : 'it is not a file';
}

/** Loads a module in this process. The import is dynamic, so that commands without modules do not load this code. */
const loadInProcess: ModuleLoader = async (...module) => (await import('./load-module.ts')).loadModule(...module);

/** A file without an object, with its text. */
interface EmptyFile {
  readonly file: string;
  readonly text: string;
}

const whyEmpty = ({ file, text }: EmptyFile): string =>
  `${file === STANDARD_INPUT ? 'it' : 'the file'} ${contentOf(text)}`;

/** Describes the content of a text without objects. */
function contentOf(text: string): string {
  if (text.trim() === '') return 'is empty';
  const lines = text.split('\n').map((line) => line.trim());
  const written = lines.filter((line) => !/^(?:|---|\.\.\.)$/.test(line));
  return written.length > 0 && written.every((line) => line.startsWith('#'))
    ? 'holds comments only'
    : 'holds only empty documents, such as a List without items';
}

/** Returns the warning for a file without objects among other files. Usually such a file was not saved. */
function emptyFile({ file, text }: EmptyFile): Diagnostic {
  return {
    code: 'input/empty',
    severity: 'warning',
    message: `there is no object in ${file}: ${whyEmpty({ file, text })}`,
    hint: 'write an object into it, or do not name it',
    source: { file, line: 1, column: 1 },
  };
}
