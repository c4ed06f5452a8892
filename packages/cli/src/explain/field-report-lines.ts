import { tableLines } from '@typekro/app/text';
import { FieldDescription } from '@typekro/engine/schema';
import { type VersionsReport, versionsReportLines } from './versions-report.ts';

/**
 * The report of `typekro explain` on a field, as `-o json` prints it. A later release with the same `schemaVersion`
 * only adds fields.
 */
export interface FieldReport extends FieldDescription, VersionsReport {
  readonly schemaVersion: 1;
  /** The kind, as `Kind apiVersion`. */
  readonly kind: string;
  /** The path of the field; empty for the kind itself. */
  readonly path: string;
  /**
   * The expressions that compute the field, from the template of a node or from the status of the definition. Absent
   * for other fields.
   */
  readonly set?: string;
  readonly fields: ReturnType<typeof FieldDescription.membersOf>;
}

/** Prints a field as lines: its type, default, rules and description, and the fields below it. */
export function fieldReportLines(report: FieldReport): string[] {
  const { kind, path, fields, set, description } = report;
  const title = [path === '' ? 'object' : `${path}  ${report.type}`, kind].join('  of ');
  const facts = [...factRows(report), ...(set === undefined ? [] : [['set to', set] as const])];
  const about = description === undefined ? [] : ['', ...description.split('\n').map((line) => `  ${line}`.trimEnd())];
  return [
    path === '' ? kind : title,
    ...tableLines(facts).map((line) => `  ${line}`),
    ...about,
    ...(fields.length === 0 ? [] : ['', ...memberLines(fields)]),
    ...versionsReportLines(report),
  ];
}

function factRows({ required, validation, ...facts }: FieldDescription): (readonly [string, string])[] {
  return [
    ...(required ? [['required', 'yes'] as const] : []),
    ...(facts.default === undefined ? [] : [['default', FieldDescription.valueText(facts.default)] as const]),
    ...validation.map((rule) => ['rule', rule] as const),
  ];
}

function memberLines(fields: ReturnType<typeof FieldDescription.membersOf>): string[] {
  const rows = fields.map((field) => {
    const value = field.default === undefined ? '' : `default ${FieldDescription.valueText(field.default)}. `;
    const [first = ''] = (field.description ?? '').split('\n');
    return [field.name, `${field.type}${field.required ? ', required' : ''}`, `${value}${first}`];
  });
  return tableLines(rows).map((line) => `  ${line}`);
}
