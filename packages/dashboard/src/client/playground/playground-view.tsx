import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { PLAYGROUND_EXAMPLES } from '../../playground/examples.ts';
import type { PlaygroundInput, PlaygroundProblem, PlaygroundResult, PlaygroundText } from '../../playground/input.ts';
import type { Route } from '../data/routes.ts';
import { addressProblems, navigate } from '../data/session.ts';
import styles from '../styles/playground.css';
import { copyText, announce } from '../shared/parts.tsx';
import { useShortcuts } from '../shared/shortcuts.ts';
import { Segments } from '../shared/tabs.tsx';
import { type EditorTarget, CodeEditor } from './code-editor.tsx';
import { ProblemList } from './problem-list.tsx';
import { type RunState, browserHost, createRunner } from './playground-runner.ts';
import { decodeInput, encodeInput, TOO_LONG_TO_SHARE } from './encoded-input.ts';
import { StepPanels } from './step-panels.tsx';
import { StepTable } from './step-table.tsx';
import { areStart, keepTexts, keptTexts, withLanguage } from './texts.ts';

/** Adopts the styles of the playground, which the style sheet of the page does not have. */
const sheet = new CSSStyleSheet();
sheet.replaceSync(styles);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

const NO_RESULT: PlaygroundResult = { problems: [], steps: [] };

/** The time without a change after which the texts are put in the address, in milliseconds. */
const ADDRESS_QUIET_MS = 400;

/** A definition or a composition next to a spec and observed values, and the results of the engine for these inputs. */
export function PlaygroundView({ route }: { readonly route: Extract<Route, { view: 'playground' }> }): JSX.Element {
  const [input, setInput] = useState<PlaygroundInput>(keptTexts);
  const [run, setRun] = useState<RunState<PlaygroundResult>>({ is: 'running' });
  const [result, setResult] = useState(NO_RESULT);
  const [step, setStep] = useState<number | undefined>(undefined);
  const [target, setTarget] = useState<(EditorTarget & { readonly text: PlaygroundText }) | undefined>(undefined);
  const written = useRef<string | undefined>(undefined);
  const isFirst = useRef(true);

  const runner = useMemo(
    () =>
      createRunner<PlaygroundInput, PlaygroundResult>(browserHost(), (state) => {
        setRun(state);
        // When a run with the present texts fails, the results of earlier texts are removed.
        if (state.is !== 'running') setResult(state.is === 'done' ? state.result : NO_RESULT);
      }),
    [],
  );
  useEffect(() => runner.close, [runner]);
  useEffect(() => {
    keepTexts(input);
    runner.run(input);
  }, [input]);

  /** Puts the texts in the address. Returns false for texts that are too long; the address then has no texts. */
  const putInAddress = async (texts: PlaygroundInput): Promise<boolean> => {
    const state = await encodeInput(texts);
    written.current = state;
    navigate({ view: 'playground', ...(state === undefined ? {} : { state }) }, { replace: true });
    return state !== undefined;
  };

  // The texts in the address come from a shared link, from the history, or from this view.
  useEffect(() => {
    const { state } = route;
    if (state === undefined || state === written.current) return;
    void decodeInput(state).then((found) => {
      if (found !== undefined) return setInput(found);
      navigate({ view: 'playground' }, { replace: true });
      addressProblems.value = ['The link is incomplete: the option state cannot be decoded.'];
    });
  }, [route.state]);
  useEffect(() => {
    // The first texts are not put in the address if every new page begins with them, or if the address already has
    // texts.
    const needsNoAddress = isFirst.current && (areStart(input) || route.state !== undefined);
    isFirst.current = false;
    if (needsNoAddress) return;
    const timer = setTimeout(() => {
      void putInAddress(input);
    }, ADDRESS_QUIET_MS);
    return () => clearTimeout(timer);
  }, [input]);

  const share = async (): Promise<void> => {
    if (await putInAddress(input)) await copyText(location.href);
    else announce(TOO_LONG_TO_SHARE);
  };
  useShortcuts('Playground', 'view', [
    { keys: '/', description: 'Edit the source', run: () => setTarget({ text: 'source', line: 1, column: 1 }) },
    { keys: 'c', description: 'Copy a link to this playground', run: () => void share() },
  ]);

  const problems = useMemo(() => byText(result.problems), [result]);
  const last = result.steps.length - 1;
  const chosen = Math.min(step ?? last, last);
  const shown = result.steps[chosen];
  const editor = (text: PlaygroundText, label: string): JSX.Element => (
    <CodeEditor
      label={label}
      language={text === 'source' ? input.language : 'yaml'}
      text={input[text]}
      problems={problems[text]}
      target={target?.text === text ? target : undefined}
      onText={(value) => setInput((before) => (before[text] === value ? before : { ...before, [text]: value }))}
    />
  );
  return (
    <div class="view playground">
      <header class="head">
        <div class="head-title">
          <h1>Playground</h1>
          <p class="soft">This page runs a graph on the engine of the controller. Nothing leaves the page.</p>
        </div>
        <div class="head-actions">
          <label class="choice">
            <span class="soft">Example</span>
            <select
              value=""
              onChange={(event) => {
                const found = PLAYGROUND_EXAMPLES.find(({ name }) => name === event.currentTarget.value);
                event.currentTarget.value = '';
                if (found === undefined) return;
                setInput(found);
                setStep(undefined);
              }}
            >
              <option value="">Choose …</option>
              {PLAYGROUND_EXAMPLES.map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <Segments
            label="Language of the source"
            options={[
              { id: 'yaml', label: 'YAML' },
              { id: 'typescript', label: 'TypeScript' },
            ]}
            selected={input.language}
            onSelect={(language) => setInput((before) => withLanguage(before, language))}
          />
          <button type="button" class="button" onClick={() => void share()}>
            Copy link
          </button>
        </div>
      </header>
      <div class="playground-columns">
        <div class="playground-texts">
          {editor('source', input.language === 'yaml' ? 'Definition' : 'Composition')}
          <div class="playground-values">
            {editor('spec', 'Spec')}
            {editor('observed', 'Observed')}
          </div>
        </div>
        <section class="playground-results" aria-label="Results" aria-busy={run.is === 'running'}>
          {run.is === 'ended' ? (
            <p class="notice bad" role="alert">
              {run.reason}
            </p>
          ) : null}
          <ProblemList
            problems={result.problems}
            input={input}
            onShow={({ text, source }) => source !== undefined && setTarget({ text, ...source })}
          />
          {result.ended === undefined ? null : <p class="notice">{result.ended}</p>}
          <StepTable steps={result.steps} selected={chosen} onSelect={setStep} />
          {result.definition === undefined || shown === undefined ? null : (
            <StepPanels definition={result.definition} step={shown} />
          )}
          {result.steps.length === 0 && result.problems.length === 0 ? <Waiting run={run} input={input} /> : null}
        </section>
      </div>
    </div>
  );
}

function Waiting({
  run,
  input,
}: {
  readonly run: RunState<PlaygroundResult>;
  readonly input: PlaygroundInput;
}): JSX.Element | null {
  if (input.source.trim() === '') return <p class="soft">Write a definition or a composition, or choose an example.</p>;
  return run.is === 'running' ? (
    <p class="loading" role="status">
      Running …
    </p>
  ) : null;
}

function byText(problems: readonly PlaygroundProblem[]): Readonly<Record<PlaygroundText, PlaygroundProblem[]>> {
  const of = (text: PlaygroundText) => problems.filter((problem) => problem.text === text);
  return { source: of('source'), spec: of('spec'), observed: of('observed') };
}
