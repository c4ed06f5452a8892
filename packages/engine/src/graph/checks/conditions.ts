import { type Call, type CelType, type Expr, typeToString, walkAst } from '@typekro/cel';
import { goQuote, goTypeOf } from '@typekro/kit/golang';
import type { JsonValue } from '@typekro/kit/core';
import { type Analysed, analyse } from '../analysis.ts';
import type { ExpressionSite } from '../resource-draft.ts';
import { type CompiledExpression, compileExpression } from '../expressions/expression.ts';
import type { KroCompatibility } from '../kro-compatibility.ts';
import type { Language } from '../expressions/language.ts';
import type { PathStep } from '../model.ts';
import type { Problems } from '../problems.ts';
import { joinParts, scanExpressions } from '../expressions/scan.ts';

const PATH = ['spec', 'schema', 'status', 'conditions'];
const PREFIX = 'failed to build instance conditions: ';
const STATES = ['True', 'False', 'Unknown'];
/**
 * The conditions that kro itself writes. With `runtime.condition(schema, …)`, an expression can read only these
 * conditions and `WATCHES_HEALTHY`.
 */
const BUILT_IN = ['InstanceManaged', 'GraphResolved', 'ResourcesReady', 'Ready'];
/**
 * A condition that kro versions after 0.10.0-rc.0 write. Expressions can read it only with the feature `watchHealth`.
 */
const WATCHES_HEALTHY = 'WatchesHealthy';

/**
 * Reads `status.conditions`. Each entry is an expression for one condition or a list of conditions. Returns undefined
 * when there is no entry.
 */
export function buildConditions(
  block: JsonValue | undefined,
  language: Language,
  problems: Problems,
): readonly CompiledExpression[] | undefined {
  // As in kro, an empty block declares nothing.
  if (block === undefined || (Array.isArray(block) && block.length === 0)) return undefined;
  const parsed = readSites(block, language.level, problems).map((site) => {
    const result = language.parse(site.text.cel);
    return { site, root: result.ok ? result.ast.expr : undefined };
  });
  const declared = declaredTypes(parsed, problems);
  const builtIn = language.hasWatchHealth ? [...BUILT_IN, WATCHES_HEALTHY] : BUILT_IN;
  for (const each of parsed) checkCalls(each, declared, builtIn, problems);
  const found = parsed.flatMap(({ site }) => analyseCondition(site, language, problems) ?? []);
  return found.flatMap((each) => compileCondition(each, language, problems) ?? []);
}

/** An entry with its syntax tree. An entry that does not parse has no tree and is reported later. */
interface Entry {
  readonly site: ExpressionSite;
  readonly root: Expr | undefined;
}

