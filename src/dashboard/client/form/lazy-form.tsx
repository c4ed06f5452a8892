import type { JSX } from 'preact';
import type { DefinitionDetail } from '../../../inspect/index.ts';
import { LazyView } from '../shared/lazy-view.tsx';

const load = () => import('./schema-form.tsx').then(({ SchemaForm }) => SchemaForm);
const loadSchemas = () => import('./schema-form.tsx').then(({ SchemaPanel }) => SchemaPanel);

/**
 * The form of a definition. The form, like the engine that checks its instance, is loaded when it is shown for the
 * first time.
 */
export function LazyForm({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  return <LazyView load={load} what="the form" props={{ detail }} />;
}

/** The schemas of a definition, which are loaded when they are shown for the first time. */
export function LazySchemas({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  return <LazyView load={loadSchemas} what="the schemas" props={{ detail }} />;
}
