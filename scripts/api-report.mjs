/**
 * Writes the public API of every entry point to `api/<entry>.api.md`, except those of names of TypeKro 0.33 and of
 * generated kinds. Fails when a report differs from the committed one, or when a signature mentions a type that no entry
 * point exports. `--update` accepts differing reports.
 */
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const update = process.argv.includes('--update');
const { exports } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
mkdirSync(`${root}/api`, { recursive: true });
mkdirSync(`${root}/temp/generated`, { recursive: true });

/**
 * Does the repository contain the report of an entry point? Not of generated kinds, because the generator and the data
 * define them. Their reports only show which names they export.
 */
const isReported = ({ types }) => !/^\.\/dist\/factories\/(?!simple|helm|kro)/.test(types);

/**
 * A report without empty lines and without notes that say nothing about the API: every name is public, and
 * `npm run docs` reports the exports without a description.
 */
const withoutNotes = (report) =>
  report
    .replaceAll(/ *\/\/ (?:@public ?)?(@deprecated ?)?(?:\(undocumented\))?\n/g, (_note, deprecated) =>
      deprecated === undefined ? '' : '// @deprecated\n',
    )
    .replaceAll(/\n+(?=\n(?:\/\/|export|\(No|```$))/gm, '');

let failed = false;
/** Types that an entry point mentions but does not export. */
const forgotten = {};
/** Names that at least one entry point exports. */
const named = new Set();
const EXPORT =
  /^(?:export (?:declare |abstract )*(?:const|function|class|interface|type|enum|namespace)|declare namespace) (\w+)/gm;
/** One compilation for all entry points, because parsing the sources takes longer than a report. */
let compilerState;
// test/package/old-exports.test.ts compares the names of TypeKro 0.33 with a table.
const reported = Object.entries(exports).filter(
  ([entry, target]) => typeof target !== 'string' && !entry.includes('*'),
);
const entryFiles = reported.map(([, { types }]) => `${root}/${types}`);
for (const [entry, target] of reported) {
  const name = entry === '.' ? 'typekro' : entry.slice(2).replaceAll('/', '-');
  const types = `${root}/${target.types}`;
  if (!existsSync(types)) throw new Error(`${entry}: ${target.types} is missing; run npm run build first`);
  const config = ExtractorConfig.prepare({
    configObjectFullPath: `${root}/package.json`,
    packageJsonFullPath: `${root}/package.json`,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: types,
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2022',
            lib: ['es2023'],
            module: 'nodenext',
            strict: true,
            types: ['node'],
            allowImportingTsExtensions: true,
            noEmit: true,
          },
          include: [`${root}/dist`],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: `${root}/temp/generated`,
        reportTempFolder: `${root}/temp`,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'warning' } },
        extractorMessageReporting: { default: { logLevel: 'none' }, 'ae-forgotten-export': { logLevel: 'warning' } },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
  const unnamed = (forgotten[entry] = new Set());
  compilerState ??= CompilerState.create(config, { additionalEntryPoints: entryFiles });
  const result = Extractor.invoke(config, {
    compilerState,
    localBuild: true,
    showVerboseMessages: false,
    messageCallback: (message) => {
      if (message.messageId === 'ae-forgotten-export') {
        // The extractor adds a number to the name of a namespace that is imported twice.
        unnamed.add(/The symbol "(\w+?)(?:_\d+)?"/.exec(message.text)?.[1] ?? message.text);
        message.logLevel = ExtractorLogLevel.None;
        message.handled = true;
      } else if (
        message.logLevel === ExtractorLogLevel.None ||
        /^console-(?:compiler-version-notice$|api-report-)/.test(message.messageId)
      )
        message.handled = true;
    },
  });
  if (!result.succeeded && !update) failed = true;
  if (!isReported(target)) continue;
  const path = `${root}/api/${name}.api.md`;
  const report = withoutNotes(readFileSync(`${root}/temp/${name}.api.md`, 'utf8'));
  if (update) writeFileSync(path, report);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== report) {
    console.error(`The API of ${entry} changed: read the difference, then run npm run check -- api --update.`);
    failed = true;
  }
}
for (const file of readdirSync(`${root}/temp`).filter((each) => each.endsWith('.api.md')))
  for (const [, name] of readFileSync(`${root}/temp/${file}`, 'utf8').matchAll(EXPORT)) named.add(name);
for (const [entry, names] of Object.entries(forgotten)) {
  const unnamed = [...names].filter((name) => !named.has(name));
  if (unnamed.length === 0) continue;
  console.error(`${entry} mentions types that no entry point exports: ${unnamed.join(', ')}. Export them from it.`);
  failed = true;
}
process.exit(failed ? 1 : 0);
