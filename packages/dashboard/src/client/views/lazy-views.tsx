import { lazy } from '../shared/lazy-view.tsx';

/*
 * The parts of the page that few visits need. The panels of an object, and the revisions, share the code that compares
 * texts. The form has the engine that checks the entered instance.
 */

/** One object, desired and live. */
export const LazyObject = lazy('the object', async () => (await import('./object-panels.tsx')).ObjectPanel);

/** The objects that an object owns. */
export const LazyOwned = lazy('the owned objects', async () => (await import('./object-panels.tsx')).OwnedObjects);

/** The logs of the pods of an object. */
export const LazyLogs = lazy('the logs', async () => (await import('./object-panels.tsx')).LogsPanel);

/** The conditions and the spec of an instance. */
export const LazyParts = lazy('the instance', async () => (await import('./object-panels.tsx')).InstanceParts);

/** The revisions of a definition. */
export const LazyRevisions = lazy('the revisions', async () => (await import('./revisions-panel.tsx')).RevisionsPanel);

/** The form of a definition. */
export const LazyForm = lazy('the form', async () => (await import('../form/schema-form.tsx')).SchemaForm);

/** The schemas of a definition. */
export const LazySchemas = lazy('the schemas', async () => (await import('../form/schema-form.tsx')).SchemaPanel);

/** The versions of a definition's API. */
export const LazyVersions = lazy('the versions', async () => (await import('../form/schema-form.tsx')).VersionsPanel);

/** The plan. */
export const LazyPlan = lazy('the plan', async () => (await import('./plan-view.tsx')).PlanView);

/** The playground with its editor. */
export const LazyPlayground = lazy(
  'the playground',
  async () => (await import('../playground/playground-view.tsx')).PlaygroundView,
);
