import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createMetrics, createProcessMetrics } from '../../packages/controller/src/controller/metrics/metrics.ts';
import { RuntimeMetrics } from '../../packages/controller/src/controller/metrics/runtime-meter.ts';
import { analyzePromql } from '../support/promql.ts';

/** One alert of a Prometheus rule file. */
interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

/** The part of a Grafana dashboard that the test reads. */
interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string; readonly legendFormat?: string }[];
  }[];
}

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const RULES = path('charts/typekro/monitoring/rules.yaml');
const rules = parse(readFileSync(RULES, 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly Alert[] }[];
};
const alerts = rules.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(readFileSync(path('charts/typekro/monitoring/dashboard.json'), 'utf8')) as Dashboard;
/**
 * The home page of the repository. `runbook_url` must be an absolute URL, because Alertmanager's messages and consoles
 * link to it.
 */
const HOMEPAGE = (JSON.parse(readFileSync(path('package.json'), 'utf8')) as { homepage: string }).homepage.split(
  '#',
)[0];
const runbook = readFileSync(path('docs/runbook.md'), 'utf8');

/** Maps the name of a series to its labels. A histogram has three series: the buckets, the sum and the count. */
const series = new Map(
  [...createMetrics().all, ...createProcessMetrics(), ...new RuntimeMetrics().all].flatMap(
    ({ name, type, labels }): [string, readonly string[]][] =>
      type === 'histogram'
        ? [
            [`${name}_bucket`, [...labels, 'le']],
            [`${name}_sum`, labels],
            [`${name}_count`, labels],
          ]
        : [[name, labels]],
  ),
);

/** The labels to which the annotation of an alert, or the legend of a panel, refers. */
const labelsIn = (text: string): string[] =>
  [...text.matchAll(/\$labels\.(\w+)|\{\{(\w+)\}\}/g)].map(([, alert, legend]) => alert ?? legend ?? '');

describe('the alerts', () => {
  test.each(alerts.map((alert) => [alert.alert, alert] as const))('%s reads metrics of the controller', (_, alert) => {
    const { problems, metrics, labels } = analyzePromql(alert.expr, series);
    expect(problems).toEqual([]);
    expect(metrics.length).toBeGreaterThan(0);
    const { summary, description } = alert.annotations;
    expect(labelsIn(summary + description).filter((label) => !labels.has(label))).toEqual([]);
    expect(['critical', 'warning', 'info']).toContain(alert.labels.severity);
    expect(alert.annotations.runbook_url).toBe(`${HOMEPAGE}/blob/main/docs/runbook.md#${alert.alert.toLowerCase()}`);
    expect(runbook).toContain(`\n### ${alert.alert}\n`);
  });

  test('have one section each in the runbook, in the order of the rule file, and no other section has the name of an alert', () => {
    const sections = [...runbook.matchAll(/^### (TypeKro\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(alerts.map(({ alert }) => alert));
  });

  test.skipIf(!existsSync('/usr/bin/promtool'))('are accepted by promtool', () => {
    expect(execFileSync('/usr/bin/promtool', ['check', 'rules', RULES], { encoding: 'utf8' })).toContain('SUCCESS');
  });
});

test.each(dashboard.panels.map((panel) => [panel.title, panel] as const))(
  'the panel "%s" reads metrics of the controller',
  (_, panel) => {
    for (const { expr, legendFormat = '' } of panel.targets) {
      // Grafana replaces its variables before it sends the expression to Prometheus.
      const { problems, metrics, labels } = analyzePromql(expr.replaceAll('$__rate_interval', '5m'), series);
      expect(problems).toEqual([]);
      expect(metrics).not.toEqual([]);
      expect(labelsIn(legendFormat).filter((label) => !labels.has(label))).toEqual([]);
    }
  },
);

test.each([
  ['sum by (gvr (a_total)', 'syntax error'],
  ['rate(a_total[5x])', 'syntax error'],
  ['sum(b_total)', 'no metric b_total'],
  ['a_total{kind="x"}', 'a_total has no label kind'],
  ['sum by (kind) (a_total)', 'no label kind'],
  ['sum by (name) (sum by (gvr) (a_total))', 'no label name'],
  ['sum by (gvr) (a_total) and on (instance) a_total', 'no label instance'],
  ['histogram_quantile(0.9, sum(rate(c_bucket[5m])))', 'without the label le'],
])('the analysis of PromQL finds the mistake in %s', (expr, problem) => {
  const known = new Map([
    ['a_total', ['gvr', 'name']],
    ['c_bucket', ['le']],
  ]);
  expect(analyzePromql(expr, known).problems.join()).toContain(problem);
});

/** The types of the conditions that the controller writes, taken from its source files. */
const CONDITIONS = [
  ...declared(
    'packages/controller/src/controller/definition/definition-status.ts',
    /^const (?:ROLLED_OUT|PROPAGATED) = '(\w+)'/gm,
  ),
  ...declared('packages/controller/src/controller/definition/definition-status.ts', /^  '(\w+)',$/gm),
  ...declared('packages/engine/src/runtime/conditions.ts', /_CONDITIONS = \[([^\]]*)\] as const/g).flatMap(
    (list) => list.match(/\w+/g) ?? [],
  ),
  ...declared('packages/engine/src/runtime/watch-health.ts', /^const WATCHES_HEALTHY = '(\w+)'/gm),
  'Ready',
];

function declared(file: string, pattern: RegExp): string[] {
  const found = [...readFileSync(path(file), 'utf8').matchAll(pattern)].map(([, text = '']) => text);
  if (found.length === 0) throw new Error(`${file} has no ${String(pattern)}`);
  return found;
}

test.each(CONDITIONS)('the runbook explains the condition %s', (type) => {
  expect(runbook).toContain(`\n| \`${type}\` | `);
});
