import { afterEach, describe, expect, test } from 'vitest';
import { findDefinition } from '../../../packages/app/src/instance/find-definition.ts';
import { assumedSettings } from '@typekro/controller/controller';
import { observe } from '../../../packages/app/src/instance/observation.ts';
import { definitionWhyLines, explainDefinition } from '../../../packages/app/src/instance/why-definition.ts';
import { whyOf } from '../../../packages/app/src/instance/evidence.ts';
import { whyLines } from '../../../packages/app/src/instance/why-view.ts';
import { readSession } from '@typekro/kube';
import { type VirtualWorld, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { restoreCheckpoint } from './recorded-checkpoint.ts';

/**
 * The cluster of one test. The tests run `why` on scenarios that were recorded with kro's own controller, each at a
 * checkpoint with a failure.
 */
let world: VirtualWorld;
afterEach(() => world.close());

const NEVER = new AbortController().signal;
/** The recordings are of kro 0.9. */
const AS_RECORDED = { settings: Promise.resolve(assumedSettings('the recording', '0.9')) };

async function at(scenario: string, checkpoint: string): Promise<void> {
  world = await virtualWorld({ controller: { kroCompatibility: '0.9' } });
  await restoreCheckpoint(world, scenario, checkpoint, 'x');
}

async function whyInstance(name: string): Promise<string> {
  const session = readSession(world.user);
  const seen = await observe(session, name, 't-x', NEVER, AS_RECORDED);
  return whyLines(seen, await whyOf(seen, session, NEVER), world.clock.now(), false).join('\n');
}

async function whyDefinition(name: string): Promise<string> {
  const definition = await findDefinition(world.user, name, NEVER);
  return definitionWhyLines(await explainDefinition(world.user, definition, NEVER, await AS_RECORDED.settings), world.clock.now(), false).join('\n');
}

/**
 * One row per checkpoint: scenario, checkpoint, instance, and the strings that the output contains. The strings show
 * the cause, the nodes that wait because of it, and the remedy if it is certain.
 */
const INSTANCES: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    'api-validation-error',
    'invalid',
    'p',
    [
      '✗ s  failed: the API server refuses Service t-x/p',
      'Invalid value: 70000',
      'spec.ports[0].port is ${schema.spec.port}',
      'correct spec.port of the instance',
    ],
  ],
  ['applyset-conflict', 'refused', 'second', ['✗ c  failed', 'belongs to Claim t-x/first', 'delete Claim t-x/first']],
  ['cel-error-recovery', 'failing', 'c', ['✗ c  failed: failed at data.n', "from 'string' to 'int'", 'the value in the instance']],
  ['cel-error-recovery', 'failing again', 'c', ['✗ c  failed: failed at data.n', "from 'string' to 'int'"]],
  [
    'custom-conditions',
    'high',
    'v',
    ['the definition itself sets the condition Ready to False: High: level 7', 'spec.schema.status.conditions'],
  ],
  ['data-pending', 'pending', 'c', ['· dst  pending', 'src.status.address has no value', 'Pump t-x/c-src', 'waiting    far']],
  [
    'delete-blocked-by-foreign-finalizer',
    'blocked',
    'b',
    ['… c  deleting: waits until ConfigMap v1 t-x/b is gone', 'held by acme.test/foreign', 'find out which controller must remove acme.test/foreign'],
  ],
  ['delete-terminating-child', 'held', 's', ['! c  blocked', 'ConfigMap v1 t-x/s is gone', 'held by acme.test/hold', 'waiting    d']],
  ['delete-waves', 'roof going', 't', ['… roof  deleting', 't-x/t-2 is gone', 'waiting    middle, ground']],
  ['delete-waves', 'middle going', 't', ['… middle  deleting', 't-x/t-1 is gone', 'waiting    ground']],
  ['duplicate-target', 'refused', 'd', ['! left  blocked: renders ConfigMap v1 t-x/same, and so does right', 'different names']],
  ['external-by-name', 'absent', 'g', ['… host  waiting: waits for ConfigMap v1 t-x/outside', 'create it', 'waiting    copy']],
  ['external-by-name', 'disappeared', 'g', ['… host  waiting: waits for ConfigMap v1 t-x/outside', 'waiting    copy']],
  ['foreach-identity-collision', 'collision', 't', ['✗ c  failed: has two items with one identity', 'different names']],
  ['foreach-readywhen', 'one ready', 'r', ['… p  waiting', 'each.status.running', 't-x/r-b', 'waiting    done']],
  ['foreach-readywhen', 'third waits', 'r', ['… p  waiting', 'each.status.running', 't-x/r-c', 'waiting    done']],
  ['immutable-child', 'refused', 's', ['✗ c  failed', 'field is immutable', 'kubectl delete configmap s -n t-x']],
  ['includewhen-status', 'unknown', 'l', ['· note  pending', 'p.status.level > 5 has no value', 'Pump t-x/l']],
  ['missing-namespace', 'missing', 'f', ['✗ there  failed', 'namespaces "t-x-late" not found', 'kubectl create namespace t-x-late']],
  ['missing-spec-field', 'waiting', 'f', ['· strict  pending', 'schema.spec.a has no value', 'set "a" in the instance']],
  ['prune-while-waiting', 'pruned', 's', ['… p  waiting', 'p.status.running', 'Pump x.parts.test/v1 t-x/s']],
  ['readywhen-chain', 'waiting for first', 'r', ['… first  waiting', 'first.status.phase == "Up"', 'waiting    second, third']],
  ['readywhen-chain', 'waiting for second', 'r', ['… second  waiting', 'second.status.phase == "Up"', 'waiting    third']],
  ['readywhen-deployment', 'waiting', 'home', ['… web  waiting', '"readyReplicas" does not exist yet', 'waiting    svc']],
  ['readywhen-deployment', 'scaled, not ready', 'home', ['… web  waiting', 'it is false', 'waiting    svc']],
  ['readywhen-regress', 'regressed', 't', ['… p  waiting', 'p.status.running', 'it is false', 'waiting    c']],
  ['suspend-resume', 'suspended', 'n', ['suspended by the annotation kro.run/reconcile']],
];

