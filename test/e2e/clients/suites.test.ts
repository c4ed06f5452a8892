import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RunningCommand } from '../../support/command.ts';
import { goSuites, requestedSuites, suiteFolder, suiteProgram } from '../../support/go-suites.ts';
import { makePackedProject } from '../../support/packed-package.ts';

/** A spec in the JSON report of Ginkgo. */
interface SpecReport {
  readonly LeafNodeType: string;
  readonly LeafNodeText: string;
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly State: string;
}

const suites = requestedSuites();
const MAX_SUITE_MS = 600_000;

describe.skipIf(suites.length === 0 || process.platform === 'win32')('suites of controller-runtime', () => {
  test.each(suites)(
    '%s passes with the programs of the packed package, except for the specs that are known to fail',
    async (name) => {
      const parent = mkdtempSync(join(tmpdir(), 'typekro-suite-'));
      try {
        const project = makePackedProject(parent, 'dependencies');
        const env = { ...process.env, XDG_CACHE_HOME: join(parent, 'cache') };
        const words = ['node_modules/typekro/dist/cli/main.js', 'envtest'];
        const asked = await new RunningCommand(process.execPath, words, { cwd: project, env }).ended;
        expect(`${asked.code} ${asked.stderr}`).toBe('0 ');
        const report = join(parent, 'report.json');
        // Specs wait for at most one second. On a busy machine, some specs need another attempt.
        const flags = [`--ginkgo.json-report=${report}`, '--ginkgo.flake-attempts=3', '--ginkgo.no-color'];
        const { stdout } = await new RunningCommand(suiteProgram(name), flags, {
          cwd: suiteFolder(name),
          env: { ...env, KUBEBUILDER_ASSETS: asked.stdout.trimEnd() },
        }).ended;
        const [{ SpecReports: specs }] = JSON.parse(readFileSync(report, 'utf8')) as [{ SpecReports: SpecReport[] }];
        const run = specs.filter(({ State: state }) => state !== 'pending' && state !== 'skipped');
        const failed = run.filter(({ State: state }) => state !== 'passed');
        const known = Object.keys(goSuites.knownFailures[name] ?? {}).toSorted();
        expect(failed.map(textOf).toSorted(), stdout.slice(-20_000)).toEqual(known);
        expect(run.filter(({ LeafNodeType: type }) => type === 'It')).toHaveLength(goSuites.suites[name] ?? 0);
      } finally {
        rmSync(parent, { recursive: true, force: true });
      }
    },
    MAX_SUITE_MS,
  );
});

const textOf = ({ ContainerHierarchyTexts: texts, LeafNodeText: text }: SpecReport): string =>
  [...(texts ?? []), text].join(' ');
