import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { CONTROLLER_FLAGS } from '@typekro/controller/controller';
import { createMetrics, createProcessMetrics } from '../../packages/controller/src/controller/metrics/metrics.ts';
import { RuntimeMetrics } from '../../packages/controller/src/controller/metrics/runtime-meter.ts';
import { analyzePromql } from '../support/promql.ts';

describe('alerts', () => {
  /*
   * Each alert of the chart must fire for the series of its row, and no other alert may fire for these series.
   * Prometheus' own promtool evaluates the rules for every minute. promtool is in Debian's package `prometheus`. Without
   * promtool, the tests are skipped.
   */

  const RULES = fileURLToPath(new URL('../../charts/typekro/monitoring/rules.yaml', import.meta.url));
  const rules = parse(readFileSync(RULES, 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly { readonly alert: string }[] }[];
  };
  const ALERTS = rules.groups.flatMap((group) => group.rules.map(({ alert }) => alert));

  const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
  const folder = mkdtempSync(join(tmpdir(), 'typekro-alerts-'));

  /** Maps a series to its values per minute, in promtool's notation: `0+5x60` begins with 0 and grows by 5, 60 times. */
  type Series = Readonly<Record<string, string>>;

  /** The series of a controller that reports metrics. */
  const UP: Series = { 'dynamic_controller_gvr_count{instance="a"}': '1x120' };

  /** The alerts that fire at a minute, sorted. */
  function firing(series: Series, minute: number): string[] {
    const file = join(folder, 'alerts.yaml');
    const input = Object.entries(series).map(([name, values]) => ({ series: name, values }));
    const expr = 'count by (alertname) (ALERTS{alertstate="firing"})';
    // The expected samples never occur. Therefore promtool prints the actual samples.
    const never = [{ labels: '{alertname="none"}', value: 1 }];
    const query = { expr, eval_time: `${minute}m`, exp_samples: never };
    const tests = [{ interval: '1m', input_series: input, promql_expr_test: [query] }];
    writeFileSync(file, stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
    const { stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
    const got = /got:\s*(.*)/.exec(stdout + stderr)?.[1];
    if (got === undefined) throw new Error(stdout + stderr);
    return [...got.matchAll(/alertname="(\w+)"/g)].map(([, name = '']) => name).toSorted();
  }

  /**
   * An alert, the series for which it fires, the minute at which it fires, and series of the same metrics for which it
   * does not fire.
   */
  type Row = readonly [alert: string, fires: Series, minute: number, isQuiet: Series];

  const ROWS: readonly Row[] = [
    ['TypeKroControllerAbsent', { 'up{instance="a"}': '1x120' }, 10, UP],
    [
      'TypeKroNoLeader',
      { ...UP, 'leader_election_master_status{instance="a",name="controller.kro.run"}': '0x120' },
      10,
      {
        ...UP,
        'leader_election_master_status{instance="a",name="controller.kro.run"}': '0x120',
        'leader_election_master_status{instance="b",name="controller.kro.run"}': '1x120',
      },
    ],
    [
      'TypeKroShardNotHeld',
      { ...UP, 'typekro_shards{instance="a"}': '2x120', 'typekro_shard_held{instance="a",shard="0"}': '1x120' },
      10,
      {
        ...UP,
        'typekro_shards{instance="a"}': '2x120',
        'typekro_shard_held{instance="a",shard="0"}': '1x120',
        'typekro_shard_held{instance="b",shard="1"}': '1x120',
      },
    ],
    [
      'TypeKroRestarts',
      { ...UP, 'process_start_time_seconds{instance="a"}': '100x10 200x10 300x10 400x30' },
      50,
      { ...UP, 'process_start_time_seconds{instance="a"}': '100x20 200x100' },
    ],
    [
      'TypeKroPassesFail',
      { ...UP, 'instance_reconcile_errors_total{instance="a",gvr="x"}': '0+60x120' },
      60,
      { ...UP, 'instance_reconcile_errors_total{instance="a",gvr="x"}': '0+1x120' },
    ],
    [
      'TypeKroInternalError',
      { ...UP, 'dynamic_controller_reconcile_panics_total{instance="a"}': '0x20 1x100' },
      22,
      { ...UP, 'dynamic_controller_reconcile_panics_total{instance="a"}': '1x120' },
    ],
    [
      'TypeKroQueueDelayed',
      {
        ...UP,
        'workqueue_queue_duration_seconds_bucket{instance="a",name="dynamic-controller-queue",le="10"}': '0x120',
        'workqueue_queue_duration_seconds_bucket{instance="a",name="dynamic-controller-queue",le="60"}': '0+10x120',
        'workqueue_queue_duration_seconds_bucket{instance="a",name="dynamic-controller-queue",le="+Inf"}': '0+10x120',
      },
      60,
      {
        ...UP,
        'workqueue_queue_duration_seconds_bucket{instance="a",name="dynamic-controller-queue",le="10"}': '0+10x120',
        'workqueue_queue_duration_seconds_bucket{instance="a",name="dynamic-controller-queue",le="60"}': '0+10x120',
        'workqueue_queue_duration_seconds_bucket{instance="a",name="dynamic-controller-queue",le="+Inf"}': '0+10x120',
      },
    ],
    [
      'TypeKroPassStuck',
      { ...UP, 'workqueue_longest_running_processor_seconds{instance="a",name="dynamic-controller-queue"}': '700x120' },
      10,
      { ...UP, 'workqueue_longest_running_processor_seconds{instance="a",name="dynamic-controller-queue"}': '30x120' },
    ],
    [
      'TypeKroEventLoopBlocked',
      { ...UP, 'nodejs_eventloop_lag_p99_seconds{instance="a"}': '2x120' },
      20,
      { ...UP, 'nodejs_eventloop_lag_p99_seconds{instance="other"}': '2x120' },
    ],
    [
      'TypeKroCollectorBusy',
      { ...UP, 'nodejs_gc_duration_seconds_sum{instance="a",kind="major"}': '0+20x120' },
      60,
      { ...UP, 'nodejs_gc_duration_seconds_sum{instance="a",kind="major"}': '0+1x120' },
    ],
    [
      'TypeKroApiServerFails',
      {
        ...UP,
        'rest_client_requests_total{instance="a",code="200"}': '0+50x120',
        'rest_client_requests_total{instance="a",code="503"}': '0+10x120',
      },
      60,
      {
        ...UP,
        'rest_client_requests_total{instance="a",code="200"}': '0+50x120',
        'rest_client_requests_total{instance="a",code="404"}': '0+10x120',
      },
    ],
    [
      'TypeKroThrottled',
      {
        ...UP,
        'rest_client_requests_total{instance="a",code="429"}': '0+120x120',
        'rest_client_requests_total{instance="a",code="200"}': '0+120x120',
      },
      60,
      { ...UP, 'rest_client_requests_total{instance="a",code="429"}': '0+30x120' },
    ],
    [
      'TypeKroDefinitionInvalid',
      { ...UP, 'rgd_graph_build_errors_total{instance="a",name="shops"}': '0+1x120' },
      60,
      { ...UP, 'rgd_graph_build_errors_total{instance="a",name="shops"}': '3x120' },
    ],
    [
      'TypeKroInstanceNotReady',
      {
        ...UP,
        'instance_condition_current_status_seconds{gvr="x",namespace="n",name="i",condition_type="Ready",condition_status="False"}':
          '2000x120',
      },
      10,
      {
        ...UP,
        'instance_condition_current_status_seconds{gvr="x",namespace="n",name="i",condition_type="Ready",condition_status="True"}':
          '2000x120',
      },
    ],
    [
      'TypeKroFieldsContested',
      { ...UP, 'typekro_contested_objects{instance="a",gvr="x"}': '1x120' },
      40,
      { ...UP, 'typekro_contested_objects{instance="a",gvr="x"}': '0x120' },
    ],
    [
      'TypeKroDeletionBlocked',
      { ...UP, 'typekro_blocked_deletions{instance="a",gvr="x"}': '1x120' },
      40,
      { ...UP, 'typekro_blocked_deletions{instance="a",gvr="x"}': '1x20 0x100' },
    ],
    [
      'TypeKroDefinitionDeletionWaits',
      { ...UP, 'typekro_definition_deletion_waits{instance="a",name="shops"}': '2x120' },
      90,
      { ...UP, 'typekro_definition_deletion_waits{instance="a",name="shops"}': '0x120' },
    ],
    [
      'TypeKroCanaryHeld',
      { ...UP, 'typekro_canary_held_instances{instance="a",name="shops"}': '5x120' },
      90,
      { ...UP, 'typekro_canary_held_instances{instance="a",name="shops"}': '0x120' },
    ],
    [
      'TypeKroInstancesOrphaned',
      { ...UP, 'typekro_orphaned_instances_total{instance="a"}': '0x20 3x100' },
      22,
      { ...UP, 'typekro_orphaned_instances_total{instance="a"}': '3x120' },
    ],
  ];

  test('the table has each alert once, in the order of the rules', () => {
    expect(ROWS.map(([alert]) => alert)).toEqual(ALERTS);
  });

  describe.skipIf(!hasPromtool)('Prometheus', () => {
    test.each(ROWS)('%s fires only for its series', (alert, fires, minute, isQuiet) => {
      expect(firing(fires, minute)).toEqual([alert]);
      expect(firing(isQuiet, minute)).toEqual([]);
    });

    test('accepts the file of rules', () => {
      expect(spawnSync('promtool', ['check', 'rules', RULES], { encoding: 'utf8' }).stdout).toContain('SUCCESS');
    });
  });
});

describe('monitoring', () => {
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
    test.each(alerts.map((alert) => [alert.alert, alert] as const))(
      '%s reads metrics of the controller',
      (_, alert) => {
        const { problems, metrics, labels } = analyzePromql(alert.expr, series);
        expect(problems).toEqual([]);
        expect(metrics.length).toBeGreaterThan(0);
        const { summary, description } = alert.annotations;
        expect(labelsIn(summary + description).filter((label) => !labels.has(label))).toEqual([]);
        expect(['critical', 'warning', 'info']).toContain(alert.labels.severity);
        expect(alert.annotations.runbook_url).toBe(
          `${HOMEPAGE}/blob/main/docs/runbook.md#${alert.alert.toLowerCase()}`,
        );
        expect(runbook).toContain(`\n### ${alert.alert}\n`);
      },
    );

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
    ...declared('packages/engine/src/runtime/status/watch-health.ts', /^const WATCHES_HEALTHY = '(\w+)'/gm),
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
});

const read = (name: string): string => readFileSync(new URL(`../../charts/typekro/${name}`, import.meta.url), 'utf8');

/**
 * The flags in the template of the chart. `value` is the path of the chart's value that sets the flag. It is undefined
 * if several values determine the flag.
 */
const listed = [...read('templates/_helpers.tpl').matchAll(/^ {2}\(list "([a-z-]+)" (?:\$c\.([\w.]+))?/gm)].map(
  ([, flag = '', value]) => ({ flag, value }),
);

/** The flags that the chart does not set. They are for debugging and for the format of the log. */
const WITHOUT_VALUE = ['conversion-url', 'pprof-bind-address', 'zap-stacktrace-level', 'zap-time-encoding'];

test('the chart passes every flag of the controller except four, and no other flags', () => {
  const flags = CONTROLLER_FLAGS.map(({ name }) => name).filter((name) => !WITHOUT_VALUE.includes(name));
  expect(listed.map(({ flag }) => flag).sort()).toEqual(flags.sort());
});

test('the container of the chart does not run as root, and has a read-only file system and no capabilities', () => {
  const { securityContext } = (parse(read('values.yaml')) as { deployment: JsonObject }).deployment;
  expect(securityContext).toMatchObject({
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
  });
  expect(read('templates/deployment.yaml')).toMatch(
    /^ {10}\{\{- with \.Values\.deployment\.securityContext \}\}\n {10}securityContext:/m,
  );
});

test('each flag comes from a documented value of the chart', () => {
  const values = (parse(read('values.yaml')) as { config: JsonObject }).config;
  const hasValue = (path: string): boolean => {
    const steps = path.split('.');
    const parent = steps.slice(0, -1).reduce<JsonValue | undefined>((at, step) => {
      return isJsonObject(at) ? at[step] : undefined;
    }, values);
    return isJsonObject(parent) && Object.hasOwn(parent, steps.at(-1) ?? '');
  };
  const named = listed.flatMap(({ value }) => value ?? []);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !hasValue(path))).toEqual([]);
});
