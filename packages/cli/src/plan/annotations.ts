import { workflowCommand } from '../text/escapes.ts';
import { findingsOf } from './findings.ts';
import type { Plan } from '@typekro/controller/inspect';

/** Returns the findings of a plan as workflow commands of GitHub Actions, one per line. */
export function githubAnnotations(plan: Plan): string[] {
  return findingsOf(plan).map(({ level, rule, message, file, line }) =>
    workflowCommand({ level, title: `typekro plan: ${rule}`, text: message, file, line }),
  );
}
