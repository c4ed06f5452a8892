import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { DefinitionDetail, SourceDiagnostic } from '@typekro/controller/inspect';
import { navigate } from '../data/session.ts';
import { Line } from '../shared/parts.tsx';
import type { PlanText } from './plan-text.ts';
import { caretAt } from '../playground/offsets.ts';

/** Shows the source of a definition and its problems. A caret below the line marks the column of each problem. */
export function SourcePanel({
  detail,
}: {
  readonly detail: Pick<DefinitionDetail, 'definition' | 'source' | 'diagnostics'>;
}): JSX.Element {
  const { diagnostics, source } = detail;
  const code = useRef<HTMLOListElement>(null);
  const show = (line: number): void => {
    code.current?.children[line - 1]?.scrollIntoView({ block: 'center' });
  };
  const plan = (): void => {
    handText({ name: `${detail.definition.name}.yaml`, text: source.text });
    navigate({ view: 'plan' });
  };
  return (
    <div class="source">
      {source.masked === true ? (
        <p class="notice">
          This text hides values of Secrets. A plan of this text would change these values. To plan a change, use the
          file of the definition.
        </p>
      ) : (
        <div class="toolbar">
          <button type="button" class="button" onClick={plan}>
            Plan a change
          </button>
        </div>
      )}
      {diagnostics.length === 0 ? <p class="soft">The definition has no problems.</p> : null}
      {diagnostics.length === 0 ? null : (
        <ul class="diagnostics">
          {diagnostics.map((diagnostic, index) => (
            <li key={index} class={`is-${diagnostic.severity}`}>
              <p>
                <strong>{diagnostic.severity}</strong> {diagnostic.message}
                {diagnostic.source === undefined ? null : (
                  <button type="button" class="button quiet" onClick={() => show(diagnostic.source?.line ?? 1)}>
                    line {diagnostic.source.line}
                  </button>
                )}
              </p>
              {diagnostic.excerpt === undefined ? null : <pre>{diagnostic.excerpt.join('\n')}</pre>}
              <Line text={diagnostic.hint} />
              <p class="soft">
                {diagnostic.code}
                {diagnostic.path === undefined ? null : ` · ${diagnostic.path}`}
              </p>
            </li>
          ))}
        </ul>
      )}
      <SourceText text={source.text} diagnostics={diagnostics} list={code} />
    </div>
  );
}

/**
 * Shows a text with line numbers. A line with diagnostics is marked. Below it, a caret marks the column of each
 * diagnostic.
 */
export function SourceText(props: {
  readonly text: string;
  readonly diagnostics: readonly SourceDiagnostic[];
  readonly list?: { current: HTMLOListElement | null };
}): JSX.Element {
  const lines = props.text.replace(/\n$/, '').split('\n');
  return (
    <ol class="code" ref={props.list ?? null} tabIndex={0} aria-label="Source">
      {lines.map((line, index) => {
        const found = props.diagnostics.filter(({ source }) => source?.line === index + 1);
        return (
          <li key={index} class={found[0] === undefined ? undefined : `is-${found[0].severity}`}>
            <code>{line === '' ? ' ' : line}</code>
            {/* The list above the source shows the messages, so that screen readers can skip the carets. */}
            {[...new Set(found.map(({ source }) => source?.column ?? 1))].map((column) => (
              <span key={column} class="caret" aria-hidden="true">
                {caretAt(line, column)}
              </span>
            ))}
          </li>
        );
      })}
    </ol>
  );
}

let handed: PlanText | undefined;

/** Passes a text to the view of the plan. The page opens this view next. */
export function handText(text: PlanText): void {
  handed = text;
}

/** Takes the text that another view passed. A second call returns nothing. */
export function takeHandedText(): PlanText | undefined {
  const text = handed;
  handed = undefined;
  return text;
}
