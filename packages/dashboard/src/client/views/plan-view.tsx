import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Plan, PlanRequest, SourceDiagnostic } from '@typekro/controller/inspect';
import { inspectPaths, MAX_BODY_BYTES } from '@typekro/controller/inspect';
import { ApiError } from '../data/api-client.ts';
import { currentApi, meta } from '../data/session.ts';
import { ageOf } from '../shared/page-clock.ts';
import { isFileOver, useFileDrop } from '../shared/file-drop.ts';
import { CopyCommand, Line, Problem } from '../shared/parts.tsx';
import { useShortcuts } from '../shared/shortcuts.ts';
import { planCommand } from '../text/kubectl.ts';
import { PlanResult } from './plan-result.tsx';
import { type PlanText, createFileReader, isStale } from './plan-text.ts';
import { takeHandedText, SourceText } from './source-panel.tsx';

/** The state of a plan. `of` is the text to which a result belongs. */
type PlanState =
  | { readonly is: 'empty' | 'busy' }
  | { readonly is: 'done'; readonly of: PlanText; readonly plan: Plan }
  /** `what` and `verb` are parts of the message. For example, `A plan` and `made` become "A plan cannot be made". */
  | {
      readonly is: 'failed';
      readonly of: PlanText;
      readonly error: ApiError;
      readonly what: string;
      readonly verb: string;
    };

/** Shows what would happen if the files were applied. Writes nothing. */
export function PlanView(): JSX.Element {
  const [input, setInput] = useState<PlanText>(() => takeHandedText() ?? { name: 'definition.yaml', text: '' });
  const [state, setState] = useState<PlanState>({ is: 'empty' });
  const chooser = useRef<HTMLInputElement>(null);
  const editor = useRef<HTMLTextAreaElement>(null);
  const runs = useRef(0);
  const read = useMemo(createFileReader, []);

  const fail = (what: string, status: number, message: string): void => {
    // Invalidates the running plan, because its result would replace the message.
    runs.current += 1;
    setState({
      is: 'failed',
      of: input,
      error: new ApiError(status, { code: 'page/file', message }),
      what,
      verb: 'read',
    });
  };
  /** Would the server refuse a body of this size? If so, shows a problem. */
  const isTooLarge = (bytes: number): boolean => {
    if (bytes <= MAX_BODY_BYTES) return false;
    fail('The text', 413, `a plan takes at most ${MAX_BODY_BYTES / 1024} KiB`);
    return true;
  };
  const makePlan = async (of: PlanText): Promise<void> => {
    if (of.text.trim() === '') return;
    const body = { files: [{ name: of.name, text: of.text }] } satisfies PlanRequest;
    if (isTooLarge(new Blob([JSON.stringify(body)]).size)) return;
    const run = (runs.current += 1);
    // The result of an earlier text is dropped.
    const show = (next: PlanState): void => {
      if (run === runs.current) setState(next);
    };
    show({ is: 'busy' });
    try {
      show({ is: 'done', of, plan: await currentApi().post<Plan>(inspectPaths.plan(), body) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      show({ is: 'failed', of, error, what: 'A plan', verb: 'made' });
    }
  };
  /** Joins the files into one text, in which each file is a separate document. */
  const takeFiles = async (files: readonly File[]): Promise<void> => {
    const [first] = files;
    if (first === undefined) return;
    // Files that are too large are not read. `read([])` drops the text of earlier files that are still being read.
    const isRead = !isTooLarge(files.reduce((sum, { size }) => sum + size, 0));
    try {
      const of = await read(isRead ? files : []);
      if (of === undefined || !isRead) return;
      setInput(of);
      await makePlan(of);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      fail(first.name, 400, 'choose files, not a folder');
    }
  };
  useFileDrop((files) => void takeFiles(files));
  useShortcuts('Plan', 'view', [
    { keys: 'o', description: 'Choose a file', run: () => chooser.current?.click() },
    { keys: '/', description: 'Edit the text', run: () => editor.current?.focus() },
  ]);
  if (meta.value?.plans === false) {
    return (
      <div class="view">
        <h1>Plan</h1>
        <p class="notice">This server cannot make plans. Use the command: typekro plan FILE.</p>
      </div>
    );
  }
  const result = state.is === 'done' || state.is === 'failed' ? state : undefined;
  const stale = result !== undefined && isStale(result.of, input) ? result.of : undefined;
  const diagnostics = state.is === 'failed' ? (state.error.problem.diagnostics ?? []) : [];
  return (
    <div class="view plan-view">
      {isFileOver.value ? <p class="drop-target">Drop the file to plan it.</p> : null}
      <header class="head">
        <div class="head-title">
          <h1>Plan</h1>
          <p class="soft">The plan shows what would change if these objects were applied. Nothing is written.</p>
        </div>
      </header>
      <div class="plan-columns">
        <form
          class="plan-input"
          onSubmit={(event) => {
            event.preventDefault();
            void makePlan(input);
          }}
        >
          <label for="plan-text">Definitions and instances as YAML</label>
          <textarea
            id="plan-text"
            ref={editor}
            class="editor"
            rows={18}
            spellcheck={false}
            placeholder="Drop a file on the page, or write YAML."
            value={input.text}
            onInput={(event) => setInput({ ...input, text: event.currentTarget.value })}
            onKeyDown={(event) => {
              // The text is read from the element, because the state may not have the last input yet.
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
                void makePlan({ ...input, text: event.currentTarget.value });
            }}
          />
          <div class="toolbar">
            <button type="submit" class="button primary" disabled={state.is === 'busy' || input.text.trim() === ''}>
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
              multiple
              onChange={(event) => {
                void takeFiles([...(event.currentTarget.files ?? [])]);
                // After this reset, the browser also reports a file that the user chooses a second time.
                event.currentTarget.value = '';
              }}
            />
            <span class="soft">{input.name}</span>
            <CopyCommand command={planCommand(input.files ?? [input.name])} label="plan" />
          </div>
        </form>
        <section
          class="plan-result"
          aria-label="The plan"
          aria-busy={state.is === 'busy'}
          data-stale={stale !== undefined}
        >
          <p class={stale === undefined ? 'soft' : 'notice'} role="status">
            {state.is === 'empty' ? 'The result has all affected instances.' : null}
            {state.is === 'busy' ? 'Planning …' : null}
            {stale === undefined ? null : `The text changed. This is the result of an earlier text of ${stale.name}.`}
            {state.is === 'done' && stale === undefined
              ? `The plan of ${state.of.name}, for the state of the cluster ${ageOf(state.plan.source.readAt)} ago.`
              : null}
          </p>
          {state.is === 'done' ? <PlanResult plan={state.plan} /> : null}
          {state.is === 'failed' ? <Problem error={state.error} what={state.what} verb={state.verb} /> : null}
          {state.is === 'failed' && diagnostics.length > 0 ? (
            <Refused text={state.of.text} diagnostics={diagnostics} />
          ) : null}
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
