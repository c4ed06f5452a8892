import { causeText } from '../../readiness/index.ts';
import { printable, printableLine } from '../printable.ts';
import { stateMark } from '../up/view.ts';
import { headLines } from './instance-head.ts';
import { objectName } from './object-name.ts';
import type { Observation } from './observation.ts';
import type { Trouble, WhyCause, WhyReport } from './why-report.ts';

/** The report in lines: the head, then for each cause the chain down to the object, what to do and where to look. */
export function whyLines(observation: Observation, report: WhyReport, now: number, colour: boolean): string[] {
  const head = headLines(observation, now);
  const blocked = report.blocked.map((text) => `  blocked by  ${printableLine(text)}`);
  const causes = report.causes.flatMap((cause) => ['', ...causeLines(cause, colour)]);
  return [...head, ...blocked, ...causes, ...endLines(observation, report)];
}

function causeLines(cause: WhyCause, colour: boolean): string[] {
  const { node, state, reason, objects, found, troubles, dryRun, unread, remedy, look, waiting } = cause;
  return [
    `${stateMark(state, colour)} ${node}  ${state}: ${printableLine(reason)}`,
    ...found.map((text) => `   └ because  ${printableLine(text)}`),
    ...(troubles.length === 0 && found.length === 0 && objects.length > 0 ? [nothingMore(objects)] : []),
    ...troubles.flatMap(troubleLines),
    ...(dryRun === undefined ? [] : [`   └ because  ${printableLine(dryRun)}`]),
    ...unread.map((text) => `   not known  ${printableLine(text)}`),
    ...(remedy === undefined ? [] : [`   do         ${printableLine(remedy)}`]),
    ...(look === undefined ? [] : [`   look       ${printableLine(look)}`]),
    ...(waiting.length === 0 ? [] : [`   waiting    ${waiting.join(', ')}`]),
  ];
}

function nothingMore(objects: WhyCause['objects']): string {
  const names = objects.map(objectName).join(', ');
  return `   └ because  ${printableLine(names)} ${objects.length === 1 ? 'reports' : 'report'} no trouble`;
}

function troubleLines(trouble: Trouble): string[] {
  return [
    `   └ because  ${printableLine(causeText(trouble))}`,
    ...(trouble.log ?? []).map((line) => `       log: ${printable(line)}`),
  ];
}

/** What is left to say where no node is in the way, and what the controller itself wrote. */
function endLines({ live, problems }: Observation, { causes, blocked, state, recorded }: WhyReport): string[] {
  if (live === undefined) {
    const text =
      problems.length === 0
        ? 'its definition has no revision that can be served'
        : 'no revision of its definition compiles';
    return ['', `nothing is done for the instance: ${text}`];
  }
  if (causes.length > 0 || blocked.length > 0) {
    return recorded === undefined ? [] : ['', `the controller reports: ${printableLine(recorded)}`];
  }
  if (state === 'ACTIVE' && recorded === undefined) return ['', 'nothing is waited for: every node is ready'];
  return [
    '',
    `every node is ready, and the status says ${state === '' ? 'nothing' : state}${recorded === undefined ? '' : `: ${printableLine(recorded)}`}`,
    '   do         see that the controller runs: it has not written what it would find now',
  ];
}
