import type { VirtualWorld } from '../../../support/virtual-world.ts';

/** The compilations of definitions and Graphs that the metrics of the controller count. */
export function compilations(world: VirtualWorld): number {
  const lines = world.controller.metricsText().matchAll(/^graph_revision_compile_total\{[^}]*\} (\d+)$/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}
