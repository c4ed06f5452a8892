import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { JsonValue } from '@typekro/kit/core';
import type { PlaygroundDefinition, PlaygroundStep } from '../../playground/input.ts';
import { GraphView } from '../graph/graph-view.tsx';
import { plural } from '../graph/picture.ts';
import { toneOf } from '../graph/states.ts';
import { useInstancePicture } from '../graph/use-picture.ts';
import { Details } from '../shared/details.tsx';
import { StateIcon } from '../shared/icons.tsx';
import { copyText } from '../shared/parts.tsx';
import { type Tab, Tabs } from '../shared/tabs.tsx';
import { toYaml } from '../text/to-yaml.ts';
import { StepValues } from './step-values.tsx';

/** One step in all its parts: graph, values, objects, status, and the definition, which all steps share. */
export function StepPanels(props: {
  readonly definition: PlaygroundDefinition;
  readonly step: PlaygroundStep;
}): JSX.Element {
  const { definition, step } = props;
  const [selected, select] = useState<string | undefined>(undefined);
  const [node, selectNode] = useState<string | undefined>(undefined);
  const tabs: readonly Tab[] = [
    {
      id: 'graph',
      label: 'Graph',
      panel: () => <StepGraph definition={definition} step={step} selected={node} onSelect={selectNode} />,
    },
    { id: 'values', label: 'Values', panel: () => <StepValues step={step} node={node} onNode={selectNode} /> },
    { id: 'objects', label: 'Objects', note: `${step.objects.length}`, panel: () => <Objects step={step} /> },
    { id: 'status', label: 'Status', panel: () => <Yaml label="Status of the instance" value={step.status} /> },
    { id: 'definition', label: 'Definition', panel: () => <Yaml label="Definition" value={definition.object} /> },
  ];
  return <Tabs label="Parts of the step" tabs={tabs} selected={selected} onSelect={select} />;
}

function StepGraph(props: {
  readonly definition: PlaygroundDefinition;
  readonly step: PlaygroundStep;
  readonly selected: string | undefined;
  readonly onSelect: (node: string | undefined) => void;
}): JSX.Element {
  const {
    definition: { graph, kind },
    step,
    selected,
  } = props;
  const detail = useMemo(() => ({ graph, edges: step.edges, nodes: step.nodes }), [graph, step]);
  const [picture, toggle] = useInstancePicture(detail, 'instance');
  const node = step.nodes.find(({ id }) => id === selected);
  return (
    <div class="playground-graph">
      <GraphView
        picture={picture}
        name={kind}
        selected={selected}
        bright={undefined}
        onSelect={props.onSelect}
        onToggle={toggle}
      />
      <ul class="reasons" aria-label="Nodes with their reasons">
        {(node === undefined ? step.nodes.filter(({ state }) => state !== 'ready') : [node]).map(
          ({ id, state, reason, remedy }) => (
            <li key={id}>
              <StateIcon tone={toneOf(state)} /> <strong>{id}</strong> {state}: {reason}
              {remedy === undefined ? null : <span class="soft"> {remedy}</span>}
            </li>
          ),
        )}
      </ul>
    </div>
  );
}

function Objects({ step }: { readonly step: PlaygroundStep }): JSX.Element {
  return (
    <ul class="objects">
      {step.objects.map(({ node, exists, object }, index) => {
        const { kind, metadata } = object as { readonly kind?: string; readonly metadata?: { readonly name?: string } };
        return (
          <li key={index}>
            <Details
              summary={
                <>
                  <StateIcon tone={exists ? 'ready' : 'idle'} /> {kind} {metadata?.name}{' '}
                  <span class="soft">
                    {node}
                    {exists ? '' : ', not created yet'}
                  </span>
                </>
              }
              content={() => <Yaml label={`${kind ?? 'Object'} ${metadata?.name ?? ''}`} value={object} />}
            />
          </li>
        );
      })}
      {step.objects.length === 0 ? <li class="soft">{plural(0, 'object')}</li> : null}
    </ul>
  );
}

function Yaml({ label, value }: { readonly label: string; readonly value: JsonValue }): JSX.Element {
  const text = useMemo(() => toYaml(value), [value]);
  return (
    <div class="yaml">
      <button type="button" class="button quiet" onClick={() => void copyText(text)} aria-label={`Copy: ${label}`}>
        Copy
      </button>
      <pre tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
    </div>
  );
}
