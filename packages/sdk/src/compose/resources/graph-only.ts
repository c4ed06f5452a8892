import { refuse } from '../refusal/refusal.ts';
import { currentTrace } from '../trace/current.ts';
import { TypeKroError } from '@typekro/kit/core';

/**
 * Refuses a call of `def` or `patch` outside the function of `graph()`, because only a Graph can have the nodes that
 * they make.
 */
export function refuseOutsideGraph(name: 'def' | 'patch'): void {
  const trace = currentTrace();
  if (trace === undefined) {
    throw new TypeKroError(`${name}() is called outside a graph`, {
      code: 'compose/outside',
      remedy: `call it inside the function of graph(name, () => { … })`,
    });
  }
  if (trace.form === 'graph') return;
  refuse(
    'unsupported',
    `only a Graph can have the node that ${name}() makes; a composition becomes a ResourceGraphDefinition`,
    name === 'def'
      ? 'write a const: its value is written into the fields that use it'
      : 'put it into a graph(): graph(name, () => { … })',
  );
}
