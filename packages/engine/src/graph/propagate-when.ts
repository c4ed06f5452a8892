import { type Call, type Environment, type Expr, walkAst } from '@typekro/cel';
import { type Analysed, analyse } from './analysis.ts';
import type { Language } from './expressions/language.ts';
import type { Problems } from './problems.ts';
import { type ResourceDraft, readsEach } from './resource-draft.ts';
import type { ReadPart } from './model.ts';

/** The functions that take an item and its own collection as arguments. */
const BATCHES: ReadonlySet<string> = new Set(['linearlyReady', 'exponentiallyReady']);
/** The methods that report the progress of a resource. */
const PROGRESS: ReadonlySet<string> = new Set(['ready', 'updated']);

/** The name of the gate of `propagateWhen`, as messages show it. */
const GATE = 'PropagateWhen';

/** The message and the remedy for `propagateWhen` without its gate. */
export const PROPAGATE_WHEN_GATE = {
  message: `propagateWhen requires the ${GATE} feature gate to be enabled`,
  hint: `start the controller with --feature-gates=${GATE}=true`,
} as const;

/** The names that denote a resource's own items in `propagateWhen`. */
function itemNames(draft: ResourceDraft): readonly string[] {
  return readsEach(draft) ? ['each', ...draft.dimensions.map(({ name }) => name)] : [];
}

/**
 * Analyses the conditions of `propagateWhen`. A condition reads `schema` and other nodes. A condition that reads its
 * own resource is refused, because the resource could never be created. The exceptions are `linearlyReady` and
 * `exponentiallyReady`, which take an item and the resource's own collection as arguments. They are allowed because
 * each batch waits only for earlier batches.
 */
export function linkPropagateWhen(draft: ResourceDraft, language: Language, problems: Problems): Analysed[] {
  const items = itemNames(draft);
  const names = new Map<string, ReadPart | undefined>(items.map((name) => [name, undefined]));
  return draft.propagateWhen.flatMap((site) => {
    const analysis = analyse(site, language, { place: 'propagateWhen', items }, names);
    if (!analysis.ok) {
      const { syntax: _syntax, kro, ...refusal } = analysis.refusal;
      problems.error({ ...refusal, phase: 'dependencies', kro: `resource "${draft.id}" propagateWhen: ${kro}` });
      return [];
    }
    const { ast, ids, reads } = analysis.value;
    const uses = usesOf(ast.expr);
    const batch = otherBatch(ast.expr, draft.id, items);
    if (batch !== undefined) {
      const kro = `resource "${draft.id}" propagateWhen: ${batch.message}`;
      const place = { path: site.path, offset: site.text.toOriginal(batch.start) };
      problems.error({ phase: 'dependencies', code: 'graph/propagate-when', ...batch, place, kro });
      return [];
    }
    const own = [draft.id, ...items].find((name) => {
      const use = ids.includes(name) ? uses.get(name) : undefined;
      return use !== undefined && (items.length === 0 || use.total > use.inBatch);
    });
    if (own !== undefined) {
      const message =
        items.length === 0
          ? `"${draft.id}" waits for itself, so it could never be created`
          : `"${own}" waits for the items of its own collection, so none could be created`;
      const hint =
        items.length === 0
          ? 'read another resource, or move the check to readyWhen'
          : `write exponentiallyReady(each, ${draft.id}) or linearlyReady(each, ${draft.id}, 1)`;
      const place = { path: site.path, offset: site.text.toOriginal(0) };
      const kro = `resource "${draft.id}" propagateWhen: ${message}`;
      problems.error({ phase: 'dependencies', code: 'graph/propagate-when', message, hint, place, kro });
      return [];
    }
    // If an expression reads only `ready()` or `updated()` of a node, the controller need not keep the node's fields,
    // so this is not a read.
    const isRead = ({ id, steps }: ReadPart) => {
      const use = uses.get(id);
      return id !== draft.id && (steps.length > 0 || use === undefined || use.total > use.asProgress + use.selected);
    };
    return [{ site, ast, ids: ids.filter((id) => !items.includes(id)), reads: reads.filter(isRead) }];
  });
}

/** The sorted ids of other nodes that conditions of `propagateWhen` read. */
export function gateReads(conditions: readonly Analysed[], own: string, isNode: (id: string) => boolean): string[] {
  const ids = new Set(conditions.flatMap((each) => each.ids));
  return [...ids].filter((id) => id !== own && isNode(id)).toSorted();
}

/**
 * The problem of a batch function with wrong arguments. The right arguments are an item of the resource's own
 * collection, and the collection itself.
 */
function otherBatch(
  root: Expr,
  id: string,
  items: readonly string[],
): { readonly message: string; readonly hint: string; readonly start: number } | undefined {
  const calls: Call[] = [];
  walkAst(root, (expr) => {
    const call: Expr | Call = expr.kind === 'macro' ? expr.call : expr;
    if (call.kind === 'call' && call.target === undefined && BATCHES.has(call.name)) calls.push(call);
  });
  const isName = (expr: Expr | undefined, names: readonly string[]) =>
    expr?.kind === 'ident' && names.includes(expr.name);
  const other = calls.find(({ args }) => !isName(args[0], items) || !isName(args[1], [id]));
  if (other === undefined) return undefined;
  const { name, start } = other;
  if (items.length === 0) {
    const message = `${name}() is about the items of a collection, and "${id}" is one object`;
    return { message, hint: 'use ready() and updated() of another resource', start };
  }
  const message = `${name}() needs an item of the collection "${id}", and the collection itself`;
  return { message, hint: `write ${name}(each, ${id}${name === 'linearlyReady' ? ', 1' : ''})`, start };
}

/**
 * How often an expression uses a name: in total, as an argument of a batch function, as the receiver of `ready()` or
 * `updated()`, and with a field.
 */
interface Uses {
  total: number;
  inBatch: number;
  asProgress: number;
  selected: number;
}

function usesOf(root: Expr): Map<string, Uses> {
  const found = new Map<string, Uses>();
  const count = (expr: Expr | undefined, change: keyof Uses): void => {
    if (expr?.kind !== 'ident') return;
    const uses = found.get(expr.name) ?? { total: 0, inBatch: 0, asProgress: 0, selected: 0 };
    uses[change] += 1;
    found.set(expr.name, uses);
  };
  walkAst(root, (expr) => {
    count(expr, 'total');
    if (expr.kind === 'select') count(expr.operand, 'selected');
    const call: Expr | Call = expr.kind === 'macro' ? expr.call : expr;
    if (call.kind !== 'call') return;
    if (call.target === undefined && BATCHES.has(call.name)) {
      for (const argument of call.args.slice(0, 2)) count(argument, 'inBatch');
    }
    if (PROGRESS.has(call.name) && call.args.length === 0) count(call.target, 'asProgress');
  });
  return found;
}

/**
 * The environment of `propagateWhen`: `schema`, all nodes, the node's own items, and the functions that report
 * progress.
 */
export function propagationEnvironment(draft: ResourceDraft, language: Language): Environment {
  return language.ofPropagation(draft.id, itemNames(draft));
}
