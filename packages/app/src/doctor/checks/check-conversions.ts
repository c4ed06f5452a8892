import type { ClusterFacts, Conversion, ConversionTrust } from '../cluster-facts.ts';
import { type CheckResult, type Finding, checkReading, joinResults } from '../finding.ts';
import { type TargetProblem, conditionWith, targetProblem } from './webhook-target.ts';

const REMOVAL = 'set spec.conversion.strategy to None if all versions have the same fields';
/** The remedy for a conversion of the controller, whose CRD the controller writes itself. */
const OWN_REMOVAL = 'correct --conversion-service of the controller, whose pods the Service must select';

/** Checks whether the conversion webhooks of the kinds that the controller reads or writes respond. */
export function checkConversions(facts: ClusterFacts): CheckResult {
  const { conversions, kindsLimit } = facts;
  const limit = kindsLimit === undefined ? [] : [kindsLimit];
  const unread = [...limit, ...('value' in conversions ? conversions.value.flatMap(unreadTarget) : [])];
  return joinResults(
    checkReading(conversions, (all) => all.flatMap((each) => conversionFindings(each, facts))),
    { findings: [], unread, isEmpty: true },
  );
}

const unreadTarget = ({ crd, target, trust, lists }: Conversion): string[] => [
  ...[...lists].flatMap(([version, read]) =>
    'unread' in read && !isFailedCall(read.unread) ? [`${crd} in ${version}: ${read.unread}`] : [],
  ),
  ...(target !== undefined && 'state' in target && 'unread' in target.state
    ? [`endpoints of the conversion of ${crd}: ${target.state.unread}`]
    : []),
  ...(trust !== undefined && 'unread' in trust.isServedTrusted
    ? [`the certificate of the conversion of ${crd}: ${trust.isServedTrusted.unread}`]
    : []),
];

const isFailedCall = (message: string): boolean => message.includes('conversion webhook for ');

const conversionFindings = (conversion: Conversion, facts: ClusterFacts): Finding[] => [
  ...targetFindings(conversion, facts),
  ...listFindings(conversion),
];

/** The versions in which the kind cannot be listed, each with the reason of the server, which names the object. */
const listFindings = ({ crd, lists }: Conversion): Finding[] =>
  [...lists].flatMap(([version, read]) =>
    'unread' in read && isFailedCall(read.unread)
      ? [
          {
            severity: 'error',
            where: `CustomResourceDefinition ${crd}`,
            what: `its objects cannot be listed in ${version}: ${read.unread}`,
            why: `one object that cannot be converted makes each list in ${version} fail`,
            remedy: `correct the object that the message names in the version in which it can be read, or the rules of ${version} in the definition; if it names none, the webhook does not respond`,
          },
        ]
      : [],
  );

function targetFindings(conversion: Conversion, facts: ClusterFacts): Finding[] {
  const { crd, version, storedVersions, servedVersions, target, trust } = conversion;
  if (target === undefined) return [];
  const group = crd.slice(crd.indexOf('.') + 1);
  const failure = conditionWith(`conversion webhook for ${group}/`, facts);
  const words = { name: 'its conversion webhook', removal: trust === undefined ? REMOVAL : OWN_REMOVAL };
  const found = targetProblem(target, words, failure);
  // A wrong certificate is the reason of a failed call, and not of a missing Service or endpoint.
  const distrust = trust === undefined ? undefined : trustProblem(trust, facts.server.now);
  const problem = found?.severity === 'error' ? found : (distrust ?? found);
  if (problem === undefined) return [];
  const others = storedVersions.filter((each) => each !== version);
  const isOnly = servedVersions.every((each) => each === version);
  const readers = isOnly ? '' : ', and clients of other versions read nothing';
  const why =
    others.length > 0
      ? `objects may be stored in ${others.join(', ')}, and the API server cannot list the kind in ${version} without their conversion`
      : `all objects are stored in ${version}, but the API server refuses an apply of objects whose managedFields name another version${readers}`;
  // If no object is stored in another version, the controller's reads need no conversion, so the problem is less
  // severe.
  const severity = problem.severity === 'error' && others.length === 0 ? 'warning' : problem.severity;
  return [{ ...problem, severity, where: `CustomResourceDefinition ${crd}`, why }];
}

/** The reason for which the API server does not trust the controller's certificate; `undefined` when it does. */
function trustProblem({ until, secret, isServedTrusted }: ConversionTrust, now: number): TargetProblem | undefined {
  const remedy =
    'restart the controller, which renews the certificates and writes them into the CRD; its log and the condition KindReady of the definition say what fails';
  if (until <= now) {
    const what = until === 0 ? 'has no certificate' : `has expired (${new Date(until).toISOString()})`;
    return { severity: 'error', what: `the caBundle of its conversion webhook ${what}`, remedy };
  }
  if ('unread' in isServedTrusted || isServedTrusted.value === true) return undefined;
  const what =
    isServedTrusted.value === undefined
      ? `the Secret ${secret}, which has the certificate of its conversion webhook, does not exist`
      : `the caBundle of its conversion webhook does not have the certificate of the Secret ${secret}`;
  return { severity: 'error', what, remedy };
}