describe('why explains an instance that was recorded with kro', () => {
  test.each(INSTANCES)('scenario %s, checkpoint %s, instance %s', async (scenario, checkpoint, name, parts) => {
    await at(scenario, checkpoint);
    const text = await whyInstance(name);
    for (const part of parts) expect(text).toContain(part);
    expect(text).not.toContain('make sure that the controller runs');
  });
});

/** One row per failure: scenario, checkpoint, definition, and the strings that the output contains. */
const DEFINITIONS: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['rgd-bad-reference-fixed', 'refused', 'lamp-x', ['✗ GraphAccepted', 'nothing here is named ghost', 'spec.resources[0].template.data.w', 'known names: schema, base']],
  ['rgd-bad-type-fixed', 'refused', 'crate-x', ['✗ GraphAccepted', 'unknown type: bignumber', 'at spec.schema.spec.size']],
  ['rgd-before-active-instance', 'broken', 'rug-x', ['nothing here is named nosuch', '1 instance, 1 not ACTIVE', 'typekro why rug/t-x/early']],
  ['rgd-child-kind-later', 'kind missing', 'well-x', ['✗ GraphAccepted', 'install the CustomResourceDefinition of that kind']],
  ['rgd-foreign-crd', 'refused', 'moat-x', ['✗ KindReady', 'not owned by KRO', 'declare another kind or group']],
  ['rgd-invalid-update-keeps-serving', 'bad update', 'stall-x', ['returns int, but the field takes string', 'string(…)', '1 instance']],
  ['rgd-schema-breaking', 'blocked', 'boat-x', ['✗ KindReady', 'Property hull was removed', 'kro.run/allow-breaking-changes']],
  ['rgd-two-for-one-kind', 'rival refused', 'rival-x', ['✗ KindReady', 'owned by another ResourceGraphDefinition gate-x', 'delete the other']],
];

describe('why explains a definition that was recorded with kro', () => {
  test.each(DEFINITIONS)('scenario %s, checkpoint %s, definition %s', async (scenario, checkpoint, name, parts) => {
    await at(scenario, checkpoint);
    const text = await whyDefinition(name);
    for (const part of parts) expect(text).toContain(part);
  });

});
