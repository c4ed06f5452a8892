import { expect, test } from 'vitest';
import { instancePlan, planOf, writePlan } from '@typekro/app/test-support/plan-values';
import { findingsOf, githubAnnotations } from './findings.ts';
import { junitText } from './plan-junit.ts';
import { markdownText } from './markdown.ts';
import type { DefinitionPlan, InstancePlan, Plan } from '@typekro/controller/inspect';
import { sarifText } from './sarif.ts';

const definition = (members: Partial<DefinitionPlan> = {}): DefinitionPlan => ({
  name: 'pots',
  kind: 'Pot',
  place: 'graphs/pots.yaml:12',
  action: 'change',
  revision: { from: 1, to: 2 },
  schema: [],
  nodes: [],
  other: [],
  notes: [],
  ...members,
});

const removed = {
  change: 'removed',
  field: 'spec.old',
  description: 'string',
  breaking: true,
  setBy: ['team/a'],
} as const;

test('a definition has findings for breaking changes and for its refusal', () => {
  const plan = planOf({
    definitions: [definition({ refusal: 'it has a cycle', schema: [removed, { ...removed, breaking: false }] })],
  });
  expect(findingsOf(plan)).toEqual([
    { rule: 'refused', level: 'error', message: 'pots: it has a cycle', file: 'graphs/pots.yaml', line: 12 },
    {
      rule: 'breaking-change',
      level: 'warning',
      message: 'pots: spec.old (string) is removed; set by team/a',
      file: 'graphs/pots.yaml',
      line: 12,
    },
  ]);
});

test.each([
  [['team/a', 'team/b'], 'missing in team/a, team/b'],
  [[], 'no instance lacks it'],
])('the finding about a field that becomes required names the instances without it: %j', (lackedBy, expected) => {
  const required = { ...removed, change: 'changed', field: 'spec.new', setBy: [], lackedBy } as const;
  const [finding] = findingsOf(planOf({ definitions: [definition({ schema: [required] })] }));
  expect(finding?.message).toBe(`pots: spec.new (string) is changed; ${expected}`);
});

test.each([
  ['pots.yaml:12', { file: 'pots.yaml', line: 12 }],
  ['app.ts:12:3', { file: 'app.ts', line: 12 }],
  ['C:\\graphs\\pots.yaml:7', { file: 'C:\\graphs\\pots.yaml', line: 7 }],
  ['app.ts', { file: 'app.ts' }],
])('a finding at the place %j has %j', (place, expected) => {
  const [finding] = findingsOf(planOf({ definitions: [definition({ place, refusal: 'no' })] }));
  expect(finding).toEqual({ rule: 'refused', level: 'error', message: 'pots: no', ...expected });
});

test('equal findings of several instances are merged, and the message ends with the names of the instances', () => {
  const blocked = (name: string) =>
    instancePlan(`team/${name}`, {
      state: 'blocked',
      blocked: [{ node: 'map', reason: `waits: ${name}-db has data` }],
    });
  const plan = planOf({ instances: [blocked('a'), blocked('shop')], limits: ['Secrets cannot be read'] });
  expect(findingsOf(plan)).toEqual([
    { rule: 'blocked', level: 'error', message: 'map waits: NAME-db has data (Pot team/a, Pot team/shop)' },
    { rule: 'not-seen', level: 'warning', message: 'Secrets cannot be read' },
  ]);
});

test('a finding of a single instance contains the name of the instance instead of a placeholder', () => {
  const blocked = instancePlan('team/a', {
    state: 'blocked',
    blocked: [{ node: 'map', reason: 'waits: a-db has data' }],
  });
  expect(findingsOf(planOf({ instances: [blocked] }))).toMatchObject([
    { message: 'map waits: a-db has data (Pot team/a)' },
  ]);
});

test('an instance with the same problem in several objects of a collection is named once', () => {
  const writes = ['a', 'b', 'c'].map(() => writePlan({ refusal: 'quota' }));
  expect(findingsOf(planOf({ instances: [instancePlan('team/a', { writes })] }))).toMatchObject([
    { message: 'map: ConfigMap: quota (Pot team/a)' },
  ]);
});

test('equal findings about instances of two definitions are not merged', () => {
  const blocked = (name: string, definition: string) =>
    instancePlan(`team/${name}`, { definition, state: 'blocked', because: 'its spec is refused' });
  expect(findingsOf(planOf({ instances: [blocked('a', 'pots'), blocked('b', 'pans')] }))).toHaveLength(2);
});

