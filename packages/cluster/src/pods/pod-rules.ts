/**
 * The rules of a pod's simulated lifecycle: when its containers start, become ready, end and crash, which lines they
 * log, and how many resources they use. Annotations of the pod set these rules, and tests set them through
 * `cluster.pods`.
 */
import type { KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { compareQuantities, quantityOf, quantityOfInteger } from '@typekro/kit/kubernetes';

/**
 * The behaviour of the simulated containers of a pod. Every member is optional. By default, the containers run and are
 * ready.
 */
export interface PodRules {
  /** The seconds until the containers start. Until then they wait with the reason `ContainerCreating`. Default: 0. */
  readonly startAfterSeconds?: number;
  /** The seconds from each start of the containers to their readiness. Default: 0. */
  readonly readyAfterSeconds?: number;
  /** `false`: the containers run, but their readiness probes fail. Default: true. */
  readonly ready?: boolean;
  /**
   * The seconds from each start of the containers to their end. With the restart policy `Always`, containers end only
   * if `exitCode`, `crashes` or a `failure` other than `Unhealthy` is also set. Default: 0 when one of these three is
   * set; otherwise the duration of the commands. Containers whose commands have no known duration do not end. In a pod
   * of a Job, however, they end when the pod is ready, unless their image is `pause`.
   */
  readonly runSeconds?: number;
  /**
   * The exit code of the containers. The pod's restart policy decides whether they are restarted. Default: the exit
   * code of the `failure`; 1 when `crashes` is set; 0 when `runSeconds` is set; otherwise the exit code of the
   * commands.
   */
  readonly exitCode?: number;
  /**
   * The seconds from the deletion of the pod to the end of its containers. The containers end at the latest when the
   * grace period of the deletion is over. Default: the option `podStopSeconds` of the cluster.
   */
  readonly stopSeconds?: number;
  /**
   * The reason with which the containers fail, such as `OOMKilled`, `ImagePullBackOff` or `Unhealthy`. Default: none.
   */
  readonly failure?: string;
  /**
   * The number of crashes after which the containers keep running. Default: no limit, so failing containers crash again
   * after each restart.
   */
  readonly crashes?: number;
  /** The lines that each container writes at each start, separated by newlines. Default: none. */
  readonly log?: string;
  /** The CPU that each container uses, a quantity such as `250m`. Default: no measured usage. */
  readonly cpu?: string;
  /** The memory that each container uses, a quantity such as `64Mi`. Default: no measured usage. */
  readonly memory?: string;
}

const PREFIX = 'typekro.dev/simulate-';

/** The maximum time in a rule: ten years. */
const MAX_SECONDS = 10 * 366 * 86_400;
const MAX_CRASHES = 1000;

interface Setting {
  /** The last part of the annotation's name. */
  readonly annotation: string;
  /** Parses the string of the annotation. A malformed string is returned unchanged, so that `isValid` refuses it. */
  readonly read: (text: string) => unknown;
  readonly isValid: (value: unknown) => boolean;
  readonly expected: string;
}

const number = (annotation: string, max: number, isWhole: boolean, expected: string): Setting => ({
  annotation,
  read: (text) => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text),
  isValid: (value) => typeof value === 'number' && value >= 0 && value <= max && (!isWhole || Number.isInteger(value)),
  expected,
});

const seconds = (annotation: string): Setting =>
  number(annotation, MAX_SECONDS, false, `a number of seconds from 0 to ${MAX_SECONDS}, such as 2.5`);

const string = (annotation: string, isValid: (text: string) => boolean, expected: string): Setting => ({
  annotation,
  read: (text) => text,
  isValid: (value) => typeof value === 'string' && isValid(value),
  expected,
});

const isQuantity = (text: string): boolean =>
  compareQuantities(quantityOf(text) ?? quantityOfInteger(-1n), quantityOfInteger(0n)) >= 0;

const FAILURE = /^[A-Z][A-Za-z0-9]{0,62}$/;

const SETTINGS: Readonly<Record<keyof PodRules, Setting>> = {
  startAfterSeconds: seconds('start-after-seconds'),
  readyAfterSeconds: seconds('ready-after-seconds'),
  ready: {
    annotation: 'ready',
    read: (text) => (text === 'true' ? true : text === 'false' ? false : text),
    isValid: (value) => typeof value === 'boolean',
    expected: 'true or false',
  },
  runSeconds: seconds('run-seconds'),
  stopSeconds: seconds('stop-seconds'),
  exitCode: number('exit-code', 255, true, 'a whole number from 0 to 255'),
  failure: string('failure', (text) => FAILURE.test(text), 'a reason in the form of Kubernetes, such as OOMKilled'),
  crashes: number('crashes', MAX_CRASHES, true, `a whole number from 0 to ${MAX_CRASHES}`),
  log: string('log', () => true, 'a string'),
  cpu: string('cpu', isQuantity, 'a non-negative quantity, such as 250m'),
  memory: string('memory', isQuantity, 'a non-negative quantity, such as 64Mi'),
};

const NAMES = Object.keys(SETTINGS) as (keyof PodRules)[];

/** The last parts of simulation annotations that all objects can have. Other code reads these annotations. */
const GENERAL_ANNOTATIONS = ['hold', 'delay-seconds'];

const KNOWN_ANNOTATIONS = [...NAMES.map((name) => SETTINGS[name].annotation), ...GENERAL_ANNOTATIONS].toSorted();

/** The maximum number of reported problems, and of shown characters of each, because an event must stay short. */
const [MAX_PROBLEMS, MAX_SHOWN] = [10, 100];

/** The rules that a pod's annotations set, and messages that say why some annotations have no effect. */
export interface AnnotatedRules {
  readonly rules: PodRules;
  readonly problems: readonly string[];
}

/**
 * Reads the rules in the annotations of a pod. An annotation with an invalid value has no effect, and is reported in
 * `problems`.
 */
export function annotatedRules({ metadata: { annotations } }: KubeObject): AnnotatedRules {
  if (annotations === undefined) return { rules: {}, problems: [] };
  const rules: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const name of NAMES) {
    const setting = SETTINGS[name];
    const annotation = PREFIX + setting.annotation;
    const text = Object.hasOwn(annotations, annotation) ? annotations[annotation] : undefined;
    if (text === undefined || text === '') continue;
    const value = setting.read(text);
    if (setting.isValid(value)) rules[name] = value;
    else problems.push(`${annotation} has no effect: ${goQuote(text.slice(0, MAX_SHOWN))} is not ${setting.expected}`);
  }
  for (const annotation of Object.keys(annotations)) {
    if (problems.length === MAX_PROBLEMS) break;
    if (!annotation.startsWith(PREFIX) || KNOWN_ANNOTATIONS.includes(annotation.slice(PREFIX.length))) continue;
    const known = KNOWN_ANNOTATIONS.join(', ');
    problems.push(`${annotation} has no effect: no such annotation exists; use ${PREFIX} and one of ${known}`);
  }
  return { rules, problems };
}

/** The first problem of rules that a program sets; `undefined` when all of them are valid. */
export function ruleProblem(rules: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, value] of Object.entries(rules)) {
    const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name as keyof PodRules] : undefined;
    if (setting === undefined) return `${name} is not a rule; the rules are ${NAMES.toSorted().join(', ')}`;
    if (value !== undefined && !setting.isValid(value)) {
      return `${name}: ${typeof value === 'string' ? goQuote(value) : String(value)} is not ${setting.expected}`;
    }
  }
  return undefined;
}
