import type { Plan } from '@typekro/controller/inspect';
import { junitText } from './junit.ts';
import { markdownText } from './markdown.ts';
import { sarifText } from './sarif.ts';

/**
 * The output formats of a plan in addition to text, JSON and YAML: Markdown for comments, SARIF for code scanning,
 * JUnit for test reports.
 */
export const PLAN_FORMS: Readonly<Record<string, (plan: Plan) => string>> = {
  markdown: markdownText,
  sarif: sarifText,
  junit: junitText,
};