test('refused writes and replacements are findings, both for objects of files and for children', () => {
  const writes = [writePlan({ action: 'replace' }), writePlan({ action: 'replace', refusal: 'quota' })];
  const plan = planOf({ objects: writes, instances: [instancePlan('team/a', { writes })] });
  expect(findingsOf(plan).map(({ rule, message }) => `${rule} ${message}`)).toEqual([
    'replace ConfigMap team/shop: a field cannot change, so the object must be deleted and created again',
    'refused ConfigMap team/shop: quota',
    'replace map: ConfigMap: a field cannot change, so the object must be deleted and created again (Pot team/a)',
    'refused map: ConfigMap: quota (Pot team/a)',
  ]);
});

const everything = planOf({
  definitions: [definition({ schema: [removed] })],
  objects: [writePlan({ node: '', refusal: 'quota: 1,000 of 1,000 (100%)\nsecond line' })],
  instances: [
    instancePlan('team/a', { state: 'blocked', because: 'spec.old is set <and> "gone"' }),
    instancePlan('team/b', {
      writes: [writePlan({ action: 'replace', fields: [{ path: 'spec.template', immutable: true }] })],
    }),
    instancePlan('team/c', { state: 'deferred', because: 'it is pinned to revision 1' }),
  ],
});

test('workflow commands have one line each, with the special characters of GitHub escaped', () => {
  expect(githubAnnotations(everything).join('\n')).toMatchInlineSnapshot(`
    "::warning file=graphs/pots.yaml,line=12,title=typekro plan%3A breaking-change::pots: spec.old (string) is removed; set by team/a
    ::error title=typekro plan%3A refused::ConfigMap team/shop: quota: 1,000 of 1,000 (100%25)%0Asecond line
    ::error file=graphs/pots.yaml,line=12,title=typekro plan%3A blocked::spec.old is set <and> "gone" (Pot team/a)
    ::warning file=graphs/pots.yaml,line=12,title=typekro plan%3A replace::map: ConfigMap: a field cannot change, so the object must be deleted and created again (Pot team/b)"
  `);
});

test('findings are printed as SARIF', () => {
  const { runs } = JSON.parse(sarifText(everything)) as { runs: [{ results: unknown }] };
  expect(runs[0].results).toMatchInlineSnapshot(`
    [
      {
        "level": "warning",
        "locations": [
          {
            "physicalLocation": {
              "artifactLocation": {
                "uri": "graphs/pots.yaml",
              },
              "region": {
                "startLine": 12,
              },
            },
          },
        ],
        "message": {
          "text": "pots: spec.old (string) is removed; set by team/a",
        },
        "ruleId": "breaking-change",
      },
      {
        "level": "error",
        "locations": [],
        "message": {
          "text": "ConfigMap team/shop: quota: 1,000 of 1,000 (100%)
    second line",
        },
        "ruleId": "refused",
      },
      {
        "level": "error",
        "locations": [
          {
            "physicalLocation": {
              "artifactLocation": {
                "uri": "graphs/pots.yaml",
              },
              "region": {
                "startLine": 12,
              },
            },
          },
        ],
        "message": {
          "text": "spec.old is set <and> "gone" (Pot team/a)",
        },
        "ruleId": "blocked",
      },
      {
        "level": "warning",
        "locations": [
          {
            "physicalLocation": {
              "artifactLocation": {
                "uri": "graphs/pots.yaml",
              },
              "region": {
                "startLine": 12,
              },
            },
          },
        ],
        "message": {
          "text": "map: ConfigMap: a field cannot change, so the object must be deleted and created again (Pot team/b)",
        },
        "ruleId": "replace",
      },
    ]
  `);
});

