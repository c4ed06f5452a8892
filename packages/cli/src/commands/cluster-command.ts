import { KUBERNETES_OPTION } from '../kubernetes-option.ts';
import { RUN_PROCESSES_OPTION } from '../run-processes-option.ts';
import { STAND_IN_OPTION } from '../stand-in-option.ts';
import { type TypeKroError, nearestName } from '@typekro/kit/core';
import { type Command, type CommandInput, usageError } from '../command.ts';
import { type ClusterVerb, CLUSTER_VERBS } from '../clusters/verbs.ts';

/** The names of the verbs, for help and completion. */
const VERBS = Object.keys(CLUSTER_VERBS);

/** `typekro cluster VERB [NAME] [FILE…]`: named clusters that outlive the command. */
export const cluster: Command = {
  name: 'cluster',
  description: `Starts, stops and fills named clusters. Each is a Kubernetes API on loopback in its own process, which outlives the command; many run side by side. Their files are in the user's state directory, and only the user may open them. A cluster has the controllers of Kubernetes, with simulated containers, and no controller of TypeKro. Verbs: ${Object.entries(
    CLUSTER_VERBS,
  )
    .map(([verb, { form, summary }]) => `${[verb, form].join(' ').trim()}: ${summary}`)
    .join('; ')}.`,
  positionals: [
    { name: 'verb', summary: VERBS.join(', '), required: true, choices: VERBS },
    {
      name: 'cluster',
      summary: 'name of the cluster, a DNS label; without a name, start, stop, status and kubeconfig use "default"',
    },
    {
      name: 'file',
      summary:
        'a snapshot; for load: files, folders, or - for the standard input; for faults and clock: see the list of verbs',
      variadic: true,
      // Only the verb knows what the argument is.
      allowsEmpty: true,
    },
  ],
  options: [
    { name: 'data', summary: 'start: keep the objects on the disk, also after a stop, a crash or a restart' },
    { ...STAND_IN_OPTION, summary: `start: ${STAND_IN_OPTION.summary}` },
    { ...RUN_PROCESSES_OPTION, summary: `start: ${RUN_PROCESSES_OPTION.summary}; not kept for the next start` },
    { name: 'port', summary: 'start: port of the API; by default that of the last run, or a free one', value: 'port' },
    { ...KUBERNETES_OPTION, summary: `start: ${KUBERNETES_OPTION.summary}` },
    {
      name: 'audit-log',
      summary: 'start: file to which the audit events of all requests are added; the value none turns the log off',
      value: 'file',
    },
    {
      name: 'audit-policy',
      summary: 'start: audit policy (audit.k8s.io/v1); without one the log has all requests at the level Metadata',
      value: 'file',
    },
    {
      name: 'add-context',
      summary: 'start, kubeconfig: add the context typekro-NAME to your kubeconfig; a stop removes it',
    },
    { name: 'use-context', summary: 'start, kubeconfig: add the context, and make it the current one' },
    {
      name: 'kubeconfig',
      summary: 'start, kubeconfig: the kubeconfig that gets the context; by default the one that kubectl changes',
      value: 'file',
    },
    { name: 'all', summary: 'stop: all clusters' },
    { name: 'delete', summary: 'stop: also delete the objects that --data keeps' },
    { name: 'pause', summary: 'restart: the time without a server, such as 5s; at most 60s', value: 'duration' },
    {
      name: 'output',
      short: 'o',
      summary:
        'text, json or yaml; for kubeconfig also path, for kubeconfig and faults also env (lines for eval in a shell)',
      value: 'form',
      defaultValue: 'text',
    },
  ],
  examples: [
    { command: 'typekro cluster start', summary: 'a cluster named default; does nothing when it runs already' },
    {
      command: 'typekro cluster start dev --data --use-context',
      summary: 'kubectl uses it at once, and its objects stay',
    },
    { command: 'eval "$(typekro cluster kubeconfig dev -o env)"', summary: 'kubectl of this terminal uses it' },
    { command: 'typekro cluster load dev crds/ app.yaml', summary: 'applies files and folders' },
    { command: 'typekro cluster snapshot dev before.jsonl', summary: 'then: typekro cluster restore dev before.jsonl' },
    {
      command: 'typekro cluster faults dev add faults.yaml',
      summary: 'errors, delays and lost responses for its clients',
    },
    { command: 'typekro cluster clock dev 1h', summary: 'an hour later: timers, CronJobs and tokens follow' },
    { command: 'typekro cluster restart dev --pause 5s', summary: 'clients lose their connections, and connect again' },
    { command: 'typekro cluster stop --all', summary: 'ends all clusters' },
  ],
  run(context, input) {
    const [word = '', ...names] = input.positionals;
    const verb = Object.hasOwn(CLUSTER_VERBS, word) ? CLUSTER_VERBS[word] : undefined;
    if (verb === undefined) throw unknownVerb(word);
    refuseForeignOptions(word, verb, input);
    refuseWrongArguments(word, verb, names);
    return verb.run(context, input, names);
  },
};

function unknownVerb(word: string): TypeKroError {
  const near = nearestName(word, VERBS);
  return usageError(
    `${word} is not one of ${VERBS.join(', ')}`,
    near === undefined ? 'typekro cluster --help explains them' : `did you mean typekro cluster ${near}?`,
  );
}

/** Refuses options that belong to other verbs, because ignoring them would hide a mistake of the user. */
function refuseForeignOptions(word: string, { options }: ClusterVerb, input: CommandInput): void {
  const foreign = Object.entries(input.options).find(
    ([name, value]) => value !== undefined && name !== 'output' && !options.includes(name),
  );
  if (foreign === undefined) return;
  const own = options.length === 0 ? 'it has --output only' : `it has ${options.map((name) => `--${name}`).join(', ')}`;
  throw usageError(`typekro cluster ${word} has no option --${foreign[0]}`, own);
}

function refuseWrongArguments(
  word: string,
  { form, minArguments, maxArguments }: ClusterVerb,
  names: readonly string[],
): void {
  const isEmpty = names.includes('');
  if (names.length >= minArguments && names.length <= maxArguments && !isEmpty) return;
  const what = isEmpty
    ? 'an argument is empty; a shell variable may be unset'
    : names.length < minArguments
      ? 'an argument is missing'
      : `there are too many arguments: ${names.slice(maxArguments).join(' ')}`;
  throw usageError(what, `write typekro cluster ${[word, form].join(' ').trim()}`);
}
