import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { javascript } from '@codemirror/lang-javascript';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { type Extension, Compartment, EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { escapeOf, printable } from '@typekro/kit/core';
import type { PlaygroundLanguage, PlaygroundProblem } from '../../playground/input.ts';
import { offsetOf } from './offsets.ts';

/** The position that an editor shows next. A new object with the same position moves the editor there again. */
export interface EditorTarget {
  readonly line: number;
  readonly column: number;
}

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.definitionKeyword], color: 'var(--accent)' },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string), tags.content], color: 'var(--ready)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--waiting)' },
  { tag: [tags.comment, tags.meta], color: 'var(--soft)', fontStyle: 'italic' },
  { tag: [tags.typeName, tags.className], color: 'var(--blocked)' },
]);

const LOOK = EditorView.theme({
  '&': { backgroundColor: 'var(--surface)', color: 'var(--text)', fontSize: '12.5px', height: '100%' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6' },
  '.cm-content': { caretColor: 'var(--text)', padding: '8px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', borderRight: '1px solid var(--line)', color: 'var(--soft)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--accent-back)',
  },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', border: '1px solid var(--line-strong)', color: 'var(--text)' },
  '.cm-lintRange-error': { backgroundImage: 'none', borderBottom: '2px dotted var(--failed)' },
  '.cm-lintRange-warning': { backgroundImage: 'none', borderBottom: '2px dotted var(--waiting)' },
  '.cm-specialChar': { color: 'var(--failed)' },
  '.cm-diagnosticText': { whiteSpace: 'pre-wrap' },
});

/** The extensions of an editor that depend on its language and its label. */
const languageOf = ({
  language,
  label,
}: {
  readonly language: PlaygroundLanguage;
  readonly label: string;
}): Extension => [
  language === 'yaml' ? yaml() : javascript({ typescript: true }),
  // Checkers of accessibility count an editable element as focusable only with `tabindex`.
  EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
];

/**
 * Replaces the selection when the user types text. If the browser replaced it, the browser would add inline styles to
 * the new text. The policy of the page forbids these styles.
 */
const replaceSelection = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== 'insertText' || event.data === null || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true });
    return true;
  },
});

/**
 * An editor of one text. Tab indents; Escape and then Tab leaves the editor. The editor is in a shadow root, where its
 * library adds styles as adopted style sheets. The policy of the page allows adopted style sheets. Outside a shadow
 * root, the library would add `<style>` elements, which the policy forbids.
 */
export function CodeEditor(props: {
  readonly label: string;
  readonly language: PlaygroundLanguage;
  readonly text: string;
  readonly problems: readonly PlaygroundProblem[];
  readonly target: EditorTarget | undefined;
  readonly onText: (text: string) => void;
}): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const language = useRef(new Compartment());
  const latest = useRef(props);
  latest.current = props;
  const note = useId();

  useEffect(() => {
    if (host.current === null) return;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open', delegatesFocus: true });
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({ doc: latest.current.text, extensions: extensionsOf() }),
    });
    view.current = made;
    return () => made.destroy();
  }, []);

  const extensionsOf = (): Extension[] => [
    lineNumbers(),
    history(),
    drawSelection(),
    highlightSpecialChars({ addSpecialChars: /[\u180e\u202a-\u202e\u2060-\u206f]/g, render: escapeInEditor }),
    indentOnInput(),
    bracketMatching(),
    lintGutter(),
    syntaxHighlighting(COLOURS),
    LOOK,
    replaceSelection,
    keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
    language.current.of(languageOf(latest.current)),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current.onText(update.state.doc.toString());
    }),
  ];

  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(languageOf(props)) });
  }, [props.language, props.label]);

  useEffect(() => {
    const { current } = view;
    if (current === undefined || current.state.doc.toString() === props.text) return;
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: props.text } });
  }, [props.text]);

  useEffect(() => {
    const { current } = view;
    if (current === undefined) return;
    const text = current.state.doc.toString();
    current.dispatch(
      setDiagnostics(
        current.state,
        props.problems.flatMap((problem) => markOf(problem, text)),
      ),
    );
  }, [props.problems]);

  useEffect(() => {
    const { current } = view;
    if (current === undefined || props.target === undefined) return;
    const anchor = offsetOf(current.state.doc.toString(), props.target);
    current.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) });
    current.focus();
  }, [props.target]);

  return (
    <section class="code-editor" aria-label={props.label} aria-describedby={note}>
      <header>
        <h2>{props.label}</h2>
        <span class="hint" id={note}>
          <kbd>Esc</kbd> <kbd>Tab</kbd> leaves the text
        </span>
      </header>
      <div class="code-editor-host" ref={host} />
    </section>
  );
}

/** An invisible character, drawn as an escape in the text of the editor. */
function escapeInEditor(code: number, description: string | null): HTMLElement {
  const escape = document.createElement('span');
  escape.className = 'cm-specialChar';
  escape.title = description ?? '';
  escape.textContent = escapeOf(String.fromCodePoint(code));
  return escape;
}

/** The mark of a problem in the text: from its place to the end of the word. */
function markOf({ source, severity, message, hint }: PlaygroundProblem, text: string): Diagnostic[] {
  if (source === undefined) return [];
  const from = offsetOf(text, source);
  const word = /^[^\s]*/.exec(text.slice(from))?.[0].length ?? 0;
  const to = Math.min(text.length, from + Math.max(1, word));
  const whole = printable(hint === undefined ? message : `${message}\n${hint}`);
  return [{ from, to, severity: severity === 'warning' ? 'warning' : 'error', message: whole }];
}
