import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createMetrics, createProcessMetrics } from '../../src/controller/metrics/metrics.ts';

/** One alert of a file of rules. */
interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}

/** A dashboard of Grafana, as far as the test reads it. */
interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const RULES = path('charts/typekro/monitoring/rules.yaml');
const rules = parse(readFileSync(RULES, 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly Alert[] }[];
};
const alerts = rules.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(readFileSync(path('charts/typekro/monitoring/dashboard.json'), 'utf8')) as Dashboard;
const runbook = readFileSync(path('docs/runbook.md'), 'utf8');

/** The names in metrics text: those of histograms are the names of their series. */
const series = new Set(
  [...createMetrics().all, ...createProcessMetrics()].flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

/** The words of an expression that name series: those with an underscore, outside of quotes and of label lists. */
const seriesOf = (expr: string): string[] => {
  const bare = expr
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\b(?:by|on) \([^)]*\)/g, '');
  return [...bare.matchAll(/\b[a-z]+(?:_[a-z]+)+\b/g)].map(([word]) => word).filter((word) => !FUNCTIONS.has(word));
};
const FUNCTIONS = new Set(['histogram_quantile', 'rate_interval']);

describe('the alerts', () => {
  test.each(alerts.map((alert) => [alert.alert, alert] as const))('%s reads metrics of the controller', (_, alert) => {
    const names = seriesOf(alert.expr);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !series.has(name))).toEqual([]);
    expect(['critical', 'warning', 'info']).toContain(alert.labels.severity);
    expect(alert.annotations.runbook).toBe(`docs/runbook.md#${alert.alert.toLowerCase()}`);
    expect(runbook).toContain(`\n### ${alert.alert}\n`);
  });

  test('have a section of the runbook each, and no section is left over', () => {
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
    const names = panel.targets.flatMap(({ expr }) => seriesOf(expr));
    expect(names.length).toBeGreaterThanOrEqual(panel.targets.length);
    expect(names.filter((name) => !series.has(name))).toEqual([]);
  },
);

/** The types of conditions that the sources write. */
const CONDITIONS = [
  ...declared('src/controller/definition/definition-status.ts', /^const (?:ROLLED_OUT|PROPAGATED) = '(\w+)'/gm),
  ...declared('src/controller/definition/definition-status.ts', /^  '(\w+)',$/gm),
  ...declared('src/runtime/conditions.ts', /_CONDITIONS = \[([^\]]*)\] as const/g).flatMap(
    (list) => list.match(/\w+/g) ?? [],
  ),
  ...declared('src/runtime/watch-health.ts', /^const WATCHES_HEALTHY = '(\w+)'/gm),
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
