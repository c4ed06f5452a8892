import type { Call, CelType, Expr } from '../cel/index.ts';
import { typeToString } from '../cel/index.ts';
import type { JsonValue } from '../core/index.ts';
import type { Analysed } from './analysis.ts';
import { analyse } from './analysis.ts';
import { visitWritten } from './ast-visit.ts';
import type { Site } from './draft.ts';
import type { Compiled } from './expression.ts';
import { compileExpression } from './expression.ts';
import type { Language } from './language.ts';
import type { PathStep } from './model.ts';
import type { Problems } from './problems.ts';
import { joinParts, quoteGo, scanExpressions } from './scan.ts';

const PATH = ['spec', 'schema', 'status', 'conditions'];
const PREFIX = 'failed to build instance conditions: ';
const STATES = ['True', 'False', 'Unknown'];
/** Conditions that kro itself writes; only these can be read back from `schema`. */
const BUILT_IN = ['InstanceManaged', 'GraphResolved', 'ResourcesReady', 'Ready'];

/** Reads `status.conditions`: each entry makes one condition or a list of them. Undefined without a block. */
export function buildConditions(
  block: JsonValue | undefined,
  language: Language,
  problems: Problems,
): readonly Compiled[] | undefined {
  if (block === undefined) return undefined;
  const sites = readSites(block, problems);
  const found = sites.flatMap((site) => analyseCondition(site, language, problems) ?? []);
  const declared = checkTypesDeclared(found, problems);
  for (const each of found) checkReads(each, declared, problems);
  return found.flatMap((each) => compileCondition(each, language, problems) ?? []);
}

function readSites(block: JsonValue, problems: Problems): Site[] {
  const refuse = (path: readonly PathStep[], kro: string, message: string, hint?: string): void =>
    problems.error({ phase: 'status', code: 'graph/conditions-block', message, place: { path }, hint, kro });
  const prefix = 'failed to build instance status schema: failed to extract conditions block: ';
  if (!Array.isArray(block)) {
    refuse(
      PATH,
      `${prefix}status.conditions must be a list, got ${goType(block)}`,
      'status.conditions must be a list of expressions',
    );
    return [];
  }
  return block.flatMap((entry, index) => {
    const path = [...PATH, index];
    if (typeof entry !== 'string') {
      const kro = `${prefix}status.conditions[${index}] must be a CEL expression string, got ${goType(entry)}`;
      refuse(path, kro, 'a condition is one expression', 'write ${runtime.newCondition({type: "…", status: "…"})}');
      return [];
    }
    const scanned = scanExpressions(entry);
    const text = scanned.ok ? joinParts(entry, scanned.parts) : undefined;
    if (text !== undefined && text.template === undefined) return [{ text, path }];
    const kro = `${PREFIX}invalid conditions block: ${scanned.ok ? 'only standalone expressions are allowed' : scanned.message}`;
    problems.error({
      phase: 'conditions',
      code: 'graph/not-standalone',
      message: 'a condition is one bare ${…} and nothing else',
      place: { path },
      kro,
    });
    return [];
  });
}

function analyseCondition(site: Site, language: Language, problems: Problems): Analysed | undefined {
  const analysis = analyse(site, language, { place: 'conditions' });
  if (analysis.ok) return analysis.value;
  const { syntax: _syntax, kro, ...refusal } = analysis.refusal;
  problems.error({ ...refusal, phase: 'conditions', kro: `${PREFIX}condition ${quoteGo(site.text.cel)}: ${kro}` });
  return undefined;
}

/** A call of `runtime.newCondition` as written: its literal members. */
interface Written {
  readonly type: string | undefined;
  readonly status: string | undefined;
}

function writtenConditions(root: Expr): Written[] {
  const found: Written[] = [];
  visitWritten(root, (expr) => {
    if (expr.kind !== 'macro' || expr.call.name !== 'newCondition' || !isRuntime(expr.call)) return;
    const [argument] = expr.call.args;
    if (argument?.kind !== 'map') return;
    const literal = (name: string): string | undefined => {
      const entry = argument.entries.find(({ key }) => key.kind === 'ident' && key.name === name);
      const value = entry?.value;
      return value?.kind === 'literal' && typeof value.value === 'string' ? value.value : undefined;
    };
    found.push({ type: literal('type'), status: literal('status') });
  });
  return found;
}

