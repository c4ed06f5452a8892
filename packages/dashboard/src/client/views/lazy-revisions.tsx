import type { JSX } from 'preact';
import type { DefinitionDetail } from '@typekro/controller/inspect';
import { LazyView } from '../shared/lazy-view.tsx';

const load = () => import('./revisions-panel.tsx').then(({ RevisionsPanel }) => RevisionsPanel);

/**
 * The revisions of a definition. Their script, which contains the code that compares texts, is loaded when the
 * revisions are first shown.
 */
export function LazyRevisions({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  return <LazyView load={load} what="the revisions" props={{ detail }} />;
}
