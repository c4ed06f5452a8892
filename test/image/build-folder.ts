import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join, posix } from 'node:path';
import { type Stage, expand, parseDockerfile, refused, setArgument, wordsOf } from './dockerfile.ts';

/** The result of a stage: the folder with its file system, and the command and environment of its container. */
export interface BuiltStage {
  readonly root: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  readonly command: readonly string[];
}

/**
 * Executes the instructions of a Dockerfile in folders, without an image builder. The file system of a stage is a
 * folder. `RUN` uses the programs of this machine instead of the programs of the base image. Returns the last stage.
 */
export function buildInFolder(context: string, output: string): BuiltStage {
  const built = new Map<string, BuiltStage>();
  let last: BuiltStage | undefined;
  for (const stage of parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'))) {
    last = buildStage(stage, context, join(output, stage.name), built);
    built.set(stage.name, last);
  }
  if (last === undefined) throw new Error('the Dockerfile has no FROM');
  return last;
}

function buildStage(stage: Stage, context: string, root: string, built: ReadonlyMap<string, BuiltStage>): BuiltStage {
  const values = new Map<string, string>();
  const environment: Record<string, string> = {};
  let [directory, user] = ['/', 'root'];
  let [entrypoint, command]: [string[], string[]] = [[], []];
  mkdirSync(root, { recursive: true });
  for (const instruction of stage.instructions) {
    const text = instruction.keyword === 'RUN' ? instruction.text : expand(instruction.text, values);
    switch (instruction.keyword) {
      case 'ARG':
        setArgument(values, instruction);
        break;
      case 'ENV':
        for (const [, name = '', value = ''] of text.matchAll(/(\w+)=(\S*)/g)) {
          values.set(name, value);
          environment[name] = value;
        }
        break;
      case 'WORKDIR':
        directory = posix.resolve(directory, text);
        mkdirSync(join(root, directory), { recursive: true });
        break;
      case 'COPY':
        copy(wordsOf(text), { context, built, target: root, directory });
        break;
      case 'RUN':
        execFileSync('sh', ['-ec', text], { cwd: join(root, directory), stdio: ['ignore', 'ignore', 'inherit'] });
        break;
      case 'USER':
        user = text;
        break;
      case 'ENTRYPOINT':
        entrypoint = wordsOf(text);
        break;
      case 'CMD':
        command = wordsOf(text);
        break;
      case 'EXPOSE':
        break;
      default:
        throw refused(instruction);
    }
  }
  return { root, directory, environment, user, command: [...entrypoint, ...command] };
}

interface CopyPlaces {
  readonly context: string;
  readonly built: ReadonlyMap<string, BuiltStage>;
  readonly target: string;
  readonly directory: string;
}

function copy(words: readonly string[], { context, built, target, directory }: CopyPlaces): void {
  const flag = words[0]?.startsWith('--from=') === true ? words[0].slice('--from='.length) : undefined;
  const paths = flag === undefined ? words : words.slice(1);
  const sources = paths.slice(0, -1);
  const to = posix.resolve(directory, paths.at(-1) ?? '.');
  const intoFolder = sources.length > 1 || (paths.at(-1) ?? '').endsWith('/');
  for (const source of sources) {
    if (flag === undefined && source === '.') copyContext(context, join(target, to));
    else {
      const root = flag === undefined ? context : built.get(flag)?.root;
      if (root === undefined) throw new Error(`COPY --from=${flag} names no stage`);
      const into = intoFolder ? posix.join(to, posix.basename(source)) : to;
      mkdirSync(dirname(join(target, into)), { recursive: true });
      cpSync(join(root, source), join(target, into), { recursive: true, verbatimSymlinks: true });
    }
  }
}

/**
 * Copies the files that git tracks and that `.dockerignore` does not exclude. Supports only patterns that name a whole
 * top-level entry, and the pattern for all folders `node_modules`, which needs no check because git does not track these folders.
 */
function copyContext(context: string, target: string): void {
  const ignored = new Set(
    readFileSync(join(context, '.dockerignore'), 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && line !== '**/node_modules'),
  );
  for (const name of ignored)
    if (/[*!?/]/.test(name)) throw new Error(`.dockerignore: ${name} is not a top-level entry`);
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: context, encoding: 'utf8', maxBuffer: 1 << 26 });
  for (const file of files.split('\0')) {
    if (file === '' || ignored.has(file.split('/')[0] ?? '')) continue;
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(context, file), join(target, file));
  }
}
