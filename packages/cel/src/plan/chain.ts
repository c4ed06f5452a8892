import { adopt, adoptAny } from '../eval/adopt.ts';
import type { Frame } from '../eval/frame.ts';
import type { DataShape } from '../shape.ts';
import { DYN } from '../types.ts';
import { EvalFailure } from '../values.ts';
import { adopting } from './coerce.ts';
import type { PlannedNode, Chain } from './planned-node.ts';

function raise(failure: EvalFailure): never {
  // oxlint-disable-next-line typescript/only-throw-error -- stackless on purpose, see EvalFailure
  throw failure;
}

/**
 * Makes a function that reads the data at the end of a chain of fields. The function returns undefined if the last
 * field is absent, and fails if an earlier field is absent.
 */
export function chainReader({ root, shapes, names, fields }: Chain): (frame: Frame) => unknown {
  const { local, slot } = root;
  const unbound = new EvalFailure(`no such attribute(s): ${root.name}`);
  const missing = fields.map((field) => new EvalFailure(`no such key: ${field}`));
  const inherited = names.map((name) => name in Object.prototype);
  const last = names.length - 1;
  return (frame) => {
    let data: unknown = local ? frame.locals[slot] : frame.variables[slot];
    if (data === undefined) return raise(unbound);
    for (let index = 0; index <= last; index++) {
      if (typeof data !== 'object' || data === null || Array.isArray(data)) adopt(data, shapes[index] as DataShape);
      const object = data as Readonly<Record<string, unknown>>;
      const name = names[index] as string;
      data = inherited[index] === true && !Object.hasOwn(object, name) ? undefined : object[name];
      // A null in an object counts as absent.
      if (data === null || data === undefined) {
        if (index < last) return raise(missing[index] as EvalFailure);
        return undefined;
      }
    }
    return data;
  };
}

/** Plans the read of a chain's root: a variable or loop variable whose value is data from outside CEL. */
export function rootPlan(root: Chain['root'], shape: DataShape | undefined): PlannedNode {
  const chain: Chain = { root, shapes: [], names: [], fields: [] };
  const read = chainReader(chain);
  if (shape === undefined) return { type: DYN, run: (frame) => adoptAny(read(frame)) };
  const plan = adopting(read, shape);
  return shape.kind === 'object' && plan.shape !== undefined ? { ...plan, chain } : plan;
}

/** Returns the chain with one additional field. */
export function extended(chain: Chain, shape: DataShape, name: string, field: string): Chain {
  return {
    root: chain.root,
    shapes: [...chain.shapes, shape],
    names: [...chain.names, name],
    fields: [...chain.fields, field],
  };
}

/** Plans the read of a chain. `shape` is the shape of the last field; it is undefined for an undeclared field. */
export function chainPlan(chain: Chain, shape: DataShape | undefined): PlannedNode {
  const find = chainReader(chain);
  const missing = new EvalFailure(`no such key: ${chain.fields.at(-1)}`);
  const read = (frame: Frame): unknown => {
    const data = find(frame);
    return data === undefined ? raise(missing) : data;
  };
  if (shape === undefined) return { type: DYN, run: (frame) => adoptAny(read(frame)) };
  const plan = adopting(read, shape);
  return shape.kind === 'object' && plan.shape !== undefined ? { ...plan, chain } : plan;
}