function isRuntime(call: Call): boolean {
  return call.target?.kind === 'ident' && call.target.name === 'runtime';
}

/** Checks the literal members of all conditions; the answer is the types that the author declares. */
function checkTypesDeclared(found: readonly Analysed[], problems: Problems): ReadonlySet<string> {
  const declaredBy = new Map<string, Analysed>();
  for (const each of found) {
    const expression = `in expression ${quoteGo(each.site.text.cel)}`;
    const refuse = (code: string, kro: string, message: string, hint?: string): void => {
      const place = { path: each.site.path, offset: each.site.text.toOriginal(0) };
      problems.error({ phase: 'conditions', code, message, hint, place, kro: PREFIX + kro });
    };
    for (const { type, status } of writtenConditions(each.ast.expr)) {
      if (type === '') {
        const kro = `runtime.newCondition: type must not be empty ${expression}`;
        refuse('graph/condition-literal', kro, 'the type of a condition must not be empty');
      }
      if (status !== undefined && !STATES.includes(status)) {
        const kro = `runtime.newCondition: status must be one of True, False, Unknown (got "${status}") ${expression}`;
        refuse(
          'graph/condition-literal',
          kro,
          `the status of a condition is "True", "False" or "Unknown", not "${status}"`,
        );
      }
      if (type === undefined) continue;
      const other = declaredBy.get(type);
      if (other !== undefined && other !== each) {
        const kro = `condition type "${type}" is declared by more than one conditions entry`;
        refuse('graph/duplicate-condition', kro, `another entry declares the condition "${type}" too`);
      }
      declaredBy.set(type, each);
    }
  }
  return new Set(declaredBy.keys());
}

/** `runtime.condition(schema, 'X')` may read only what kro itself writes. */
function checkReads(each: Analysed, declared: ReadonlySet<string>, problems: Problems): void {
  visitWritten(each.ast.expr, (expr) => {
    if (expr.kind !== 'call' || expr.name !== 'condition' || !isRuntime(expr)) return;
    const [object, name] = expr.args;
    if (object?.kind !== 'ident' || object.name !== 'schema') return;
    if (name?.kind !== 'literal' || typeof name.value !== 'string' || BUILT_IN.includes(name.value)) return;
    const own = declared.has(name.value);
    const reason = own
      ? 'custom conditions cannot reference each other'
      : `unknown condition type; only kro's built-in types (${BUILT_IN.join(', ')}) can be read from schema`;
    problems.error({
      phase: 'conditions',
      code: 'graph/condition-read',
      message: own
        ? `"${name.value}" is declared here; conditions cannot read each other`
        : `kro writes no condition "${name.value}"`,
      hint: `one of ${BUILT_IN.join(', ')}`,
      place: { path: each.site.path, offset: each.site.text.toOriginal(name.start) },
      kro: `${PREFIX}runtime.condition(schema, "${name.value}"): ${reason} in expression ${quoteGo(each.site.text.cel)}`,
    });
  });
}

function compileCondition(found: Analysed, language: Language, problems: Problems): Compiled | undefined {
  const { cel } = found.site.text;
  const result = compileExpression(found, language.typed, language);
  if (!result.ok) {
    const { syntax: _syntax, kro, ...refusal } = result.refusal;
    problems.error({
      ...refusal,
      phase: 'conditions',
      kro: `${PREFIX}failed to type-check condition ${quoteGo(cel)}: ${kro}`,
    });
    return undefined;
  }
  if (isConditions(result.value.type)) return result.value;
  const type = typeToString(result.value.type);
  problems.error({
    phase: 'conditions',
    code: 'graph/condition-result',
    message: `this gives ${type}; an entry must give a condition or a list of them`,
    hint: 'build it with runtime.newCondition({type: "…", status: "…"})',
    place: { path: found.site.path, offset: found.site.text.toOriginal(0) },
    kro: `${PREFIX}condition ${quoteGo(cel)}: condition expressions must return runtime.newCondition(...) or a list of them, got "${type}"`,
  });
  return undefined;
}

function isConditions(type: CelType): boolean {
  if (type.kind === 'dyn') return true;
  const inner = type.kind === 'list' ? type.params[0] : type;
  return inner?.name === 'kro.run.Condition' || (type.kind === 'list' && inner?.kind === 'dyn');
}

function goType(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'bigint' ? 'int64' : 'string';
}
