import { CRD_TYPE, declaredKind, DEFINITION_TYPE, REVISION_TYPE } from '../../../controller/index.ts';
import type { ClusterFacts, Webhook } from '../cluster-facts.ts';
import type { CheckResult, Finding } from '../finding.ts';
import { checkReading, joinResults } from '../finding.ts';

/** Checks for webhooks that do not answer although the API server requires their answer to writes of the controller. */
export function checkWebhooks({ webhooks, definitions }: ClusterFacts): CheckResult {
  const kinds = 'value' in definitions ? definitions.value.map((each) => declaredKind(each.spec ?? {}).group) : [];
  const groups = new Set([DEFINITION_TYPE.group, REVISION_TYPE.group, CRD_TYPE.group, ...kinds]);
  const unread = 'value' in webhooks ? webhooks.value.flatMap((each) => unreadEndpoints(each, groups)) : [];
  return joinResults(
    checkReading(webhooks, (all) => all.flatMap((each) => webhookFindings(each, groups))),
    { findings: [], unread, isEmpty: true },
  );
}

/** The groups of the controller's kinds that a webhook selects. */
function selected({ rules }: Webhook, groups: ReadonlySet<string>): string[] {
  return [...groups].filter((group) =>
    rules.some((rule) => rule.groups.some((each) => each === '*' || each === group)),
  );
}

const unreadEndpoints = (webhook: Webhook, groups: ReadonlySet<string>): string[] =>
  webhook.blocks &&
  selected(webhook, groups).length > 0 &&
  webhook.endpoints !== undefined &&
  'unread' in webhook.endpoints
    ? [`endpoints of ${webhook.configuration}: ${webhook.endpoints.unread}`]
    : [];

function webhookFindings(webhook: Webhook, groups: ReadonlySet<string>): Finding[] {
  const { service, endpoints, blocks, name, configuration } = webhook;
  const found = selected(webhook, groups);
  if (!blocks || service === undefined || found.length === 0) return [];
  if (endpoints === undefined || 'unread' in endpoints || endpoints.value > 0) return [];
  return [
    {
      severity: 'error',
      where: configuration,
      what: `the webhook ${name} has no ready endpoint: Service ${service.namespace}/${service.name}`,
      why: `failurePolicy is Fail, so the API server refuses writes in ${found.join(', ')}, except those that its selectors exclude`,
      remedy: `start the pods of Service ${service.namespace}/${service.name}, or delete the configuration if its program is gone`,
    },
  ];
}
