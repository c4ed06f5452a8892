import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { PlaygroundStep } from '../../playground/input.ts';
import { stateWord, toneOf } from '../graph/states.ts';
import { StateIcon } from '../shared/icons.tsx';
import { StateBadge } from '../shared/parts.tsx';

/** The maximum number of rows. The other views show all nodes. */
const MAX_ROWS = 100;

/** All steps at once: a column for each step, a row for each node. Arrow keys choose a step. */
export function StepTable(props: {
  readonly steps: readonly PlaygroundStep[];
  readonly selected: number;
  readonly onSelect: (index: number) => void;
}): JSX.Element | null {
  const { steps, selected } = props;
  const head = useRef<HTMLTableRowElement>(null);
  const step = steps[selected];
  if (step === undefined) return null;
  const choose = (index: number): void => {
    const next = Math.min(Math.max(index, 0), steps.length - 1);
    props.onSelect(next);
    head.current?.querySelectorAll('button')[next]?.focus();
  };
  const rows = step.nodes.slice(0, MAX_ROWS);
  return (
    <div class="steps">
      <p class="steps-title" role="status">
        <StateBadge state={step.state} />
        <span>
          Step {selected + 1} of {steps.length}: {step.title}
        </span>
      </p>
      <div class="steps-frame">
        <table
          onKeyDown={(event) => {
            const target = { ArrowLeft: selected - 1, ArrowRight: selected + 1, Home: 0, End: steps.length - 1 }[
              event.key
            ];
            if (target === undefined) return;
            event.preventDefault();
            choose(target);
          }}
        >
          <thead>
            <tr ref={head}>
              <th scope="col">Node</th>
              {steps.map(({ title, state }, index) => (
                <th key={index} scope="col" data-selected={index === selected}>
                  <button
                    type="button"
                    aria-pressed={index === selected}
                    aria-label={`Step ${index + 1}: ${title}. ${stateWord(state)}`}
                    title={title}
                    tabIndex={index === selected ? 0 : -1}
                    onClick={() => props.onSelect(index)}
                  >
                    {index + 1}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ id, state, reason }) => (
              <tr key={id}>
                <th scope="row" title={`${id}: ${state}\n${reason}`}>
                  {id}
                </th>
                {steps.map(({ nodes }, index) => {
                  const at = nodes.find((node) => node.id === id)?.state ?? 'unknown';
                  return (
                    <td key={index} data-selected={index === selected} title={at}>
                      <StateIcon tone={toneOf(at)} />
                      <span class="visually-hidden">{at}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {step.nodes.length > MAX_ROWS ? (
        <p class="soft">
          {step.nodes.length - MAX_ROWS} more {step.nodes.length - MAX_ROWS === 1 ? 'node is' : 'nodes are'} in the
          graph.
        </p>
      ) : null}
    </div>
  );
}
