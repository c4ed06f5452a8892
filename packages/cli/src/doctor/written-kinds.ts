import type { DefinitionRights } from '@typekro/controller/controller';
import {
  CRD_TYPE,
  declaredKind,
  DEFINITION_TYPE,
  readDefinitionObject,
  REVISION_TYPE,
} from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { Nodes } from '@typekro/engine/graph';
import type { WrittenKind } from './cluster-facts.ts';

const ALL = ['CREATE', 'UPDATE', 'DELETE'] as const;

/**
 * The controller's own kinds, each with the operations that webhooks see. Webhooks see the apply of an existing object
 * as an update.
 */
const OWN_KINDS: readonly WrittenKind[] = [
  { ...resourceOf(DEFINITION_TYPE), writesStatus: true, operations: ['UPDATE'] },
  { ...resourceOf(REVISION_TYPE), writesStatus: true, operations: ALL },
  { ...resourceOf(CRD_TYPE), writesStatus: false, operations: ALL },
];

/**
 * The kinds that the controller writes for these definitions: its own kinds, and the kinds of instances and children.
 * For a definition that did not compile, only the group of its instances is known.
 */
export function writtenKinds(
  definitions: readonly KubeObject[],
  compiled: readonly DefinitionRights[],
): readonly WrittenKind[] {
  const graphs = new Map(compiled.map(({ graph }) => [graph.name, graph]));
  const kinds = definitions.flatMap((object): WrittenKind[] => {
    const { name } = readDefinitionObject(object);
    const graph = graphs.get(name);
    const { group, version } = declaredKind(object.spec ?? {});
    const instances = { group, version, resource: graph?.instance.plural ?? '*' };
    return [
      { ...instances, writesStatus: true, operations: ['UPDATE'], definition: name },
      ...(graph === undefined ? [] : Nodes.typed(graph).filter(Nodes.ownsObjects)).map(
        ({ type, plural }): WrittenKind => ({
          group: type.group,
          version: type.version,
          resource: plural,
          writesStatus: false,
          operations: ALL,
          definition: name,
        }),
      ),
    ];
  });
  return [...OWN_KINDS, ...kinds];
}

function resourceOf(type: { readonly group: string; readonly version: string; readonly plural: string }) {
  return { group: type.group, version: type.version, resource: type.plural };
}
