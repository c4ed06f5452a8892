import type { JsonObject } from '@typekro/kit/core';
import { encodedLabel, nodeLabel } from '../../../../packages/engine/src/runtime/objects/labels.ts';
import { type CaseOutcome, type KroCase, notRun, outcomeOf } from './cases.ts';
import { compileNodes, same } from './compile-cases.ts';

/** Runs a case about the labels and annotations that name nodes and instances. */
export function runLabelCase({ input, expect }: KroCase): CaseOutcome {
  if (typeof input['nodePath'] === 'string') return nodeCase(input['nodePath'], expect);
  if (typeof input['instanceName'] === 'string') return instanceCase(input['instanceName'], expect);
  if (typeof input['nodes'] === 'string') return orderCase(input['nodes'], expect);
  return notRun('the case needs a controller');
}

function nodeCase(path: string, expect: JsonObject): CaseOutcome {
  const label = nodeLabel(path, '0.10');
  const isEncoded = label !== path.replaceAll('/', '.');
  return outcomeOf([
    ...same('label', label, expect['label kro.run/node-id'] ?? label),
    ...same('annotation', path, expect['annotation internal.kro.run/node-path'] ?? path),
    ...same('event', isEncoded, expect['event'] === 'Warning NodeIDEncoded'),
  ]);
}

function instanceCase(name: string, expect: JsonObject): CaseOutcome {
  const label = encodedLabel(name, '0.10');
  return outcomeOf([
    ...same('label', label, expect['label kro.run/instance-name'] ?? label),
    ...same('event', label !== name, expect['event'] === 'Warning InstanceLabelEncoded'),
  ]);
}

/** Runs a case whose nodes are described in words, such as `a; b reads a; c reads b; d alone`. */
function orderCase(words: string, expect: JsonObject): CaseOutcome {
  const nodes = words.split(';').map((part) => {
    const [id = '', verb, ...read] = part.trim().split(/[ ,]+/);
    const names = verb === 'reads' ? read.filter((name) => name !== 'and') : [];
    const name = ["'x'", ...names.map((each) => `${each}.metadata.name`)].join(' + ');
    return { id, template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `\${${name}}` } } };
  });
  const { graph } = compileNodes(nodes);
  const found = Object.fromEntries([...(graph?.applyOrder ?? [])].map(([id, wave]) => [id, String(wave)]));
  return outcomeOf(same('order', found, expect['internal.kro.run/apply-order'] ?? {}));
}
