import type { JSX } from 'preact';
import type { DefinitionDetail } from '@typekro/controller/inspect';
import { LazyView } from '../shared/lazy-view.tsx';

const load = () => import('./schema-form.tsx').then(({ SchemaForm }) => SchemaForm);
const loadSchemas = () => import('./schema-form.tsx').then(({ SchemaPanel }) => SchemaPanel);

/**
 * The form of a definition. When the form is shown for the first time, its script is loaded, together with the engine
 * that checks the entered instance.
 */
export function LazyForm({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  return <LazyView load={load} what="the form" props={{ detail }} />;
}

/** The schemas of a definition. Their script is loaded when the schemas are shown for the first time. */
export function LazySchemas({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  return <LazyView load={loadSchemas} what="the schemas" props={{ detail }} />;
}
