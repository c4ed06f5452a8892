import { readdirSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { type Diagnostic, type JsonValue, hasErrors, parseJson, TypeKroError } from '@typekro/kit/core';
import { TEMPLATE_ACTION } from '@typekro/kit/golang';
import { parseDefinitions } from '@typekro/engine/graph';
import { STANDARD_INPUT } from '../command.ts';
import { isTooDeepValue } from '@typekro/app/plan';
import { noFileOrFolder, shownName } from '../file-paths.ts';
import { statsOf } from '../inputs/check-file.ts';
import { readOneOf } from '../inputs/file-problem.ts';
import { readTextFile } from '../inputs/read-manifest.ts';

/** Parsed documents and the problems of their texts. */
export interface Sources {
  readonly documents: readonly JsonValue[];
  readonly diagnostics: readonly Diagnostic[];
  /** The content of each file, keyed by file name. */
  readonly texts: ReadonlyMap<string, string>;
  /** The number of YAML documents that `isWanted` has left out. */
  readonly skipped: number;
}

/** Describes the command or option that reads the files. All members are parts of messages. */
export interface SourceReader {
  /** The command, or the option with the files: `generate`, `--crds`. */
  readonly name: string;
  /** The expected content of the files, such as `CustomResourceDefinitions`. */
  readonly what: string;
  /** The remedy if the user names a program instead of a YAML or JSON file. */
  readonly program: string;
  /** The command that renders a template of a Helm chart. */
  readonly helm: string;
}

/** The reader for files with Kubernetes objects of any kind. */
export const OBJECT_READER: Omit<SourceReader, 'name'> = {
  what: 'Kubernetes objects',
  program: 'name files with objects; typekro gitops writes such files from a composition',
  helm: 'helm template CHART > app.yaml, and pass the resulting file',
};

const TYPES = new Set(['.yaml', '.yml', '.json']);

/** The maximum depth of subfolders. Deeper folders are not read. */
const MAX_DEPTH = 20;

/**
 * Reads files, folders with their subfolders (sorted by name, without `node_modules`), and the standard input for `-`.
 * Does not parse YAML documents for whose text `isWanted` returns false: parsing is most of the work for a folder with
 * hundreds of CustomResourceDefinitions.
 *
 * @throws TypeKroError `input/not-found`, `input/unreadable`, or (for a program) `input/unknown-type` when the only
 *   file cannot be read; `input/empty` when no document was found. If one of several files cannot be read, the result
 *   has a diagnostic instead.
 */
export async function readSources(
  names: readonly string[],
  cwd: string,
  readInput: () => Promise<string>,
  reader: SourceReader,
  isWanted: (text: string) => boolean = () => true,
): Promise<Sources> {
  const documents: JsonValue[] = [];
  const diagnostics: Diagnostic[] = [];
  const texts = new Map<string, string>();
  let skipped = 0;
  const read = (text: string, file: string) => {
    const wanted = text.split(DOCUMENT_START).map((document) => {
      if (isWanted(document)) return document;
      skipped += 1;
      // Positions in the documents that follow count the lines.
      return document.replaceAll(/[^\n]+/g, '');
    });
    const parsed = parse(wanted.join(''), file, reader);
    for (const each of parsed.documents) documents.push(each);
    for (const each of parsed.diagnostics) diagnostics.push(each);
    texts.set(file, text);
  };
  for (const name of names) {
    const isOnly = names.length === 1;
    await readOneOf(name === '-' ? STANDARD_INPUT : name, isOnly, diagnostics, async () => {
      if (name === '-') return read(await readInput(), STANDARD_INPUT);
      const paths = filesUnder(resolve(cwd, name), name, reader);
      for (const path of paths) {
        const file = shownName(path, cwd, name);
        await readOneOf(file, isOnly && paths.length === 1, diagnostics, async () =>
          read(await readTextFile(path, file), file),
        );
      }
    });
  }
  if (documents.length === 0 && diagnostics.length === 0 && skipped === 0) {
    throw new TypeKroError(`nothing to read in ${names.join(', ')}`, {
      code: 'input/empty',
      remedy: `name .yaml, .yml or .json files with ${reader.what}, folders with such files, or - for the standard input`,
    });
  }
  return { documents, diagnostics, texts, skipped };
}

/** The place before a line that starts a YAML document. */
const DOCUMENT_START = /^(?=---)/m;

function filesUnder(path: string, name: string, reader: SourceReader, depth = 0): string[] {
  const found = statsOf(path, name);
  if (found === undefined) {
    throw noFileOrFolder(name, path);
  }
  if (!found.isDirectory()) {
    if (!/\.[cm]?[jt]s$/.test(path)) return [path];
    throw new TypeKroError(`${name} is a program, and ${reader.name} reads ${reader.what} in YAML or JSON`, {
      code: 'input/unknown-type',
      remedy: reader.program,
    });
  }
  if (depth > MAX_DEPTH) return [];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesUnder(inner, inner, reader, depth + 1);
      return entry.isFile() && TYPES.has(extname(entry.name).toLowerCase()) ? [inner] : [];
    });
}

/**
 * Parses a text as JSON if it is valid JSON, and as YAML if not. For JSON that is invalid or too deep, the YAML parser
 * reports the location of the error.
 */
function parse(text: string, file: string, reader: SourceReader): Pick<Sources, 'documents' | 'diagnostics'> {
  if (/^\s*\{/.test(text)) {
    try {
      const value = parseJson(text);
      if (!isTooDeepValue(value)) return { documents: [value], diagnostics: [] };
    } catch (error) {
      // The text can still be YAML in flow style.
      if (!(error instanceof SyntaxError || error instanceof TypeKroError)) throw error;
    }
  }
  const { documents, diagnostics } = parseDefinitions(text, file);
  // A text with YAML errors and a template action is a Helm template. It is reported as such, because the YAML errors
  // would not help the user.
  const template = TEMPLATE_ACTION.exec(text);
  if (hasErrors(diagnostics) && template !== null)
    return { documents: [], diagnostics: [templateProblem(text, file, template, reader)] };
  return { documents: documents.map(({ value }) => value), diagnostics };
}

function templateProblem(
  text: string,
  file: string,
  { index }: { readonly index: number },
  { name, helm }: SourceReader,
): Diagnostic {
  const before = text.slice(0, index).split('\n');
  return {
    code: name === 'generate' ? 'generate/helm-template' : 'input/helm-template',
    severity: 'error',
    message: `${file} is a template of a Helm chart, not YAML yet`,
    source: { file, line: before.length, column: (before.at(-1) ?? '').length + 1 },
    hint: `render it first: ${helm}`,
  };
}
