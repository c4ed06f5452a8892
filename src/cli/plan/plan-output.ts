import type { Plan } from './plan.ts';
import { junitText } from './junit.ts';
import { markdownText } from './markdown.ts';
import { sarifText } from './sarif.ts';

/** Forms of a plan for other programs than terminals, beside JSON and YAML. */
export const PLAN_FORMS: Readonly<Record<string, (plan: Plan) => string>> = {
  markdown: markdownText,
  sarif: sarifText,
  junit: junitText,
};