test('a plan is printed as JUnit XML', () => {
  expect(junitText(everything)).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="typekro plan">
      <testsuite name="pots" tests="4" failures="1" skipped="1">
        <testcase classname="pots" name="definition"/>
        <testcase classname="pots" name="Pot team/a"><failure message="spec.old is set &lt;and&gt; &quot;gone&quot;"/></testcase>
        <testcase classname="pots" name="Pot team/b"/>
        <testcase classname="pots" name="Pot team/c"><skipped message="it is pinned to revision 1"/></testcase>
      </testsuite>
      <testsuite name="objects" tests="1" failures="1" skipped="0">
        <testcase classname="objects" name="ConfigMap team/shop"><failure message="quota: 1,000 of 1,000 (100%) second line"/></testcase>
      </testsuite>
    </testsuites>"
  `);
});

test('a plan is printed as Markdown', () => {
  expect(markdownText(everything)).toMatchInlineSnapshot(`
    "<!-- typekro plan -->
    ### Plan of \`pots\`

    0 to create, 1 to change, 1 to replace, 0 to prune, 1 refused, 1 deferred, 1 blocked.

    - warning: pots: spec.old (string) is removed; set by team/a
    - **error**: ConfigMap team/shop: quota: 1,000 of 1,000 (100%) second line
    - **error**: spec.old is set \\<and\\> "gone" (Pot team/a)
    - warning: map: ConfigMap: a field cannot change, so the object must be deleted and created again (Pot team/b)

    <details><summary>Everything</summary>

    \`\`\`
    Definition  ~ pots  (Pot)  revision 1 → 2  graphs/pots.yaml:12
      schema  - spec.old  string  BREAKING: 1 instance sets it (team/a)

    Objects
      ! ConfigMap team/shop
          refused: quota: 1,000 of 1,000 (100%) second line

    Instances 3   changed 1 · deferred 1 · blocked 1
      team/a  ! blocked: spec.old is set <and> "gone"
      team/b  -/+ ConfigMap shop  (map)  a field cannot change: delete + create
                  spec.template  +   (immutable)
      team/c  = deferred: it is pinned to revision 1

    Plan: 0 to create, 1 to change, 1 to replace, 0 to prune, 1 refused, 1 deferred, 1 blocked.
      Replace: typekro apply deletes an object of an instance once the new revision is served, and the controller creates it again.
      Of 3 writes: 2 checked by dry runs of the API server, 1 not checked.
      From cluster test, read at 2026-01-01T00:00:00Z.
    \`\`\`

    </details>"
  `);
});

test('the comment has no mention, no link to an issue and no markup of a message', () => {
  const plan = planOf({ definitions: [definition({ refusal: 'ask @team about #12 or !3: ~a~ &lt; *b*' })] });
  expect(
    markdownText(plan)
      .split('\n')
      .find((line) => line.startsWith('- **error**')),
  ).toBe('- **error**: pots: ask @<!-- -->team about #<!-- -->12 or !<!-- -->3: \\~a\\~ &amp;lt; \\*b\\*');
});

test('the line about replacements of objects of files does not name the controller', () => {
  const plan = planOf({ objects: [writePlan({ action: 'replace' })] });
  expect(markdownText(plan)).toContain('Replace: typekro apply deletes an object of the files and creates it again.');
  expect(markdownText(plan)).not.toContain('the controller creates it again');
});

test.each<[string, Partial<InstancePlan>, string]>([
  ['its reason', { because: 'it is pinned' }, 'it is pinned'],
  ['its blocked nodes', { blocked: [{ node: 'map', reason: 'fails' }] }, 'map: fails'],
  [
    'the blocked nodes of its present revision',
    { meanwhile: { writes: [], later: [], blocked: [{ node: 'map', reason: 'fails' }] } },
    'map: fails',
  ],
  [
    'the blocked nodes of both revisions, each once',
    {
      because: 'it waits',
      meanwhile: { writes: [], later: [], blocked: [{ node: 'map', reason: 'fails' }] },
      blocked: [
        { node: 'map', reason: 'fails' },
        { node: 'web', reason: 'is refused' },
      ],
    },
    'it waits; map: fails; web: is refused',
  ],
])('the JUnit failure of a blocked instance contains %s', (_title, members, message) => {
  const plan = { definitions: [], instances: [instancePlan('team/a', { state: 'blocked', ...members })], objects: [] };
  expect(/<failure message="([^"]*)"/.exec(junitText(plan as unknown as Plan))?.[1]).toBe(message);
});

test.each([
  ['graphs/pots.yaml:3', 'graphs/pots.yaml'],
  ['my graphs/größe #1.yaml:3', 'my%20graphs/gr%C3%B6%C3%9Fe%20%231.yaml'],
  ['graphs\\pots.yaml:3', 'graphs/pots.yaml'],
])('in SARIF, the place %j has the URI %j', (place, uri) => {
  const plan = planOf({ definitions: [definition({ place, refusal: 'no' })] });
  const { runs } = JSON.parse(sarifText(plan)) as { runs: [{ results: unknown[] }] };
  expect(runs[0].results[0]).toMatchObject({ locations: [{ physicalLocation: { artifactLocation: { uri } } }] });
});
