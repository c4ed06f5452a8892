import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';

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
afterAll(() => rmSync(folder, { recursive: true }));

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
