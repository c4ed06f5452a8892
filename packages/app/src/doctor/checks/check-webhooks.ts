import { withGroup } from '@typekro/kit/core';
import type { ClusterFacts, Webhook, WebhookRule, WrittenKind } from '../cluster-facts.ts';
import { type CheckResult, type Finding, checkReading, joinResults } from '../finding.ts';
import { conditionWith, targetProblem } from './webhook-target.ts';

/** The maximum number of kinds that a finding names. */
const MAX_NAMED_KINDS = 5;

const REMOVAL = 'delete the configuration if its program is gone';

/**
 * Checks for webhooks that do not respond although the API server needs their response to accept writes of the
 * controller.
 */
export function checkWebhooks(facts: ClusterFacts): CheckResult {
  const { webhooks, writtenKinds: kinds, kindsLimit } = facts;
  const all = 'value' in webhooks ? webhooks.value : [];
  const limit = kindsLimit !== undefined && all.some(({ blocks }) => blocks) ? [kindsLimit] : [];
  const unread = [...limit, ...all.flatMap((each) => unreadEndpoints(each, kinds))];
  return joinResults(
    checkReading(webhooks, () => all.flatMap((each) => webhookFindings(each, kinds, facts))),
    { findings: [], unread, isEmpty: true },
  );
}

/** The kinds whose writes by the controller need the response of this webhook. */
function selected({ rules, blocks }: Webhook, kinds: readonly WrittenKind[]): readonly WrittenKind[] {
  return blocks ? kinds.filter((kind) => rules.some((rule) => selects(rule, kind))) : [];
}

function selects({ groups, versions, resources, operations }: WebhookRule, kind: WrittenKind): boolean {
  return (
    names(groups, kind.group) &&
    (versions === undefined || names(versions, kind.version)) &&
    (operations.includes('*') || kind.operations.some((each) => operations.includes(each))) &&
    resources.some((resource) => selectsResource(resource, kind))
  );
}

const names = (list: readonly string[], name: string): boolean => list.includes('*') || list.includes(name);

/** A resource without a slash does not select subresources. */
function selectsResource(resource: string, kind: WrittenKind): boolean {
  const [name = '', subresource] = resource.split('/');
  const isNamed = name === '*' || kind.resource === '*' || name === kind.resource;
  // `pods/*` and `*/*` select subresources and the resource itself.
  if (subresource === undefined || subresource === '*') return isNamed;
  return isNamed && subresource === 'status' && kind.writesStatus;
}

const unreadEndpoints = (webhook: Webhook, kinds: readonly WrittenKind[]): string[] =>
  'state' in webhook.target && 'unread' in webhook.target.state && selected(webhook, kinds).length > 0
    ? [`endpoints of ${webhook.configuration}: ${webhook.target.state.unread}`]
    : [];

function webhookFindings(webhook: Webhook, kinds: readonly WrittenKind[], facts: ClusterFacts): Finding[] {
  const { configuration, name, target } = webhook;
  const found = selected(webhook, kinds);
  if (found.length === 0) return [];
  const failure = conditionWith(`failed calling webhook "${name}"`, facts);
  const problem = targetProblem(target, { name: `the webhook ${name}`, removal: REMOVAL }, failure);
  if (problem === undefined) return [];
  return [
    {
      ...problem,
      where: configuration,
      why: `failurePolicy is Fail, so without a response the API server refuses writes of ${kindsText(found)}, except those that the selectors of the webhook exclude`,
    },
  ];
}

/** Formats kinds: `configmaps, pots.acme.test for ResourceGraphDefinition pots`. */
function kindsText(kinds: readonly WrittenKind[]): string {
  const resources = [...new Set(kinds.map(({ resource, group }) => withGroup(resource, group)))];
  const definitions = [...new Set(kinds.flatMap(({ definition }) => definition ?? []))];
  const isOwn = kinds.some(({ definition }) => definition === undefined);
  const users = [
    ...(isOwn ? ['the controller itself'] : []),
    ...named(definitions).map((name) => `ResourceGraphDefinition ${name}`),
    ...more(definitions),
  ];
  return `${[...named(resources), ...more(resources)].join(', ')} for ${users.join(', ')}`;
}

const named = (list: readonly string[]): readonly string[] => list.slice(0, MAX_NAMED_KINDS);

const more = ({ length }: readonly string[]): string[] =>
  length > MAX_NAMED_KINDS ? [`${length - MAX_NAMED_KINDS} more`] : [];
