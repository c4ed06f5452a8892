import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Plan, PlanRequest, SourceDiagnostic } from '../../../inspect/index.ts';
import { inspectPaths, MAX_BODY_BYTES } from '../../../inspect/index.ts';
import { ApiError } from '../data/api.ts';
import { currentApi, meta } from '../data/session.ts';
import { Line, Problem } from '../shared/parts.tsx';
import { useShortcuts } from '../shared/shortcuts.ts';
import { PlanResult } from './plan-result.tsx';
import { SourceText } from './source-panel.tsx';

/** The state of a plan. */
type PlanState =
  | { readonly is: 'empty' | 'busy' }
  | { readonly is: 'done'; readonly plan: Plan }
  | { readonly is: 'failed'; readonly error: ApiError; readonly text: string };

/** What would happen, if the files were applied. Nothing is written. */
export function PlanView(): JSX.Element {
  const [name, setName] = useState('definition.yaml');
  const [text, setText] = useState('');
  const [state, setState] = useState<PlanState>({ is: 'empty' });
  const [isOver, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const editor = useRef<HTMLTextAreaElement>(null);

  /** Shows a problem, if the server would refuse a body of this size. */
  const isTooLarge = (bytes: number): boolean => {
    if (bytes <= MAX_BODY_BYTES) return false;
    const message = `a plan takes at most ${MAX_BODY_BYTES / 1024} KiB`;
    setState({ is: 'failed', error: new ApiError(413, { code: 'inspect/body-size', message }), text: '' });
    return true;
  };
  const makePlan = async (file: string, content: string): Promise<void> => {
    if (content.trim() === '') return;
    const body = { files: [{ name: file, text: content }] } satisfies PlanRequest;
    if (isTooLarge(new Blob([JSON.stringify(body)]).size)) return;
    setState({ is: 'busy' });
    try {
      setState({ is: 'done', plan: await currentApi().post<Plan>(inspectPaths.plan(), body) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setState({ is: 'failed', error, text: content });
    }
  };
  const takeFile = async (file: File | undefined): Promise<void> => {
    // A file that is too large is not even read.
    if (file === undefined || isTooLarge(file.size)) return;
    const content = await file.text();
    setName(file.name);
    setText(content);
    await makePlan(file.name, content);
  };
  useShortcuts('Plan', [
    { keys: 'o', description: 'Choose a file', run: () => chooser.current?.click() },
    { keys: '/', description: 'Edit the text', run: () => editor.current?.focus() },
  ]);
  if (meta.value?.plans === false) {
    return (
      <div class="view">
        <h1>Plan</h1>
        <p class="notice">This server makes no plans. Use the command: typekro plan FILE.</p>
      </div>
    );
  }
  const diagnostics = state.is === 'failed' ? (state.error.problem.diagnostics ?? []) : [];
  return (
    <div class="view plan-view">
      <header class="head">
        <div class="head-title">
          <h1>Plan</h1>
          <p class="soft">What would change, if these objects were applied. Nothing is written.</p>
        </div>
      </header>
      <div class="plan-columns">
        <form
          class="plan-input"
          data-over={isOver}
          onSubmit={(event) => {
            event.preventDefault();
            void makePlan(name, text);
          }}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setOver(false);
            void takeFile(event.dataTransfer?.files[0]);
          }}
        >
          <label for="plan-text">Definitions and instances as YAML</label>
          <textarea
            id="plan-text"
            ref={editor}
            class="editor"
            rows={18}
            spellcheck={false}
            placeholder="Drop a file here, or write YAML."
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              // The last input may not be rendered yet.
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
                void makePlan(name, event.currentTarget.value);
            }}
          />
          <div class="toolbar">
            <button type="submit" class="button primary" disabled={state.is === 'busy' || text.trim() === ''}>
              {state.is === 'busy' ? 'Planning …' : 'Plan'}
            </button>
            <button type="button" class="button" onClick={() => chooser.current?.click()}>
              Choose a file
            </button>
            <input
              ref={chooser}
              type="file"
              class="visually-hidden"
              tabIndex={-1}
              aria-label="File"
              accept=".yaml,.yml,.json"
              onChange={(event) => void takeFile(event.currentTarget.files?.[0])}
            />
            <span class="soft">{name}</span>
          </div>
        </form>
        <section class="plan-result" aria-label="The plan" aria-live="polite" aria-busy={state.is === 'busy'}>
          {state.is === 'done' ? <PlanResult plan={state.plan} /> : null}
          {state.is === 'failed' ? <Problem error={state.error} what="A plan" /> : null}
          {state.is === 'failed' && diagnostics.length > 0 ? (
            <Refused text={state.text} diagnostics={diagnostics} />
          ) : null}
          {state.is === 'empty' ? <p class="soft">The result has all affected instances.</p> : null}
        </section>
      </div>
    </div>
  );
}

function Refused(props: { readonly text: string; readonly diagnostics: readonly SourceDiagnostic[] }): JSX.Element {
  return (
    <>
      <ul class="diagnostics">
        {props.diagnostics.map(({ severity, message, hint, source, code }, index) => (
          <li key={index} class={`is-${severity}`}>
            <p>
              <strong>{severity}</strong> {message}
              {source === undefined ? null : <span class="soft"> line {source.line}</span>}
            </p>
            <Line text={hint} />
            <p class="soft">{code}</p>
          </li>
        ))}
      </ul>
      <SourceText text={props.text} diagnostics={props.diagnostics} />
    </>
  );
}
