import type { JSX } from 'preact';
import type { PlaygroundInput, PlaygroundProblem } from '../../playground/input.ts';
import { excerptOf } from './offsets.ts';

const NAMES: Readonly<Record<PlaygroundProblem['text'], string>> = {
  source: 'Source',
  spec: 'Spec',
  observed: 'Observed',
};

/** The problems of the texts, each with its line and a caret. */
export function ProblemList(props: {
  readonly problems: readonly PlaygroundProblem[];
  readonly input: PlaygroundInput;
  readonly onShow: (problem: PlaygroundProblem) => void;
}): JSX.Element | null {
  if (props.problems.length === 0) return null;
  return (
    <ul class="diagnostics" aria-label="Problems">
      {props.problems.map((problem, index) => (
        <li key={index} class={`is-${problem.severity}`}>
          <p>
            <strong>{problem.severity}</strong> {problem.message}
          </p>
          {problem.source === undefined ? null : (
            <>
              <button type="button" class="link" onClick={() => props.onShow(problem)}>
                {NAMES[problem.text]}, line {problem.source.line}
              </button>
              <pre tabIndex={0} role="region" aria-label={`${NAMES[problem.text]}, line ${problem.source.line}`}>
                {excerptOf(props.input[problem.text], problem.source)}
              </pre>
            </>
          )}
          {problem.hint === undefined ? null : <p>{problem.hint}</p>}
          <p class="soft">{problem.code}</p>
        </li>
      ))}
    </ul>
  );
}
