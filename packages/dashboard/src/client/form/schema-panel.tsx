import type { JSX } from 'preact';
import type { JsonObject } from '@typekro/kit/core';
import type { DefinitionDetail } from '@typekro/controller/inspect';
import { Empty } from '../shared/parts.tsx';
import { toYaml } from '../text/to-yaml.ts';

/** The OpenAPI schemas of the spec and of the status of instances, side by side. */
export function SchemaPanel({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  const { schema, statusSchema } = detail;
  if (schema === undefined) return <Empty title="The definition has no schema until its problems are solved." />;
  return (
    <div class="form-view">
      <Schema title="Spec" schema={schema} />
      <Schema title="Status" schema={statusSchema ?? {}} />
    </div>
  );
}

/** A schema as YAML, with a title. */
export function Schema({ title, schema }: { readonly title: string; readonly schema: JsonObject }): JSX.Element {
  return (
    <section class="form-result" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      {Object.keys(schema).length === 0 ? (
        <p class="soft">There are no fields.</p>
      ) : (
        <pre tabIndex={0}>{toYaml(schema)}</pre>
      )}
    </section>
  );
}