function readSites(block: JsonValue, level: KroCompatibility, problems: Problems): ExpressionSite[] {
  const refuse = (path: readonly PathStep[], kro: string, message: string, hint?: string): void =>
    problems.error({ phase: 'status', code: 'graph/conditions-block', message, place: { path }, hint, kro });
  const prefix = 'failed to build instance status schema: failed to extract conditions block: ';
  if (!Array.isArray(block)) {
    refuse(
      PATH,
      `${prefix}status.conditions must be a list, got ${goTypeOf(block)}`,
      'status.conditions must be a list of expressions',
    );
    return [];
  }
  return block.flatMap((entry, index) => {
    const path = [...PATH, index];
    if (typeof entry !== 'string') {
      const kro = `${prefix}status.conditions[${index}] must be a CEL expression string, got ${goTypeOf(entry)}`;
      refuse(path, kro, 'a condition is one expression', 'write ${runtime.newCondition({type: "…", status: "…"})}');
      return [];
    }
    const scanned = scanExpressions(entry, level);
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

function analyseCondition(site: ExpressionSite, language: Language, problems: Problems): Analysed | undefined {
  const analysis = analyse(site, language, { place: 'conditions' });
  if (analysis.ok) return analysis.value;
  const { syntax: _syntax, kro, ...refusal } = analysis.refusal;
  problems.error({ ...refusal, phase: 'conditions', kro: `${PREFIX}condition ${goQuote(site.text.cel)}: ${kro}` });
  return undefined;
}

/** The value of a member in a call of `runtime.newCondition`, if it is a string literal. */
function literalMember(call: Call, name: string): string | undefined {
  const [argument] = call.args;
  if (argument?.kind !== 'map') return undefined;
  const value = argument.entries.find(({ key }) => key.kind === 'ident' && key.name === name)?.value;
  return value?.kind === 'literal' && typeof value.value === 'string' ? value.value : undefined;
}

function isRuntime(call: Call): boolean {
  return call.target?.kind === 'ident' && call.target.name === 'runtime';
}

/** All calls of one method of `runtime` in an entry. */
function runtimeCalls(root: Expr, name: string): Call[] {
  const calls: Call[] = [];
  walkAst(root, (expr) => {
    const call = expr.kind === 'macro' ? expr.call : expr;
    if (call.kind === 'call' && call.name === name && isRuntime(call)) calls.push(call);
  });
  return calls;
}

/**
 * The types of all conditions of an entry. Undefined when a type is computed, and when the entry builds no condition.
 */
export function literalTypes(root: Expr): readonly string[] | undefined {
  const types = runtimeCalls(root, 'newCondition').map((call) => literalMember(call, 'type'));
  return types.length > 0 && types.every((type) => type !== undefined) ? types : undefined;
}

/** The condition types that the entries declare as string literals. Reports a type that two entries declare. */
function declaredTypes(entries: readonly Entry[], problems: Problems): ReadonlySet<string> {
  const declared = new Set<string>();
  for (const { site, root } of entries) {
    if (root === undefined) continue;
    const own = new Set(runtimeCalls(root, 'newCondition').flatMap((call) => literalMember(call, 'type') ?? []));
    for (const type of own) {
      if (!declared.has(type)) continue;
      problems.error({
        phase: 'conditions',
        code: 'graph/duplicate-condition',
        message: `another entry declares the condition "${type}" too`,
        place: { path: site.path, offset: site.text.toOriginal(0) },
        kro: `${PREFIX}condition type ${goQuote(type)} is declared by more than one conditions entry`,
      });
    }
    for (const type of own) declared.add(type);
  }
  return declared;
}

/**
 * Checks the types and statuses that an entry writes as literals. Also checks that the entry reads only conditions that
 * kro itself writes.
 */
function checkCalls(
  { site, root }: Entry,
  declared: ReadonlySet<string>,
  builtIn: readonly string[],
  problems: Problems,
): void {
  if (root === undefined) return;
  const expression = `in expression ${goQuote(site.text.cel)}`;
  const refuse = (code: string, at: number, kro: string, message: string, hint?: string): void => {
    const place = { path: site.path, offset: site.text.toOriginal(at) };
    problems.error({ phase: 'conditions', code, message, hint, place, kro: PREFIX + kro });
  };
  for (const call of runtimeCalls(root, 'newCondition')) {
    const status = literalMember(call, 'status');
    if (status !== undefined && !STATES.includes(status)) {
      const kro = `runtime.newCondition: status must be one of True, False, Unknown (got ${goQuote(status)}) ${expression}`;
      const message = `the status of a condition is "True", "False" or "Unknown", not "${status}"`;
      refuse('graph/condition-literal', call.start, kro, message);
    }
    if (literalMember(call, 'type') === '') {
      const kro = `runtime.newCondition: type must not be empty ${expression}`;
      refuse('graph/condition-literal', call.start, kro, 'the type of a condition must not be empty');
    }
  }
  for (const call of runtimeCalls(root, 'condition')) {
    const [object, name] = call.args;
    if (call.args.length !== 2 || object?.kind !== 'ident' || object.name !== 'schema') continue;
    if (name?.kind !== 'literal' || typeof name.value !== 'string' || builtIn.includes(name.value)) continue;
    const own = declared.has(name.value);
    const reason = own
      ? 'custom conditions cannot reference each other'
      : `unknown condition type; only kro's built-in types (${builtIn.join(', ')}) can be read from schema`;
    const message = own
      ? `this definition declares "${name.value}" itself; its conditions cannot read each other`
      : `kro writes no condition "${name.value}"`;
    const kro = `runtime.condition(schema, ${goQuote(name.value)}): ${reason} ${expression}`;
    refuse('graph/condition-read', name.start, kro, message, `read one of ${builtIn.join(', ')}`);
  }
}

function compileCondition(found: Analysed, language: Language, problems: Problems): CompiledExpression | undefined {
  const { cel } = found.site.text;
  const result = compileExpression(found, language.typed, language);
  if (!result.ok) {
    const { syntax: _syntax, kro, ...refusal } = result.refusal;
    const step = result.stage === 'check' ? 'failed to type-check' : 'failed to compile';
    problems.error({ ...refusal, phase: 'conditions', kro: `${PREFIX}${step} condition ${goQuote(cel)}: ${kro}` });
    return undefined;
  }
  if (isConditions(result.value.type)) return result.value;
  const type = typeToString(result.value.type);
  problems.error({
    phase: 'conditions',
    code: 'graph/condition-result',
    message: `this returns ${type}; an entry must return a condition or a list of conditions`,
    hint: 'build it with runtime.newCondition({type: "…", status: "…"})',
    place: { path: found.site.path, offset: found.site.text.toOriginal(0) },
    kro: `${PREFIX}condition ${goQuote(cel)}: condition expressions must return runtime.newCondition(...) or a list of them, got "${type}"`,
  });
  return undefined;
}

function isConditions(type: CelType): boolean {
  if (type.kind === 'dyn') return true;
  const inner = type.kind === 'list' ? type.params[0] : type;
  return inner?.name === 'kro.run.Condition' || (type.kind === 'list' && inner?.kind === 'dyn');
}
