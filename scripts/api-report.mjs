/**
 * Writes the public API of every entry point to `api/<entry>.api.md` and fails when a report differs
 * from the committed one. `--update` accepts the difference.
 */
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const update = process.argv.includes('--update');
const { exports } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
mkdirSync(`${root}/api`, { recursive: true });
mkdirSync(`${root}/temp`, { recursive: true });

/** Entry points of old names alone: test/package/old-exports.test.ts holds them to a table. */
const isOfNames = ({ types }) => /^\.\/dist\/compat\/(?!index|advanced)/.test(types);

let failed = false;
for (const [entry, target] of Object.entries(exports)) {
  if (typeof target === 'string' || isOfNames(target)) continue;
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
        reportFolder: `${root}/api`,
        reportTempFolder: `${root}/temp`,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'warning' } },
        extractorMessageReporting: {
          default: { logLevel: 'none' },
          'ae-forgotten-export': { logLevel: 'none' },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
  const result = Extractor.invoke(config, {
    localBuild: update,
    showVerboseMessages: false,
    messageCallback: (message) => {
      if (message.logLevel === ExtractorLogLevel.None || message.messageId === 'console-compiler-version-notice')
        message.handled = true;
    },
  });
  if (result.apiReportChanged && !update) {
    console.error(`The API of ${entry} changed: read the difference, then run npm run api:update.`);
    failed = true;
  } else if (!result.succeeded && !update) failed = true;
}
process.exit(failed ? 1 : 0);
