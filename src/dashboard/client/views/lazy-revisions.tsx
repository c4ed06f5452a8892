import type { JSX } from 'preact';
import type { DefinitionDetail } from '../../../inspect/index.ts';
import { LazyView } from '../shared/lazy-view.tsx';

const load = () => import('./revisions-panel.tsx').then(({ RevisionsPanel }) => RevisionsPanel);

/** The revisions of a definition. Their script has the comparison of texts, and is loaded when it is shown first. */
export function LazyRevisions({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  return <LazyView load={load} what="the revisions" props={{ detail }} />;
}
